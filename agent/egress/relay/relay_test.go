package relay

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"
)

// echo answers on a socket until the test ends.
func echo(t *testing.T, socket string) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			}()
		}
	}()
}

// through sends a word through a relay, and returns what comes back.
func through(t *testing.T, socket string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, l, To(socket)) }()
	c, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = c.Write([]byte("word"))
	_ = c.(*net.TCPConn).CloseWrite()
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	got, _ := io.ReadAll(c) // a cut connection is an answer too
	_ = c.Close()
	cancel()
	if err := <-done; err != nil {
		t.Errorf("the end: %v", err)
	}
	return string(got)
}

func TestRelay(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "s")
	echo(t, socket)
	if got := through(t, socket); got != "word" {
		t.Errorf("got %q", got)
	}
	if got := through(t, filepath.Join(t.TempDir(), "none")); got != "" {
		t.Errorf("without a proxy: %q", got)
	}
}

func TestOnlyLoopback(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"0.0.0.0:0", "192.0.2.1:3128", ":3128", "localhost:0", "nonsense"} {
		if err := Run(t.Context(), addr, "none"); err == nil {
			t.Errorf("%s is listened on", addr)
		}
	}
}
