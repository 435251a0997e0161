// The container of the scenarios that are also played by kwok: it answers HTTP on the ports they send traffic
// to, with the pod's name, until told to end.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

var ports = []int{8080, 9090, 9376, 5432}

func main() {
	log.SetFlags(0)
	name, err := os.Hostname()
	if err != nil {
		log.Fatal(err)
	}
	answer := http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(response, name)
	})
	for _, port := range ports {
		server := http.Server{
			Addr:              fmt.Sprintf(":%d", port),
			Handler:           answer,
			ReadHeaderTimeout: 5 * time.Second,
		}
		go func() { log.Fatal(server.ListenAndServe()) }()
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGINT, syscall.SIGTERM)
	<-ended
}
