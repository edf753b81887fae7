package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"interlock/adapters/slack/slacktest"
	"interlock/agent"
	"interlock/bot"
	"interlock/config"
)

// demoOptions are the flags of the demo.
type demoOptions struct {
	addr, dir, setup string
	headless         bool
	slack            string                  // "", "socket" or "http"
	meddle           func(*slacktest.Server) // tests only: makes the Slack that it plays in misbehave
	environ          []string                // as os.Environ gives it
}

func demoCommand() *cobra.Command {
	o := demoOptions{environ: os.Environ()}
	c := &cobra.Command{
		Use: "demo", Short: "Watch the whole product work on real infrastructure code, without any account", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return demo(c.Context(), o, c.OutOrStdout()) },
	}
	f := c.Flags()
	f.StringVar(&o.addr, "addr", "127.0.0.1:8080", "address of the page; loopback only")
	f.StringVar(&o.dir, "dir", filepath.Join("data", "demo"), "folder of the demo; it is made anew at each start")
	f.StringVar(&o.setup, "setup", "", "script that prepares engine, image and tools")
	f.BoolVar(&o.headless, "headless", false, "play alice, bob and carol without a browser, verify each step, and end")
	f.StringVar(&o.slack, "slack", "", "play the loop in a Slack of its own, over \"socket\" or \"http\", print it, and end")
	f.Lookup("slack").NoOptDefVal = "socket"
	return c
}

// inTurn is a writer that several goroutines share.
type inTurn struct {
	mu sync.Mutex
	w  io.Writer
}

func (t *inTurn) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.w.Write(p)
}

// demo opens the page first; what is being prepared is shown in it.
func demo(ctx context.Context, o demoOptions, out io.Writer) error {
	out = &inTurn{w: out}
	w, err := newDemoWorld(o.dir)
	if err != nil {
		return &coded{exitFailed, err}
	}
	var room *slacktest.Server
	if o.slack != "" {
		if room, err = o.enterSlack(w); err != nil {
			return err
		}
		defer room.Close()
	}
	cfg, _, err := config.Load(w.config, o.environ)
	if err != nil {
		return &coded{exitUse, err}
	}
	list := newChecklist()
	a, err := wire(ctx, cfg, logger(cfg.Log), options{demo: true, child: true, checklist: list.items, prompts: demoPrompts[:]})
	if err != nil {
		return &coded{exitFailed, err}
	}
	l, err := listen(ctx, o.addr)
	if err != nil {
		return &coded{exitFailed, errors.Join(err, a.close())}
	}
	url := fmt.Sprintf("http://%s/", l.Addr())
	if room == nil {
		_, _ = fmt.Fprintf(out, "Interlock demo: open %s\n", url)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.serveHTTP(gctx, l, a.mux()) })
	g.Go(func() error { return a.show(gctx) })
	g.Go(func() error { return a.demoWork(gctx, w, list, o, out) })
	switch {
	case room != nil:
		if o.slack == "http" {
			deliver(room, l.Addr())
		}
		g.Go(func() error {
			defer stop()
			return (&slackPlay{app: a, world: w, slack: room, out: out, http: o.slack == "http", told: map[string]int{}}).play(gctx)
		})
	case o.headless:
		g.Go(func() error {
			defer stop()
			return (&headless{app: a, world: w, url: url, out: out}).play(gctx)
		})
	}
	if err := errors.Join(g.Wait(), a.close()); err != nil {
		return &coded{exitFailed, err}
	}
	return nil
}

// enterSlack opens the Slack that the demo plays in, and moves the demo there.
func (o *demoOptions) enterSlack(w *demoWorld) (*slacktest.Server, error) {
	if o.slack != "socket" && o.slack != "http" {
		return nil, &coded{exitUse, fmt.Errorf("--slack %q: it is socket or http", o.slack)}
	}
	s, err := slackWorkspace()
	if err == nil {
		err = w.moveToSlack()
	}
	if err != nil {
		return nil, &coded{exitFailed, err}
	}
	if o.meddle != nil {
		o.meddle(s)
	}
	o.environ = append(slices.Clone(o.environ), slackEnviron(s, o.slack == "http")...)
	return s, nil
}

var demoPrompts = [...]string{"put payments-prod back to code", "what changed in payments-prod?", "show me the code of payments-prod", "help"}

// demoWork prepares the demo's world, then works like serve does.
func (a *app) demoWork(ctx context.Context, w *demoWorld, list *checklist, o demoOptions, out io.Writer) error {
	p := &preparation{app: a, world: w, list: list, setup: o.setup, out: out}
	if err := p.run(ctx); err != nil {
		if o.headless || o.slack != "" || ctx.Err() != nil {
			return err
		}
		_, _ = fmt.Fprintln(out, "The demo cannot go on:", err)
		<-ctx.Done() // the page says what failed and how to mend it
		return nil
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.start(ctx) })
	g.Go(func() error {
		for _, sc := range a.scheduler.Schedules {
			if _, err := a.scheduler.Fire(ctx, sc, time.Now()); err != nil {
				return err
			}
		}
		if a.console == nil {
			return nil
		}
		return a.farewell(ctx)
	})
	return g.Wait()
}

// farewell waits until the drift is put back, then says what comes next.
func (a *app) farewell(ctx context.Context) error {
	thread, err := a.driftThread(ctx)
	for err == nil {
		var back bool
		if back, err = a.putBack(ctx); err == nil && back {
			_, err = a.console.Post(ctx, demoOrg, thread, bot.Card{
				Title: "That was the whole loop", Tone: bot.Good, Status: "drift found, planned, approved, applied, verified",
				Body:     "Now with your own repository: interlock init",
				Footer:   "The trail of all of it: interlock audit verify --config " + filepath.Join(filepath.Dir(a.cfg.DataDir), "interlock.yaml"),
				Fallback: "That was the whole loop. Now with your own repository: interlock init", Marker: "demo-farewell",
			})
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(500 * time.Millisecond):
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// driftThread waits for the thread in which the drift was told.
func (a *app) driftThread(ctx context.Context) (agent.Thread, error) {
	at := agent.Thread{Platform: "console", Channel: "payments", ID: "~scan/" + demoStack}
	for {
		s, err := a.db.Open(ctx, demoOrg, at)
		if err != nil {
			return at, err
		}
		if !strings.HasPrefix(s.Thread.ID, "~") {
			return s.Thread, nil
		}
		select {
		case <-ctx.Done():
			return at, ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// putBack tells whether an applied change was answered and no drift is left.
func (a *app) putBack(ctx context.Context) (bool, error) {
	s, err := a.db.Open(ctx, demoOrg, agent.Thread{Platform: "console", Channel: "payments", ID: "~scan/" + demoStack})
	if err != nil {
		return false, err
	}
	applied, answered := false, false
	for _, ev := range s.Events {
		applied = applied || ev.Kind == agent.KindResult && ev.Payload.Result.Applied == "applied"
		answered = applied && ev.Kind == agent.KindAnswer
	}
	open, err := a.db.OpenFindings(ctx, demoOrg, demoStack)
	return answered && len(open) == 0, err
}
