// The one program of every pod in the scenarios that take a kubelet: a server that misbehaves as it is told,
// and the client that says in one word what became of a connection.
//
//	testserver [FLAGS]        serve until told to end; -help lists the flags
//	testserver dial TARGET…   one line for each target: what a client sees there, see dial.go
//	testserver env PREFIX     how many environment variables begin so
//	testserver exit CODE TEXT print the text and end with that code, as the command of a probe does
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
)

func main() {
	log.SetFlags(0)
	arguments := os.Args[1:]
	if len(arguments) == 0 || strings.HasPrefix(arguments[0], "-") {
		code, err := serve(arguments)
		if err != nil {
			log.Fatal(err)
		}
		os.Exit(code)
	}
	command, rest := arguments[0], arguments[1:]
	switch {
	case command == "dial" && len(rest) > 0:
		for _, target := range rest {
			fmt.Println(dial(target))
		}
	case command == "env" && len(rest) == 1:
		fmt.Println(variables(os.Environ(), rest[0]))
	case command == "exit" && len(rest) == 2:
		code, err := strconv.Atoi(rest[0])
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(rest[1])
		os.Exit(code)
	default:
		log.Fatal("usage: testserver [FLAGS] | dial TARGET… | env PREFIX | exit CODE TEXT")
	}
}

// variables says how many of the settings have a name that begins with the prefix.
func variables(settings []string, prefix string) string {
	count := 0
	for _, setting := range settings {
		if strings.HasPrefix(setting, prefix) {
			count++
		}
	}
	return fmt.Sprintf("%d variables", count)
}
