package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"
)

// patience is how long a client waits for anything before it says "timed out".
var patience = 3 * time.Second

// dial says what a client sees at a target:
//
//	http://HOST:PORT/…, https://…  "answered STATUS"; redirects are not followed, certificates not checked
//	tcp://HOST:PORT                "answered" where the connection is accepted
//	udp://HOST:PORT                "answered" where a datagram comes back
//	dns://NAME                     "N addresses"
//
// and otherwise refused, timed out, unreachable, nxdomain, reset, or closed without an answer.
func dial(target string) string {
	parsed, err := url.Parse(target)
	if err != nil {
		return err.Error()
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var seen string
	switch parsed.Scheme {
	case "http", "https":
		seen, err = get(ctx, target)
	case "tcp":
		seen, err = connect(ctx, parsed.Host)
	case "udp":
		seen, err = exchange(ctx, parsed.Host)
	case "dns":
		seen, err = lookup(ctx, parsed.Host)
	default:
		return "unknown scheme " + parsed.Scheme
	}
	if err != nil {
		return word(err)
	}
	return seen
}

func get(ctx context.Context, target string) (string, error) {
	client := http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	return fmt.Sprintf("answered %d", response.StatusCode), nil
}

func connect(ctx context.Context, address string) (string, error) {
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	return "answered", connection.Close()
}

func exchange(ctx context.Context, address string) (string, error) {
	connection, err := new(net.Dialer).DialContext(ctx, "udp", address)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	deadline, _ := ctx.Deadline()
	if err := connection.SetDeadline(deadline); err != nil {
		return "", err
	}
	if _, err := connection.Write([]byte("?")); err != nil {
		return "", err
	}
	if _, err := connection.Read(make([]byte, 512)); err != nil {
		return "", err
	}
	return "answered", nil
}

func lookup(ctx context.Context, name string) (string, error) {
	addresses, err := net.DefaultResolver.LookupHost(ctx, name)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d addresses", len(addresses)), nil
}

// word names what kept an answer away.
func word(err error) string {
	var name *net.DNSError
	var network net.Error
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return "nxdomain"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "unreachable"
	case errors.As(err, &network) && network.Timeout(), errors.Is(err, os.ErrDeadlineExceeded):
		return "timed out"
	case errors.Is(err, io.EOF):
		return "closed"
	default:
		return strings.Join(strings.Fields(err.Error()), " ")
	}
}
