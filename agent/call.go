package agent

import (
	"context"
	"fmt"
	"time"

	"interlock/rbac"
)

// call gates one tool call; a nil result means that the run now waits for a person.
func (u *run) call(ctx context.Context, c ToolCall) (*ToolResult, error) {
	if ev := u.s.lastOf(c.ID, KindResult); ev != nil {
		return ev.Payload.Result, nil
	}
	if u.s.lastOf(c.ID, KindApproval, KindQuestion) != nil {
		return nil, nil
	}
	t, c, act, why := u.read(ctx, c)
	if why != "" {
		return u.note(ctx, c, ToolResult{Failed: true, Text: why, Label: rbac.Clean(), Unread: t == nil})
	}
	r := u.request(act)
	r.Label = u.heard(ctx, r)
	d := u.Gate.Decide(ctx, r)
	switch {
	case u.s.lastOf(c.ID, KindStarted) != nil:
		return u.lost(ctx, t, c, d.Outcome == rbac.Allow)
	case u.over(t.Spec()) != "":
		return u.fail(ctx, c, "not run: the budget of "+u.over(t.Spec())+" is spent")
	case d.Outcome == rbac.Allow:
		if err := u.emit(ctx, KindStarted, Payload{Call: &c, Act: &act}); err != nil {
			return nil, err
		}
		return u.invoke(ctx, t, c)
	case d.Outcome == rbac.Ask:
		return u.holdApproval(ctx, c, r, d)
	}
	return u.note(ctx, c, ToolResult{Failed: true, Text: "denied: " + d.Why(), Label: rbac.Clean(), Refused: &act})
}

// read understands a call before anything is decided: the tool, its arguments
// in canonical form, and what it would do; or why it cannot be run at all. The
// tool is nil when the call itself made no sense.
func (u *run) read(ctx context.Context, c ToolCall) (t Tool, _ ToolCall, act rbac.Action, why string) {
	if u.s.cutOff(c.ID) {
		return nil, c, act, "not run: your message was cut at the limit of output; send less at once"
	}
	t, ok := u.Tools.Tool(c.Tool)
	if !ok {
		return nil, c, act, fmt.Sprintf("there is no tool %q", c.Tool)
	}
	args, err := canonical(c.Args)
	if err != nil {
		return nil, c, act, err.Error()
	}
	c.Args = args
	if err := u.Tools.Validate(c.Tool, args); err != nil {
		return nil, c, act, err.Error()
	}
	if act, err = t.Action(ctx, u.s.Org, args); err != nil {
		return t, c, act, err.Error()
	}
	if t.Spec().Out && act.Effect != rbac.Read {
		act.Reach = u.profile.Reach
	}
	if ask := u.s.Asked(u.turn); ask != nil && ask.Payload.Ask.Reads && act.Effect != rbac.Read {
		return t, c, act, "not run: another call waits for people in this thread, and until it is settled this can only read"
	}
	return t, c, act, ""
}

func (u *run) over(spec ToolSpec) string {
	sp := u.s.spent(u.turn, u.Tools)
	sp.Wall = time.Since(u.began)
	return u.profile.Budget.overCall(sp, spec)
}

func (u *run) env(box Sandbox) Env {
	return Env{Org: u.s.Org, Session: u.s.ID, Box: box, Tell: u.tell, Sensitive: u.learn}
}

func (u *run) learn(secrets []string) {
	if u.Learn != nil {
		u.Learn(u.s.Org, secrets)
	}
}

