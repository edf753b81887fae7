package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

// scene is a scenario at work: the wired product on a copy of the world.
type scene struct {
	*testing.T
	app     *app
	world   *demoWorld
	threads []agent.Thread
	before  map[string]string
	n       int // of sayings, which makes ids
}

// record is what came of a scenario.
type record struct {
	events        []agent.Event
	before, after map[string]string // the world and its state, by file
	repo, world   string
	copies        map[string]string // files of the sessions' own copies, by their path below a stack
}

// sceneLimit is only for what hangs.
const sceneLimit = 3 * time.Minute

// play runs a scenario to its end. What is wrong with the scene itself is fatal.
func (sc scenario) play(t *testing.T, ready *demoWorld) record {
	t.Helper()
	s := &scene{T: t, world: ready.copyTo(t, t.TempDir())}
	s.furnish(sc)
	s.before = s.snapshot()
	s.app = s.world.wired(t)
	ctx, stop := context.WithTimeout(t.Context(), sceneLimit)
	done := make(chan error, 1)
	go func() { done <- s.app.worker.Run(ctx) }()
	for _, turn := range sc.turns {
		s.turn(ctx, turn)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	return s.record()
}

// turn says or presses one thing and waits until the thread is at rest again.
func (s *scene) turn(ctx context.Context, say saying) {
	s.Helper()
	s.n++
	id := fmt.Sprintf("turn%d", s.n)
	th := s.thread(say.channel)
	who := rbac.Actor{Org: demoOrg, Platform: th.Platform, ID: say.who, Name: say.who}
	var err error
	switch say.verb {
	case saysText, "stops":
		_, err = s.app.in.Mention(ctx, bot.Mention{ID: id, Org: demoOrg, Thread: th, Actor: who, Text: say.words()})
	case "answers":
		q := s.hold(ctx, th, agent.KindQuestion, say)
		_, err = s.app.in.Answer(ctx, bot.Answer{ID: id, Org: demoOrg, Thread: th, Actor: who, Question: q.ID, Text: say.text})
	default:
		h := s.hold(ctx, th, agent.KindApproval, say)
		verb := map[string]string{"approves": "approve", "declines": "deny"}[say.verb]
		_, err = s.app.in.Click(ctx, bot.Click{
			ID: id, Org: demoOrg, Thread: th, Actor: who, Verb: verb, Value: h.ID + "." + h.Approval.PlanCode(), Reason: cmp.Or(say.text, typed(*h, verb)),
		})
	}
	if err != nil {
		s.Fatal(err)
	}
	for !rested(s.log(ctx, th), id) {
		select {
		case <-ctx.Done():
			s.Fatalf("line %d: %s %s: no rest came\n%s", say.line, say.who, say.verb, late(ctx, s, th))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// late is the record of a thread whose own time is over.
func late(ctx context.Context, s *scene, th agent.Thread) record {
	return record{events: s.log(context.WithoutCancel(ctx), th)}
}

func (say saying) words() string {
	if say.verb == "stops" {
		return "stop"
	}
	return say.text
}

// thread is the scene's own in a channel; what names no channel goes on in the
// newest.
func (s *scene) thread(channel string) agent.Thread {
	if channel == "" && len(s.threads) > 0 {
		return s.threads[len(s.threads)-1]
	}
	if channel == "" {
		channel = "payments"
	}
	th := agent.Thread{Platform: "console", Channel: channel, ID: "scene"}
	if !slices.Contains(s.threads, th) {
		s.threads = append(s.threads, th)
	}
	return th
}

func (s *scene) log(ctx context.Context, th agent.Thread) []agent.Event {
	s.Helper()
	session, err := s.app.db.Open(ctx, demoOrg, th)
	if err != nil {
		s.Fatal(err)
	}
	return session.Events
}

// hold is the thread's newest card or question, whatever its state.
func (s *scene) hold(ctx context.Context, th agent.Thread, kind agent.Kind, say saying) *agent.Hold {
	s.Helper()
	log := s.log(ctx, th)
	for _, ev := range slices.Backward(log) {
		if ev.Kind == kind {
			return ev.Payload.Hold
		}
	}
	s.Fatalf("line %d: %s %s, but there is no card\n%s", say.line, say.who, say.verb, record{events: log})
	return nil
}

var restKinds = []agent.Kind{
	agent.KindAnswer, agent.KindApproval, agent.KindQuestion, agent.KindRefused, agent.KindStopped, agent.KindGaveUp,
	agent.KindPaused, agent.KindClosed,
}

// rested tells whether what one saying began is at rest. A verdict that is not
// the last one needed begins nothing.
func rested(log []agent.Event, id string) bool {
	for _, ev := range slices.Backward(log) {
		if ev.Run == id {
			return slices.Contains(restKinds, ev.Kind) ||
				ev.Kind == agent.KindVerdict && ev.Payload.Hold.State == agent.Open
		}
	}
	return false
}

// copies reads what the sessions wrote, before it is swept away.
func (s *scene) copies() map[string]string {
	s.Helper()
	files := map[string]string{}
	roots, err := filepath.Glob(filepath.Join(s.app.cfg.DataDir, "workspaces", "*", "disk", "work", "*"))
	for _, root := range roots {
		err = errors.Join(err, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			b, err := os.ReadFile(path)
			rel, errRel := filepath.Rel(root, path)
			files[rel] = string(b)
			return errors.Join(err, errRel)
		}))
	}
	if err != nil {
		s.Fatal(err)
	}
	return files
}

// record keeps what is to be judged, and removes the scene's containers.
func (s *scene) record() record {
	s.Helper()
	r := record{
		before: s.before, after: s.snapshot(), repo: s.world.repo, world: s.world.world,
		copies: s.copies(),
	}
	for _, th := range s.threads {
		r.events = append(r.events, s.log(s.Context(), th)...)
	}
	if _, err := s.app.box.Sweep(s.Context(), func(context.Context, string, string, string) bool { return false }); err != nil {
		s.Error(err)
	}
	if err := s.app.close(); err != nil {
		s.Error(err)
	}
	return r
}

// String is the trajectory, for people who look for what went wrong.
func (r record) String() string {
	var b strings.Builder
	for _, ev := range r.events {
		p := ev.Payload
		fmt.Fprintf(&b, "  %d %s by %s: %s", ev.Seq, ev.Kind, ev.Actor.ID, strings.ReplaceAll(p.Text, "\n", "\n    "))
		if p.Step != nil {
			for _, c := range p.Step.Calls {
				fmt.Fprintf(&b, "\n    call %s %s", c.Tool, c.Args)
			}
		}
		if p.Result != nil {
			fmt.Fprintf(&b, "%s failed=%v applied=%q: %s", p.Call.Tool, p.Result.Failed, p.Result.Applied,
				strings.ReplaceAll(p.Result.Text[:min(len(p.Result.Text), 1500)], "\n", "\n    "))
		}
		b.WriteString("\n")
	}
	for name, now := range r.after {
		if now != r.before[name] {
			fmt.Fprintf(&b, "  changed: %s\n", name)
		}
	}
	return b.String()
}
