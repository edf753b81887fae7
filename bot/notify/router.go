package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"interlock/agent"
)

// Router takes notices to their targets. It runs beside the agent and never in its
// way, in one process at a time; nothing waits in it.
type Router struct {
	Notices Notices
	Bundles Bundles
	Rules   func(org string) Rules
	// Reach are a person's own rooms, as "platform:@id", the first being the one they
	// use. Nil reaches nobody in a chat.
	Reach   func(ctx context.Context, org, person string) []string
	Service func(org, name string) Sender // nil where there is none
	// Raise is the job that begins a chain, or that ends what one is called for when the
	// notice is an end. Nil begins none.
	Raise func(n Notice, chain, id string) (agent.Job, bool)
	Orgs  []string
	Wake  <-chan struct{}  // a notice was written; nil only polls
	Clock func() time.Time // nil is time.Now
	Log   *slog.Logger
}

// How long the router sleeps when nothing wakes it, and how much it takes at once.
const (
	idle   = time.Second
	atOnce = 100
)

// Run routes and sends until ctx ends. Services have a loop of their own, so that a
// slow one holds up no chat.
func (r *Router) Run(ctx context.Context) error {
	var all sync.WaitGroup
	all.Go(func() { r.loop(ctx) })
	all.Go(func() { r.serve(ctx) })
	all.Wait()
	return nil
}

// loop takes notices to chats and chains until ctx ends, without a rest while there is
// more to do.
func (r *Router) loop(ctx context.Context) {
	for {
		did := 0
		for _, org := range r.Orgs {
			n, err := r.Drain(ctx, org)
			r.report(ctx, org, err)
			did += n
		}
		if did > 0 && ctx.Err() == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-r.Wake:
		case <-time.After(idle):
		}
	}
}

func (r *Router) report(ctx context.Context, org string, err error) {
	if err != nil && ctx.Err() == nil {
		r.Log.WarnContext(ctx, "send notices", "org", org, "error", err)
	}
}

func (r *Router) now() time.Time {
	if r.Clock == nil {
		return time.Now().UTC()
	}
	return r.Clock().UTC()
}

// Drain routes one round of notices and hands what is due to the chats. It returns
// how much was settled.
func (r *Router) Drain(ctx context.Context, org string) (settled int, err error) {
	settled, err = r.route(ctx, org)
	if err != nil {
		return settled, err
	}
	due, err := r.Bundles.Due(ctx, org, r.now(), "", atOnce)
	if err != nil {
		return settled, fmt.Errorf("read what is due: %w", err)
	}
	var errs []error
	for _, b := range due {
		if err := r.hand(ctx, b); err != nil {
			errs = append(errs, fmt.Errorf("tell %s: %w", b.Target, err))
			continue
		}
		settled++
	}
	return settled, errors.Join(errs...)
}

// route makes deliveries of the oldest notices, in one write. What all their targets
// were told before is asked at once.
func (r *Router) route(ctx context.Context, org string) (int, error) {
	notices, err := r.Notices.Unrouted(ctx, org, atOnce)
	if err != nil || len(notices) == 0 {
		return 0, err
	}
	var (
		ids   []string
		all   []*passing
		asked []Asked
	)
	for _, n := range notices {
		ids = append(ids, n.ID)
		if n.Type == "" {
			continue
		}
		p := r.draw(ctx, n)
		for _, d := range p.drafts {
			asked = append(asked, Asked{Target: d.Target, Key: d.Key, Topic: d.Topic})
		}
		all = append(all, p)
	}
	var past []Past
	if len(asked) > 0 {
		if past, err = r.Notices.Past(ctx, org, r.now(), asked); err != nil {
			return 0, fmt.Errorf("route: %w", err)
		}
	}
	ds, lost := settle(all, past)
	if err := r.Notices.Route(ctx, org, ids, ds, lost...); err != nil {
		return 0, fmt.Errorf("route: %w", err)
	}
	return len(ids), nil
}

// settle decides notices one after the other, each with what the ones before it will
// have told; past is what was told before, by draft.
func settle(all []*passing, past []Past) (ds []Delivery, lost []Notice) {
	b := newBatch()
	for _, p := range all {
		for _, d := range p.drafts {
			d.past, past = b.after(d.Target, d.Key, past[0]), past[1:]
		}
		p.settle()
		b.note(p)
		for _, d := range p.drafts {
			ds = append(ds, d.Delivery)
		}
		if p.Step == Resolve && p.Key != "" {
			ds = append(ds, b.end(p))
		}
		lost = append(lost, p.lost...)
	}
	return ds, lost
}

// hand gives a bundle to a room or a chain: the job that shows it is enqueued in the
// write that settles it.
func (r *Router) hand(ctx context.Context, b Bundle) error {
	var job agent.Job
	m := r.message(b)
	if chain, ok := strings.CutPrefix(b.Way, toChain); ok {
		if r.Raise != nil {
			job, ok = r.Raise(m.Notice, chain, "notice/"+b.ID)
		}
		if r.Raise == nil || !ok {
			return r.giveUp(ctx, b, errors.New("there is no chain "+chain))
		}
	} else {
		job = roomJob(b, m)
	}
	return r.Bundles.Delivered(ctx, b.Org, b.ID, job)
}

// roomJob has a message shown in a thread of its own, once: the job's id is the bundle's.
func roomJob(b Bundle, m Message) agent.Job {
	platform, channel, _ := strings.Cut(b.Way, ":")
	text := m.Body
	if text == "" && len(m.Lines) == 0 {
		text = m.Title
	}
	told := agent.Told{Type: m.Type, Severity: string(m.Severity), Facts: m.Facts, Lines: m.Lines, Delivery: b.ID}
	if b.Count == 1 && m.Stack != "" {
		told.Stack = m.Stack
	}
	return agent.Job{
		ID: "notice/" + b.ID, Org: b.Org, Trace: b.ID, Thread: agent.Thread{Platform: platform, Channel: channel, ID: "~notice/" + b.ID},
		Title: m.Title, Notice: text, Told: &told,
	}
}
