package sandboxd

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"interlock/adapters/docker"
	"interlock/agent"
)

// Client is the sandbox of a process that does not have the engine's socket. It
// makes a connection when it needs one, so that a server may come and go. It is
// safe for concurrent use.
type Client struct {
	socket string
	http   *http.Client
}

var _ agent.Sandbox = (*Client)(nil)

// Dial names the server's socket; nothing is connected yet.
func Dial(socket string) *Client {
	return &Client{socket: socket, http: &http.Client{Transport: &http.Transport{
		DialContext:         func(ctx context.Context, _, _ string) (net.Conn, error) { return docker.DialUnix(ctx, socket) },
		MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute, DisableCompression: true,
	}}}
}

// Close lets go of idle connections; the server goes on.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// stopPatience is for the word that something is to be stopped.
const stopPatience = 10 * time.Second

// Exec runs a command as agent.Sandbox has it. When ctx ends, the server is told to
// stop it, and its output is waited for.
func (c *Client) Exec(ctx context.Context, cmd agent.Command) (agent.Output, error) {
	e := execution{ID: rand.Text(), Command: cmd}
	if e.Command.Seed = nil; cmd.Seed != nil {
		e.Seed = cmd.Seed.Dir
	}
	if err := ctx.Err(); err != nil {
		return agent.Output{}, err
	}
	detached := context.WithoutCancel(ctx)
	defer context.AfterFunc(ctx, func() {
		late, cancel := context.WithTimeout(detached, stopPatience)
		defer cancel()
		_, _ = c.call(late, "stop", stopping{ID: e.ID}) // a server that is gone has stopped it
	})()
	a, err := c.call(detached, "exec", e)
	if err == nil && a.Unsown {
		a, err = c.sow(detached, cmd)
		if err == nil && ctx.Err() == nil { // it may have been stopped between
			a, err = c.call(detached, "exec", e)
		}
	}
	if err != nil || a.Output == nil {
		return agent.Output{}, errors.Join(err, ctx.Err())
	}
	return *a.Output, nil
}

func (c *Client) sow(ctx context.Context, cmd agent.Command) (answer, error) {
	files, err := cmd.Seed.Files()
	if err != nil {
		return answer{}, fmt.Errorf("read seed: %w", err)
	}
	dir := cmd.Seed.Dir
	cmd.Seed = nil
	return c.call(ctx, "write", filling{Command: cmd, Seed: dir, Files: files})
}

// Collect waits for a fresh call that another caller began.
func (c *Client) Collect(ctx context.Context, cmd agent.Command) (agent.Output, error) {
	cmd.Seed = nil
	a, err := c.call(ctx, "read", question{Of: "output", Command: cmd})
	if err != nil || a.Output == nil {
		return agent.Output{}, err
	}
	return *a.Output, nil
}

// Image is the content id of an image.
func (c *Client) Image(ctx context.Context, name string) (string, error) {
	a, err := c.call(ctx, "read", question{Of: "image", Image: name})
	return a.Image, err
}

// Ping asks what the engine is.
func (c *Client) Ping(ctx context.Context) (docker.Engine, error) {
	a, err := c.call(ctx, "read", question{Of: "engine"})
	if err != nil || a.Engine == nil {
		return docker.Engine{}, err
	}
	return *a.Engine, nil
}

// Ready makes containers for sessions that are yet to come.
func (c *Client) Ready(ctx context.Context, cmd agent.Command) error {
	_, err := c.call(ctx, "create", cmd)
	return err
}

// Drop removes all that one session has.
func (c *Client) Drop(ctx context.Context, org, session string) error {
	_, err := c.call(ctx, "stop", stopping{Org: org, Session: session})
	return err
}

// Sweep removes what is not kept. It asks first what there is; what came since is
// not among what is gone.
func (c *Client) Sweep(ctx context.Context, keep docker.Keep) (removed int, err error) {
	a, err := c.call(ctx, "sweep", sweeping{Look: true})
	if err != nil {
		return a.Gone, err
	}
	w := sweeping{}
	for _, o := range a.Owned {
		if !keep(ctx, o.Org, o.Session, o.Call) {
			w.Gone = append(w.Gone, o)
		}
	}
	removed = a.Gone
	if len(w.Gone) > 0 {
		a, err = c.call(ctx, "sweep", w)
	}
	return removed + a.Gone, err
}

// GoneError reports that nobody answers at the socket.
type GoneError struct {
	Socket string
	Err    error
}

// Error is one line for a person.
func (e *GoneError) Error() string {
	return fmt.Sprintf("no sandboxd answers at %s: start interlock sandboxd, or correct sandbox.socket", e.Socket)
}

// Unwrap is the cause.
func (e *GoneError) Unwrap() error { return e.Err }

func (c *Client) call(ctx context.Context, verb string, in any) (a answer, err error) {
	b, err := json.Marshal(in)
	if err != nil {
		return a, fmt.Errorf("ask sandboxd: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://sandboxd/"+verb, bytes.NewReader(b))
	if err != nil {
		return a, fmt.Errorf("ask sandboxd: %w", err)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return a, ctx.Err()
		}
		return a, &GoneError{c.socket, err}
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusForbidden {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
		return a, fmt.Errorf("ask sandboxd: %s", strings.TrimSpace(string(text)))
	}
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		return a, &GoneError{c.socket, err}
	}
	if a.Fault != nil {
		return a, a.Fault.err()
	}
	return a, nil
}
