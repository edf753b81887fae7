package sandboxd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"interlock/adapters/docker"
	"interlock/adapters/docker/dockertest"
	"interlock/agent"
)

// daemon is a server on a real engine, and a client of it.
func daemon(t *testing.T, rules Rules) (*Client, *docker.Sandbox) {
	t.Helper()
	dir := t.TempDir()
	image := os.Getenv("INTERLOCK_TEST_IMAGE")
	if image == "" {
		image = "interlock-sandbox:demo"
	}
	box, err := docker.New(docker.Options{
		Image: image, Runner: dockertest.Runner(t), DataDir: dir, Instance: fmt.Sprint(t.Name(), "/", os.Getpid()), Spares: 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "a-folder-whose-name-is-so-long-that-no-socket-in-it-could-be-named", "sandboxd.sock")
	if err := os.Mkdir(filepath.Dir(socket), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := docker.ListenUnix(socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- (&Server{Box: box, Rules: rules, Log: slog.New(slog.DiscardHandler)}).Serve(ctx, l)
	}()
	c := Dial(socket)
	t.Cleanup(func() {
		if _, err := c.Sweep(context.Background(), func(context.Context, string, string, string) bool { return false }); err != nil {
			t.Error(err)
		}
		cancel()
		if err := errors.Join(<-done, c.Close(), box.Close()); err != nil {
			t.Error(err)
		}
	})
	return c, box
}

func TestSuite(t *testing.T) {
	t.Parallel()
	c, _ := daemon(t, Rules{})
	t.Run("client", func(t *testing.T) { dockertest.Suite(t, c) })
}

// What a caller may not have is not given, whatever it is called; the same caller
// gets what is allowed (probe 53).
func TestRefused(t *testing.T) {
	t.Parallel()
	world := t.TempDir()
	c, _ := daemon(t, Rules{Mounts: []agent.Mount{{From: world, To: "/world"}}})
	cmd := `"Org":"acme","Session":"s","Call":"c","In":2,"Argv":["true"]`
	for name, body := range map[string]string{
		"privileged":       `{"ID":"a","Command":{` + cmd + `,"Privileged":true}}`,
		"binds":            `{"ID":"a","Command":{` + cmd + `},"Binds":["/:/host"]}`,
		"host config":      `{"ID":"a","HostConfig":{"PidMode":"host"},"Command":{` + cmd + `}}`,
		"the root mounted": `{"ID":"a","Command":{` + cmd + `,"Mounts":[{"From":"/","To":"/host"}]}}`,
		"the socket":       `{"ID":"a","Command":{` + cmd + `,"Mounts":[{"From":"/var/run/docker.sock","To":"/world"}]}}`,
		"another place":    `{"ID":"a","Command":{` + cmd + `,"Mounts":[{"From":"` + world + `","To":"/etc"}]}}`,
		"more than asked":  `{"ID":"a","Command":{` + cmd + `,"Mounts":[{"From":"` + world + `","To":"/world","Write":true}]}}`,
		"another image":    `{"ID":"a","Command":{` + cmd + `,"Image":"scratch"}}`,
		"no JSON":          `x`,
	} {
		code, text := post(t, c, "exec", body)
		if code != http.StatusBadRequest && code != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, code, text)
		}
	}
	if code, _ := post(t, c, "read", `{"Of":"passwords"}`); code != http.StatusForbidden {
		t.Errorf("another question: %d", code)
	}
	if code, _ := post(t, c, "build", `{}`); code != http.StatusNotFound {
		t.Errorf("another verb: %d", code)
	}
	out, err := c.Exec(t.Context(), agent.Command{
		Org: "acme", Session: "s", Call: "honest", In: agent.InFresh, Argv: []string{"ls", "/world"}, Mounts: []agent.Mount{{From: world, To: "/world"}},
	})
	if err != nil || out.Code != 0 {
		t.Errorf("an honest caller: %+v %v", out, err)
	}
}

func post(t *testing.T, c *Client, verb, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://sandboxd/"+verb, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

// Errors keep their types on the way, and a server that is not there says so.
func TestFaults(t *testing.T) {
	t.Parallel()
	c, box := daemon(t, Rules{})
	if _, err := c.Image(t.Context(), "no-such-image:x"); !errors.As(err, new(*docker.ImageError)) {
		t.Errorf("an image that is not there: %v", err)
	}
	mine, err := c.Ping(t.Context())
	theirs, berr := box.Ping(t.Context())
	if err != nil || berr != nil || mine != theirs {
		t.Errorf("%+v %v, %+v %v", mine, err, theirs, berr)
	}
	for _, want := range []error{agent.ErrNotFound, agent.ErrGone, &docker.EngineError{Host: "h"}, &docker.RunnerError{Err: errors.New("x")}, &docker.ImageError{Image: "i"}} {
		if got := faultOf(want).err(); got.Error() != want.Error() {
			t.Errorf("%v became %v", want, got)
		}
	}
	_, err = Dial(filepath.Join(t.TempDir(), "none")).Image(t.Context(), "")
	if gone := new(GoneError); !errors.As(err, &gone) {
		t.Errorf("nobody there: %v", err)
	}
}

// A sweep removes what is not kept, and only that.
func TestSweep(t *testing.T) {
	t.Parallel()
	c, _ := daemon(t, Rules{})
	for _, session := range []string{"kept", "gone"} {
		if _, err := c.Exec(t.Context(), agent.Command{Org: "acme", Session: session, Call: "c", In: agent.InSession, Argv: []string{"touch", "a"}}); err != nil {
			t.Fatal(err)
		}
	}
	n, err := c.Sweep(t.Context(), func(_ context.Context, _, session, _ string) bool { return session == "kept" })
	if err != nil || n < 2 {
		t.Errorf("%d removed, %v", n, err)
	}
	for session, code := range map[string]int{"kept": 0, "gone": 1} {
		out, err := c.Exec(t.Context(), agent.Command{Org: "acme", Session: session, Call: "d", In: agent.InSession, Argv: []string{"ls", "a"}})
		if err != nil || out.Code != code {
			t.Errorf("%s: %+v %v", session, out, err)
		}
	}
	if err := c.Drop(t.Context(), "acme", "kept"); err != nil {
		t.Error(err)
	}
}