// slot waits until one more tool may run: models are waited for by many runs at
// once, sandboxes take a machine's memory and processors.
func (u *run) slot(ctx context.Context) (free func(), err error) {
	if u.Slots == nil {
		return func() {}, nil
	}
	free = func() { <-u.Slots }
	select {
	case u.Slots <- struct{}{}:
		return free, nil
	default:
	}
	u.tell("waiting for a free sandbox")
	select {
	case u.Slots <- struct{}{}:
		return free, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// exec runs the tool within its limit and measures it.
func (u *run) exec(ctx context.Context, t Tool, c ToolCall) (ToolResult, error) {
	free, err := u.slot(ctx)
	if err != nil {
		return ToolResult{}, err
	}
	defer free()
	began := time.Now()
	u.tell("running " + c.Tool)
	if limit := t.Spec().Limit; limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	box := &boxed{Sandbox: u.Box, u: u, call: c}
	res, err := t.Run(ctx, u.env(box), c)
	res.Text += box.told()
	res.Refused, res.Unread = nil, false // no tool's to say
	if u.Meter != nil {
		u.Meter.Tool(c.Tool, time.Since(began), err != nil || res.Failed)
	}
	return res, err
}

// invoke runs a call whose start is on record.
func (u *run) invoke(ctx context.Context, t Tool, c ToolCall) (*ToolResult, error) {
	live, done := u.stoppable(ctx)
	res, err := u.exec(live, t, c)
	done()
	switch {
	case err != nil && stopped(live):
		return u.aftermath(ctx, t, c)
	case err != nil:
		return nil, fmt.Errorf("tool %s: %w", c.Tool, err)
	case res.Question != nil:
		return nil, u.holdQuestion(ctx, c, *res.Question)
	}
	return u.note(ctx, c, res)
}

// aftermath says of a call that was stopped: applied, not applied, or look here.
func (u *run) aftermath(ctx context.Context, t Tool, c ToolCall) (*ToolResult, error) {
	if p, ok := t.(Prober); ok && t.Spec().Lost == Probeable {
		return u.probe(ctx, p, c)
	}
	return u.fail(ctx, c, "stopped while it ran; the outcome is not known, look before you ask again")
}

func (u *run) probe(ctx context.Context, p Prober, c ToolCall) (*ToolResult, error) {
	u.tell("looking what became of " + c.Tool)
	e := u.env(u.Box)
	if ev := u.s.lastOf(c.ID, KindStarted); ev != nil {
		e.Elsewhere = ev.Payload.Host != u.Host
	}
	res, err := p.Probe(ctx, e, c)
	if err != nil {
		return nil, fmt.Errorf("probe %s: %w", c.Tool, err)
	}
	return u.note(ctx, c, res)
}

// lost settles a call that began and was never heard of again. Only what may
// run twice runs again, and only while it still may run at all.
func (u *run) lost(ctx context.Context, t Tool, c ToolCall, may bool) (*ToolResult, error) {
	switch class := t.Spec().Lost; class {
	case Rerun, Idempotent:
		if may {
			return u.invoke(ctx, t, c)
		}
	case Probeable:
		if p, ok := t.(Prober); ok {
			return u.probe(ctx, p, c)
		}
	}
	return nil, u.holdQuestion(ctx, c, Question{
		Text:    "The worker stopped during " + c.Tool + ". What became of it?",
		Choices: []string{"applied", "not applied"}, Otherwise: "the outcome is not known", Wait: u.Patience(u.s.Org).Expiry,
	})
}

func (u *run) fail(ctx context.Context, c ToolCall, why string) (*ToolResult, error) {
	return u.note(ctx, c, ToolResult{Failed: true, Text: why, Label: rbac.Clean()})
}

// note records a result. The first one on record stays the only one. What a
// scan saw becomes known in the same write; the card of an approved call learns
// its end.
func (u *run) note(ctx context.Context, c ToolCall, res ToolResult) (*ToolResult, error) {
	if ev := u.s.lastOf(c.ID, KindResult); ev != nil {
		return ev.Payload.Result, nil
	}
	Clean(u.Redact, &res)
	if err := u.shorten(ctx, &res); err != nil {
		return nil, err
	}
	p := Payload{Call: &c, Result: &res}
	if ev := u.s.lastOf(c.ID, KindApproval, KindVerdict, KindClosed, KindStarted); ev != nil {
		p.Hold = ev.Payload.Hold
	}
	write := func(b Batch) error { return u.noted(ctx, b, p) }
	if res.Scan == nil || res.Failed {
		return &res, write(Batch{})
	}
	l := &look{res.Scan, u.clock(), res.Label}
	if ev := u.s.lastOf(c.ID, KindStarted); ev != nil {
		l.began = ev.At
	}
	return &res, u.known(ctx, l, write)
}

// noted records a result. A broken glass is reviewed after it; a change is followed by
// a scan of a stack that was told to drift.
func (u *run) noted(ctx context.Context, b Batch, p Payload) error {
	evs := []Event{u.event(KindResult, p)}
	if h := p.Hold; h != nil && h.State == Consumed && h.Approval != nil && h.Approval.Broken() != nil {
		r, err := u.review(*h)
		if err != nil {
			return err
		}
		b.Hold, b.Jobs = &r, append(b.Jobs, r.due()...)
		evs = append([]Event{u.event(KindQuestion, Payload{Call: &r.Call, Hold: &r})}, evs...) // the result is last: the run goes on
	}
	again, err := u.scanAgain(ctx, p)
	if err != nil {
		return err
	}
	b.Jobs = append(b.Jobs, again...)
	return u.commit(ctx, b, evs...)
}
