//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"interlock/agent/frames"
)

// askWay says what is on standard input to the way out, and prints what became of
// it: the status of the answer, "cut", or "none" when there is no way.
func askWay() error {
	var a frames.Ask
	if err := json.NewDecoder(os.Stdin).Decode(&a); err != nil {
		return err
	}
	fmt.Println(answerOf(a))
	return nil
}

func answerOf(a frames.Ask) string {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", frames.Loopback)
	if err != nil {
		return "none"
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if a.Tunnel != "" {
		got := exchange(c, "CONNECT "+a.Tunnel+" HTTP/1.1\r\nHost: "+a.Tunnel+"\r\nProxy-Authorization: Bearer {token}\r\n\r\n", 0)
		if got != "200" {
			return got
		}
	}
	if a.Name != "" {
		pem, _ := os.ReadFile(os.Getenv("SSL_CERT_FILE"))
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		inner := tls.Client(c, &tls.Config{ServerName: a.Name, RootCAs: roots, MinVersion: tls.VersionTLS12})
		if inner.HandshakeContext(ctx) != nil {
			return "cut"
		}
		c = inner
	}
	if a.Text == "" {
		return "200"
	}
	return exchange(c, a.Text, a.Fill)
}

// exchange sends a text and as many bytes as are wanted, and reads the status.
func exchange(c net.Conn, text string, fill int) string {
	go func() {
		_, _ = io.WriteString(c, strings.ReplaceAll(text, "{token}", token()))
		for block := bytes.Repeat([]byte("x"), 1<<20); fill > 0; fill -= len(block) {
			if _, err := c.Write(block[:min(fill, len(block))]); err != nil {
				return
			}
		}
	}()
	resp, err := http.ReadResponse(bufio.NewReaderSize(c, 1), nil)
	if err != nil {
		return "cut"
	}
	_ = resp.Body.Close()
	return fmt.Sprint(resp.StatusCode)
}

func token() string {
	proxy, err := url.Parse(os.Getenv("HTTP_PROXY"))
	if err != nil || proxy.User == nil {
		return ""
	}
	word, _ := proxy.User.Password()
	return word
}

// spoil tries to change what the way out stands on: the authorities, the sockets,
// the relay.
func spoil() error {
	for _, f := range []func() error{
		func() error { return os.WriteFile(os.Getenv("SSL_CERT_FILE"), nil, 0o600) },
		func() error { return os.Remove("/.interlock/io/out") },
		func() error { return os.Rename("/.interlock/io", "/.interlock/x") },
	} {
		if f() == nil {
			return unix.EEXIST
		}
	}
	if err := unix.Kill(1, unix.SIGKILL); err != nil && !errors.Is(err, unix.EPERM) {
		return err
	}
	return nil
}
