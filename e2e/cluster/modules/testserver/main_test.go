package main

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
)

const anyPort = "127.0.0.1:0"

// started serves on a free port of this machine and returns the address.
func started(t *testing.T, on func(string) (string, error)) string {
	t.Helper()
	address, err := on(anyPort)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func asking(t *testing.T, arguments ...string) behavior {
	t.Helper()
	asked, err := parse(arguments)
	if err != nil {
		t.Fatal(err)
	}
	return asked
}

// expect compares what a client sees at a target with a word.
func expect(t *testing.T, target, word string) {
	t.Helper()
	if seen := dial(target); seen != word {
		t.Errorf("%s: %s, expected %s", target, seen, word)
	}
}

func TestAnswersEachPathAsTold(t *testing.T) {
	asked := asking(t, "-status=/healthz=500", "-redirect=/old=http://elsewhere.example/")
	address := started(t, asked.serveHTTP)

	expect(t, "http://"+address, "answered 200")
	expect(t, "http://"+address+"/healthz", "answered 500")
	expect(t, "http://"+address+"/old", "answered 302")
}

func TestAnswersLate(t *testing.T) {
	patience = 50 * time.Millisecond
	t.Cleanup(func() { patience = 3 * time.Second })
	address := started(t, asking(t, "-delay=/slow=1s").serveHTTP)

	expect(t, "http://"+address+"/slow", "timed out")
}

func TestSpeaksTLS(t *testing.T) {
	address := started(t, asking(t).serveTLS)

	expect(t, "https://"+address, "answered 200")
	expect(t, "http://"+address, "answered 400")
}

func TestAcceptsConnectionsAndAnswersDatagrams(t *testing.T) {
	expect(t, "tcp://"+started(t, asking(t).serveTCP), "answered")
	expect(t, "udp://"+started(t, asking(t).serveUDP), "answered")
}

func TestTellsItsHealthByGRPC(t *testing.T) {
	address := started(t, asking(t, "-grpc-health=NOT_SERVING").serveGRPC)
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()

	client := grpc_health_v1.NewHealthClient(connection)
	answer, err := client.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})

	if err != nil || answer.Status != grpc_health_v1.HealthCheckResponse_NOT_SERVING {
		t.Errorf("%v, %v", answer, err)
	}
}

func TestAnUnknownHealthIsRefused(t *testing.T) {
	if _, err := asking(t, "-grpc-health=FINE").serveGRPC(anyPort); err == nil {
		t.Error("taken")
	}
}

// nobody is an address where nothing listens: a port that was had and given back.
func nobody(t *testing.T, network string) string {
	t.Helper()
	if network == "udp" {
		socket, err := net.ListenPacket("udp", anyPort)
		if err != nil {
			t.Fatal(err)
		}
		defer socket.Close()
		return socket.LocalAddr().String()
	}
	listener, err := net.Listen("tcp", anyPort)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func TestNobodyListens(t *testing.T) {
	expect(t, "http://"+nobody(t, "tcp"), "refused")
	expect(t, "tcp://"+nobody(t, "tcp"), "refused")
	expect(t, "udp://"+nobody(t, "udp"), "refused")
}

func TestAConnectionIsCutOff(t *testing.T) {
	listener, err := net.Listen("tcp", anyPort)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go http.Serve(listener, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	}))

	expect(t, "http://"+listener.Addr().String(), "closed")
}

func TestANameThatDoesNotExist(t *testing.T) {
	if seen := word(&net.DNSError{Err: "no such host", IsNotFound: true}); seen != "nxdomain" {
		t.Error(seen)
	}
	if seen := dial("dns://localhost"); !strings.HasSuffix(seen, " addresses") {
		t.Error(seen)
	}
}

func TestCountsVariables(t *testing.T) {
	settings := []string{"WEB_SERVICE_HOST=10.96.0.7", "WEB_PORT=tcp://10.96.0.7:80", "PATH=/bin"}

	if seen := variables(settings, "WEB_"); seen != "2 variables" {
		t.Error(seen)
	}
}

func TestWhatIsNoPathIsRefused(t *testing.T) {
	if _, err := parse([]string{"-status=500"}); err == nil {
		t.Error("taken")
	}
}
