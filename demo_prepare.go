package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"interlock/adapters/console"
	"interlock/agent"
)

// The parts of the checklist, in the order in which they are shown.
const (
	partEngine = "Engine"
	partTofu   = "OpenTofu"
	partImage  = "Image"
	partStack  = "Stack"
)

// checklist is what the page shows while the demo prepares itself.
type checklist struct {
	mu  sync.Mutex
	all []console.Item
}

func newChecklist() *checklist {
	c := &checklist{}
	for _, n := range []string{partEngine, partTofu, partImage, partStack} {
		c.all = append(c.all, console.Item{Name: n, State: "waiting"})
	}
	return c
}

func (c *checklist) items() []console.Item {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]console.Item(nil), c.all...)
}

func (c *checklist) set(name, state, note string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.all {
		if c.all[i].Name == name {
			c.all[i].State, c.all[i].Note = state, note
		}
	}
}

// preparation makes what the demo needs. What is missing is made by the setup
// script, where there is one; without it the fix is said.
type preparation struct {
	app   *app
	world *demoWorld
	list  *checklist
	setup string
	out   io.Writer
}

// run prepares engine and OpenTofu side by side, then the image, then the stack.
func (p *preparation) run(ctx context.Context) error {
	began := time.Now()
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return p.part(gctx, partEngine, p.engine) })
	g.Go(func() error { return p.part(gctx, partTofu, p.tofu) })
	if err := g.Wait(); err != nil {
		return err
	}
	if err := p.part(ctx, partImage, p.image); err != nil {
		return err
	}
	if err := p.part(ctx, partStack, p.stack); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(p.out, "Ready after %s.\n", time.Since(began).Round(100*time.Millisecond))
	return nil
}

func (p *preparation) part(ctx context.Context, name string, make func(context.Context) (string, error)) error {
	p.list.set(name, "running", "")
	note, err := make(ctx)
	if err != nil {
		p.list.set(name, "failed", err.Error())
		return fmt.Errorf("prepare %s: %w", name, err)
	}
	p.list.set(name, "done", note)
	_, _ = fmt.Fprintf(p.out, "  %s: %s\n", name, note)
	return nil
}

func (p *preparation) engine(ctx context.Context) (string, error) {
	e, err := p.app.box.Ping(ctx)
	if err != nil && p.setup != "" {
		if err := p.script(ctx, partEngine, "engine"); err != nil {
			return "", err
		}
		e, err = p.app.box.Ping(ctx)
	}
	return "Docker engine " + e.Version, err
}

// tofu is in the image: without a script there is nothing to make here.
func (p *preparation) tofu(ctx context.Context) (string, error) {
	if p.setup == "" {
		return "from the image", nil
	}
	for _, part := range []string{"tofu", "provider"} {
		if err := p.script(ctx, partTofu, part); err != nil {
			return "", err
		}
	}
	return "with the demo's provider", nil
}

func (p *preparation) image(ctx context.Context) (string, error) {
	if p.setup != "" {
		if err := p.script(ctx, partImage, "image"); err != nil {
			return "", err
		}
	}
	name := p.app.cfg.Sandbox.Image
	if _, err := p.app.box.Image(ctx, ""); errors.Is(err, agent.ErrNotFound) {
		return "", fmt.Errorf("the engine has no image %s: build it with scripts/setup.sh image", name)
	} else if err != nil {
		return "", err
	}
	return name, nil
}

func (p *preparation) stack(ctx context.Context) (string, error) {
	tell := func(text string) { p.list.set(partStack, "running", text) }
	if err := p.world.build(ctx, p.app, tell); err != nil {
		return "", err
	}
	if err := p.world.open("api"); err != nil {
		return "", err
	}
	return demoStack + " is applied, and somebody opened a rule behind its back", nil
}

// script runs one part of the set-up and shows its newest line; what it found,
// on standard output, is not needed here.
func (p *preparation) script(ctx context.Context, name, part string) error {
	cmd := exec.CommandContext(ctx, p.setup, part)
	said, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.setup, err)
	}
	last := ""
	for lines := bufio.NewScanner(said); lines.Scan(); {
		own := false
		last, own = strings.CutPrefix(lines.Text(), "setup: ")
		p.list.set(name, "running", last)
		if own { // what a compiler or a download says is for the page alone
			_, _ = fmt.Fprintf(p.out, "  %s: %s\n", name, last)
		}
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w", last, err)
	}
	return nil
}
