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
	"interlock/adapters/teams/teamstest"
	"interlock/agent"
	"interlock/bot"
	"interlock/config"
)

// demoOptions are the flags of the demo.
type demoOptions struct {
	addr, dir, setup string
	headless         bool
	slack            string                  // "", "socket" or "http"
	teams            bool                    // in a Teams of its own
	byHand           bool                    // with teams: in the Agents Playground, where somebody else plays
	meddle           func(*slacktest.Server) // tests only: makes the Slack that it plays in misbehave
	unsettle         func(*teamstest.Server) // tests only: the same of Teams
	playground       *playground             // set by enter
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
	f.BoolFunc("teams", "play the loop in a Microsoft Teams of its own, print it, and end; with =playground, serve the Agents Playground", o.inTeams)
	c.MarkFlagsMutuallyExclusive("headless", "slack", "teams")
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
	play, leave, err := o.enter(w)
	if err != nil {
		return err
	}
	defer leave()
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
		return &coded{exitFailed, errors.Join(fmt.Errorf("%w: choose another --addr", err), a.close())}
	}
	url := fmt.Sprintf("http://%s/", l.Addr())
	if play == nil && o.playground == nil {
		_, _ = fmt.Fprintf(out, "Interlock demo: open %s\n", url)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.serveHTTP(gctx, l, a.mux()) })
	g.Go(func() error { return a.show(gctx) })
	g.Go(func() error { return a.demoWork(gctx, w, list, o, out) })
	switch {
	case play != nil:
		play.app, play.world, play.out = a, w, out
		play.chat.deliver(l.Addr())
		g.Go(func() error {
			defer stop()
			return play.play(gctx)
		})
	case o.playground != nil:
		g.Go(func() error { return o.playground.serve(gctx, l.Addr(), out) })
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

// enter opens the chat that the demo plays in, if it is another than the page, and
// moves the demo there.
func (o *demoOptions) enter(w *demoWorld) (play *chatPlay, leave func(), err error) {
	var chat stage
	var environ []string
	switch {
	case o.slack == "" && !o.teams:
		return nil, func() {}, nil
	case o.byHand:
		environ, leave, err = o.enterPlayground(w)
	case o.teams:
		chat, environ, leave, err = o.enterTeams(w)
		play = &chatPlay{name: "Teams", chat: chat}
	case o.slack == "socket" || o.slack == "http":
		chat, environ, leave, err = o.enterSlack(w)
		play = &chatPlay{name: "Slack", chat: chat}
	default:
		return nil, nil, &coded{exitUse, fmt.Errorf("--slack %q: it is socket or http", o.slack)}
	}
	if err != nil {
		return nil, nil, &coded{exitFailed, err}
	}
	o.environ = append(slices.Clone(o.environ), environ...)
	return play, leave, nil
}

func (o *demoOptions) enterSlack(w *demoWorld) (stage, []string, func(), error) {
	s, err := slackWorkspace()
	if err != nil {
		return nil, nil, nil, err
	}
	if o.meddle != nil {
		o.meddle(s)
	}
	http := o.slack == "http"
	return &slackStage{s, http, map[string]int{}}, slackEnviron(s, http), s.Close, w.moveToSlack()
}

func (o *demoOptions) enterTeams(w *demoWorld) (stage, []string, func(), error) {
	s, err := teamsTenant()
	if err != nil {
		return nil, nil, nil, err
	}
	if o.unsettle != nil {
		o.unsettle(s.Server)
	}
	return s, teamsEnviron(s.Server), s.Close, w.moveToTeams(s.Server)
}

var demoPrompts = [...]string{"put payments-prod back to code", "what changed in payments-prod?", "show me the code of payments-prod", "digest", "schedules", "oncall", "help"}

// demoWork prepares the demo's world, then works like serve does.
func (a *app) demoWork(ctx context.Context, w *demoWorld, list *checklist, o demoOptions, out io.Writer) error {
	p := &preparation{app: a, world: w, list: list, setup: o.setup, out: out}
	if err := p.run(ctx); err != nil {
		if o.headless || o.slack != "" || o.teams || ctx.Err() != nil {
			return err
		}
		_, _ = fmt.Fprintln(out, "The demo cannot go on:", err)
		<-ctx.Done() // the page says what failed and how to mend it
		return nil
	}
	if o.playground != nil {
		_, _ = fmt.Fprintln(out, "Ready: open the channel payments in the Playground's page.")
		if err := o.playground.opened(ctx); err != nil {
			return err
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.start(ctx) })
	g.Go(func() error {
		for _, sc := range a.scheduler.Schedules {
			if sc.Kind != "drift" {
				continue
			}
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
	for {
		d, err := a.db.Drift(ctx, demoOrg, demoStack)
		if err != nil {
			return agent.Thread{}, err
		}
		if !d.Began.IsZero() {
			s, err := a.db.Open(ctx, demoOrg, d.Thread)
			if err != nil || !strings.HasPrefix(s.Thread.ID, "~") {
				return s.Thread, err
			}
		}
		select {
		case <-ctx.Done():
			return agent.Thread{}, ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// putBack tells whether a change was applied in the drift's thread, and the drift is gone.
func (a *app) putBack(ctx context.Context) (bool, error) {
	d, err := a.db.Drift(ctx, demoOrg, demoStack)
	if err != nil || d.Open() {
		return false, err
	}
	s, err := a.db.Open(ctx, demoOrg, d.Thread)
	if err != nil {
		return false, err
	}
	applied, answered := false, false
	for _, ev := range s.Events {
		applied = applied || ev.Kind == agent.KindResult && ev.Payload.Result.Applied == "applied"
		answered = answered || applied && ev.Kind == agent.KindAnswer
	}
	return answered, nil
}
