package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// paths maps a path to what was said of it on the command line; a flag PATH=VALUE that may be repeated.
type paths map[string]string

func (known paths) String() string { return "" }

func (known paths) Set(text string) error {
	path, value, found := strings.Cut(text, "=")
	if !found || !strings.HasPrefix(path, "/") {
		return fmt.Errorf("%q is not PATH=VALUE", text)
	}
	known[path] = value
	return nil
}

// behavior is what the flags ask for.
type behavior struct {
	host                 string
	http, tls, tcp, udp  string
	grpc, health         string
	status, delay, moved paths
	grow                 bool
	fill                 string
	exit                 int
	exitAfter            time.Duration
}

func parse(arguments []string) (behavior, error) {
	asked := behavior{status: paths{}, delay: paths{}, moved: paths{}}
	flags := flag.NewFlagSet("testserver", flag.ContinueOnError)
	flags.StringVar(&asked.host, "host", "", "listen on this address alone")
	flags.StringVar(&asked.http, "http", "", "answer HTTP on these `ports`: 8080,9090")
	flags.StringVar(&asked.tls, "tls", "", "answer HTTPS on these `ports`")
	flags.StringVar(&asked.tcp, "tcp", "", "accept connections on these `ports`")
	flags.StringVar(&asked.udp, "udp", "", "answer datagrams on these `ports`")
	flags.StringVar(&asked.grpc, "grpc", "", "answer gRPC health checks on these `ports`")
	flags.StringVar(&asked.health, "grpc-health", "SERVING", "with this `state`")
	flags.Var(asked.status, "status", "answer a path with a status, `PATH=STATUS`; all others with 200")
	flags.Var(asked.delay, "delay", "answer a path late, `PATH=TIME`")
	flags.Var(asked.moved, "redirect", "send a path elsewhere, `PATH=URL`")
	flags.BoolVar(&asked.grow, "grow", false, "take more and more memory")
	flags.StringVar(&asked.fill, "fill", "", "write more and more into this `file`")
	flags.IntVar(&asked.exit, "exit", 0, "end with this `code`")
	flags.DurationVar(&asked.exitAfter, "exit-after", 0, "end by itself after this time; 0 means never")
	err := flags.Parse(arguments)
	return asked, err
}

// serve does what the flags say until it is told to end, and returns the exit status. Without listening for that
// the first process of a container would not end.
func serve(arguments []string) (int, error) {
	asked, err := parse(arguments)
	if err != nil {
		return 0, err
	}
	if asked.exitAfter > 0 {
		time.AfterFunc(asked.exitAfter, func() { os.Exit(asked.exit) })
	}
	if asked.grow {
		go grow()
	}
	if asked.fill != "" {
		go fill(asked.fill)
	}
	for _, kind := range []struct {
		ports string
		on    func(address string) (string, error)
	}{
		{asked.http, asked.serveHTTP},
		{asked.tls, asked.serveTLS},
		{asked.tcp, asked.serveTCP},
		{asked.udp, asked.serveUDP},
		{asked.grpc, asked.serveGRPC},
	} {
		for port := range strings.SplitSeq(kind.ports, ",") {
			if port == "" {
				continue
			}
			if _, err := kind.on(net.JoinHostPort(asked.host, port)); err != nil {
				return 0, err
			}
		}
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGINT, syscall.SIGTERM)
	<-ended
	return asked.exit, nil
}

func (asked behavior) answer(response http.ResponseWriter, request *http.Request) {
	path := request.URL.Path
	if delay, err := time.ParseDuration(asked.delay[path]); err == nil {
		time.Sleep(delay)
	}
	if target, found := asked.moved[path]; found {
		http.Redirect(response, request, target, http.StatusFound)
		return
	}
	if status, err := strconv.Atoi(asked.status[path]); err == nil {
		response.WriteHeader(status)
	}
	name, _ := os.Hostname()
	fmt.Fprintln(response, name)
}

func (asked behavior) serveHTTP(address string) (string, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	go http.Serve(listener, http.HandlerFunc(asked.answer))
	return listener.Addr().String(), nil
}

func (asked behavior) serveTLS(address string) (string, error) {
	certificate, err := selfSigned()
	if err != nil {
		return "", err
	}
	listener, err := tls.Listen("tcp", address, &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		return "", err
	}
	go http.Serve(listener, http.HandlerFunc(asked.answer))
	return listener.Addr().String(), nil
}

func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "testserver"},
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
	signed, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: key}, err
}

func (asked behavior) serveTCP(address string) (string, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				io.Copy(connection, connection)
			}()
		}
	}()
	return listener.Addr().String(), nil
}

func (asked behavior) serveUDP(address string) (string, error) {
	socket, err := net.ListenPacket("udp", address)
	if err != nil {
		return "", err
	}
	go func() {
		buffer := make([]byte, 512)
		for {
			length, sender, err := socket.ReadFrom(buffer)
			if err != nil {
				return
			}
			socket.WriteTo(buffer[:length], sender)
		}
	}()
	return socket.LocalAddr().String(), nil
}

func (asked behavior) serveGRPC(address string) (string, error) {
	state, known := grpc_health_v1.HealthCheckResponse_ServingStatus_value[asked.health]
	if !known {
		return "", fmt.Errorf("unknown state %q", asked.health)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	checked := health.NewServer()
	checked.SetServingStatus("", grpc_health_v1.HealthCheckResponse_ServingStatus(state))
	server := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, checked)
	go server.Serve(listener)
	return listener.Addr().String(), nil
}

const chunk = 4 << 20

// grow takes and touches memory until it is killed for it.
func grow() {
	var taken [][]byte
	for {
		taken = append(taken, make([]byte, chunk))
		last := taken[len(taken)-1]
		for at := 0; at < len(last); at += 1 << 12 {
			last[at] = 1
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// fill writes into a file until the pod is evicted for it, at most for ten steps.
func fill(name string) {
	file, err := os.Create(name)
	if err != nil {
		return
	}
	defer file.Close()
	for range 10 {
		file.Write(make([]byte, chunk))
		time.Sleep(50 * time.Millisecond)
	}
}
