// The container of the scenarios that are also played by kwok: it answers HTTP, and any datagram, on the ports
// that it is given, with the pod's name, until told to end; without a port it ends at once. The arguments of a
// scenario come behind: --port=N is served instead of the others, and what else there is means nothing here.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	name, err := os.Hostname()
	if err != nil {
		log.Fatal(err)
	}
	ports := chosen(os.Args[1:])
	for _, port := range ports {
		go serveHTTP(":"+port, name)
		go serveUDP(":"+port, name)
	}
	if len(ports) == 0 {
		return
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGINT, syscall.SIGTERM)
	<-ended
}

func chosen(arguments []string) []string {
	var ports []string
	for _, argument := range arguments {
		if only, found := strings.CutPrefix(argument, "--port="); found {
			return []string{only}
		}
		if !strings.HasPrefix(argument, "-") {
			ports = append(ports, argument)
		}
	}
	return ports
}

func serveHTTP(address, name string) {
	server := http.Server{
		Addr: address,
		Handler: http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) {
			fmt.Fprintln(response, name)
		}),
		ReadHeaderTimeout: 5 * time.Second,
	}
	log.Fatal(server.ListenAndServe())
}

func serveUDP(address, name string) {
	socket, err := net.ListenPacket("udp", address)
	if err != nil {
		log.Fatal(err)
	}
	datagram := make([]byte, 512)
	for {
		_, from, err := socket.ReadFrom(datagram)
		if err != nil {
			log.Fatal(err)
		}
		if _, err := socket.WriteTo([]byte(name), from); err != nil {
			log.Print(err)
		}
	}
}
