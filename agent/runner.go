package agent

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"interlock/rbac"
)

// Runner carries jobs to their rest. It judges with the Control that settles
// clicks. It is safe for concurrent use; one thread is in one run at a time.
type Runner struct {
	*Control
	Model     Model
	Window    Window // of the model; the zero value is DefaultWindow
	Box       Sandbox
	Artifacts Artifacts                                      // nil keeps no long outputs apart
	Bills     Bills                                          // nil sets no cap
	Profile   func(org, name string) Profile                 // the zero Profile allows nothing
	Brief     func(org string, t Thread, p Profile) []string // rules for the model, the most stable first; nil is none
	Spending  func(org string) Spending                      // nil knows no price and no cap
	Patience  func(org string) time.Duration                 // how long a card waits for people
	Progress  func(org string, t Thread, text string)        // lossy; nil shows none
	Slots     chan struct{}                                  // its capacity is how many tools run at once; nil is no limit
	Meter     Meter
}

// Meter counts for the operator. A nil Meter counts nothing.
type Meter interface {
	Tool(name string, took time.Duration, failed bool)
	Step(took time.Duration, u Usage)
	Run(end Kind, took time.Duration)
}

// run is one Job on its way. Its rights are those of the one who asked: an
// approver never becomes the actor.
type run struct {
	*Runner
	s       *Session
	job     Claimed
	turn    string
	actor   rbac.Actor
	tier    rbac.Tier
	profile Profile

	window   Window
	spending Spending
	brief    string // version of the rules that the model was told last
	began    time.Time
}

// Run carries one Job to its next rest: answered, waiting, stopped or refused.
func (r *Runner) Run(ctx context.Context, c Claimed) error {
	u, err := r.open(ctx, c)
	if err != nil {
		return err
	}
	if u.s.rested(c.ID) {
		return nil // redelivered after its rest
	}
	goOn, err := u.begin(ctx)
	if err == nil && goOn {
		err = u.loop(ctx)
	}
	if n := len(u.s.Events); err == nil && r.Meter != nil && n > 0 {
		r.Meter.Run(u.s.Events[n-1].Kind, time.Since(u.began))
	}
	return err
}

func (r *Runner) open(ctx context.Context, c Claimed) (*run, error) {
	s, err := r.Store.Open(ctx, c.Org, c.Thread)
	if err != nil {
		return nil, fmt.Errorf("open session: %w", err)
	}
	u := &run{
		Runner: r, s: s, job: c, turn: c.ID, actor: c.Actor, tier: c.Tier,
		profile: r.Profile(c.Org, c.Profile), window: r.Window, began: time.Now(),
	}
	if u.window == (Window{}) {
		u.window = DefaultWindow
	}
	if r.Spending != nil {
		u.spending = r.Spending(c.Org)
	}
	return u, nil
}

// begin does what the job is for and tells whether the loop goes on after it.
func (u *run) begin(ctx context.Context) (goOn bool, err error) {
	switch j := u.job; {
	case j.Stop:
		if ev := u.s.stopping(); ev != nil {
			return false, u.close(ctx, "stopped by "+ev.Actor.Name)
		}
		return false, nil
	case j.Hold != "":
		return u.resume(ctx)
	case j.Turn != "":
		return u.goOn(), nil
	case j.Scan != nil:
		return false, u.scan(ctx)
	case j.Notice != "":
		return false, u.emit(ctx, KindNotice, Payload{Text: j.Notice})
	}
	return u.ask(ctx)
}

// ask records what a person wants, once. While a call of another turn waits,
// this one may only read: the held call stays as it was.
func (u *run) ask(ctx context.Context) (bool, error) {
	if u.s.Asked(u.turn) != nil {
		return true, nil // redelivered on its way
	}
	if d := u.Gate.Decide(ctx, u.request(rbac.Action{Tool: "ask", Effect: rbac.Read})); d.Outcome != rbac.Allow {
		return false, u.emit(ctx, KindRefused, Payload{Text: d.Why(), Why: &d})
	}
	if answered, err := u.answers(ctx); err != nil || answered {
		return false, err
	}
	calls := u.job.Calls
	if u.job.Again != "" {
		var why string
		var err error
		if calls, why, err = u.again(ctx); err != nil {
			return false, err
		} else if why != "" {
			return false, u.emit(ctx, KindRefused, Payload{Text: why})
		}
	}
	u.tell("reading")
	return true, u.emit(ctx, KindAsk, Payload{Text: u.job.Text, Ask: &Ask{
		Profile: u.profile.Name, Tier: u.tier, Calls: calls, Again: u.job.Again, Reads: u.s.waits(u.turn),
	}})
}

// answers takes words as the answer to an open question that has no choices to
// press: the oldest one of this thread.
func (u *run) answers(ctx context.Context) (bool, error) {
	h := u.s.asking()
	if h == nil || u.job.Text == "" || len(u.job.Calls) > 0 {
		return false, nil
	}
	id := u.job.ID + "/answer" // the job that follows has an id of its own
	_, _, err := u.Settle(ctx, Press{
		ID: id, Org: u.s.Org, Thread: u.s.Thread, By: u.actor, Tier: u.tier, Hold: h.ID, Text: u.job.Text,
	})
	return err == nil, err
}

// again gives the calls that make a card anew, or why there are none.
func (u *run) again(ctx context.Context) (calls []ToolCall, why string, err error) {
	h, err := u.Store.Held(ctx, u.s.Org, u.job.Again)
	switch {
	case errors.Is(err, ErrNotFound) || err == nil && h.Session != u.s.ID:
		return nil, NoSuch, nil
	case err != nil:
		return nil, "", err
	case h.Approval == nil || h.Pending():
		return nil, "the card is " + h.State.String() + ": there is nothing to ask again", nil
	}
	t, ok := u.Tools.Tool(h.Call.Tool)
	if !ok {
		return nil, "this tool is no longer there", nil
	}
	if rep, ok := t.(Repeater); ok {
		calls, err = rep.Repeat(ctx, u.s.Org, h.Call)
		return calls, "", err
	}
	return []ToolCall{{Tool: h.Call.Tool, Args: h.Call.Args}}, "", nil
}

// loop alternates model and calls. It reads the log anew each time, because a
// stop may have come.
func (u *run) loop(ctx context.Context) error {
	for {
		if err := u.refresh(ctx); err != nil {
			return err
		}
		if ev := u.s.stopping(); ev != nil {
			return u.close(ctx, "stopped by "+ev.Actor.Name)
		}
		calls := u.s.Unanswered(u.turn)
		if len(calls) == 0 {
			if done, err := u.step(ctx); err != nil || done {
				return err
			}
			continue
		}
		if ran, err := u.together(ctx, calls); err != nil {
			return err
		} else if ran {
			continue
		}
		if res, err := u.call(ctx, calls[0]); err != nil || res == nil {
			return err // res is nil: waiting for a person
		}
	}
}

// step asks the model once and records what it wants before anything is done.
// A Command has fixed calls instead.
func (u *run) step(ctx context.Context) (done bool, err error) {
	if u.s.commanded(u.turn) {
		return u.took(ctx, Batch{}, u.s.fixed(u.turn), nil)
	}
	sp := u.spent()
	if limit := u.profile.Budget.overStep(sp); limit != "" {
		return true, u.close(ctx, "the budget of "+limit+" is spent")
	}
	why, tell, err := u.capped(ctx)
	if err != nil {
		return false, err
	}
	if why != "" {
		return true, u.close(ctx, why)
	}
	if why := u.s.babbles(u.turn); why != "" {
		return true, u.close(ctx, why)
	}
	live, settle := u.stoppable(ctx)
	rep, err := u.think(live)
	halted := stopped(live)
	settle()
	if halted {
		return false, nil // the loop sees the order and closes
	}
	if me, ok := faulty(err); ok {
		return true, u.faulted(ctx, me)
	}
	if err != nil {
		return false, fmt.Errorf("model: %w", err)
	}
	return u.took(ctx, Batch{Job: tell}, rep.step(), u.spending.bill(rep.Model, rep.Usage))
}

// took records a step, or the answer when it calls nothing.
func (u *run) took(ctx context.Context, b Batch, st Step, bill *Bill) (done bool, err error) {
	var evs []Event
	if u.s.paused(u.turn) != nil {
		evs = append(evs, u.event(KindResumed, Payload{}))
	}
	if len(st.Calls) == 0 {
		sp := u.spent()
		if !u.s.commanded(u.turn) {
			sp.Steps++ // this one, which has no event of its own
		}
		if bill != nil {
			sp.add(*bill)
		}
		p := u.final(st, sp)
		p.Bill, p.Brief = bill, u.brief
		return true, u.commit(ctx, b, append(evs, u.event(KindAnswer, p))...)
	}
	for i, c := range st.Calls {
		st.Calls[i].ModelID, st.Calls[i].ID = c.ID, rand.Text()
		st.Calls[i].Args = recordable(c.Args)
	}
	return false, u.commit(ctx, b, append(evs, u.event(KindStep, Payload{Text: st.Text, Step: &st, Bill: bill, Brief: u.brief}))...)
}

// step is what a reply wants. The provider's own blocks stay in their places.
func (r Reply) step() Step {
	st := Step{Text: r.Text(), Calls: r.Calls(), Cut: r.Stop == StopLength}
	for _, b := range r.Blocks {
		if b.Opaque != nil {
			st.Blocks = r.Blocks
		}
	}
	for i, b := range st.Blocks {
		if b.Call != nil {
			st.Blocks[i].Call = &ToolCall{} // its place; the call itself is in Calls
		}
	}
	return st
}

func (u *run) spent() Spent {
	sp := u.s.spent(u.turn, u.Tools)
	sp.Wall, sp.Currency = time.Since(u.began), u.spending.Currency
	return sp
}

// final is the answer; the answer to a Command is its last result, as data.
func (u *run) final(st Step, sp Spent) Payload {
	p := Payload{Text: st.Text, Spent: &sp}
	res := u.s.Results(u.turn)
	switch {
	case u.s.commanded(u.turn):
		if len(res) > 0 {
			p.Call, p.Result, p.Hold = res[len(res)-1].Payload.Call, res[len(res)-1].Payload.Result, res[len(res)-1].Payload.Hold
		}
	case st.Text == "":
		p.Text = "(The model ended without a word.)"
	case st.Cut:
		p.Text += "\n\n(Cut here: the model reached its limit of output.)"
	}
	return p
}

// unreadable is how many steps in a row may hold nothing but calls that cannot
// be understood.
const unreadable = 3

// babbles says why a turn ends when the model's calls cannot be read.
func (s *Session) babbles(turn string) string {
	bad, last := 0, ""
	for _, ev := range s.Events {
		switch {
		case ev.Turn != turn:
		case ev.Kind == KindResult && !ev.Payload.Result.Unread:
			bad, last = 0, ""
		case ev.Kind == KindResult:
			last = ev.Payload.Result.Text
		case ev.Kind == KindStep:
			bad++
		}
	}
	if last == "" || bad < unreadable {
		return ""
	}
	return fmt.Sprintf("the model's tool calls cannot be read, %d times in a row (%s): set model.name to a model that can call tools; interlock doctor tries one", bad, short(last, 150))
}

// close leaves nothing open behind: no call that a later ask would carry out,
// no card that still has buttons. It says what was done and what was not.
func (u *run) close(ctx context.Context, why string) error { return u.closeWith(ctx, why, nil) }

// closeWith has the bill of what the model cost on its way to fail.
func (u *run) closeWith(ctx context.Context, why string, bill *Bill) error {
	turns := []string{u.turn}
	if u.s.stopping() != nil {
		turns = u.s.turns()
	}
	mine := u.turn
	var evs, ended []Event
	for _, u.turn = range turns { // what is written of a turn belongs to it
		open := u.s.Unanswered(u.turn)
		for _, c := range open {
			if err := u.abandon(ctx, c, why); err != nil {
				return err
			}
		}
		if len(open) > 0 || u.turn == mine {
			ended = append(ended, u.s.Results(u.turn)...)
		}
		if u.s.resting(u.turn) { // its card must not say any more that it goes on
			evs = append(evs, u.event(KindResumed, Payload{Text: why}))
		}
	}
	u.turn = mine
	sp := u.spent()
	if bill != nil {
		sp.add(*bill)
	}
	end := Payload{Text: why + achieved(ended), Spent: &sp, Bill: bill, Brief: u.brief}
	return u.commit(ctx, Batch{}, append(evs, u.event(KindStopped, end))...)
}

func (u *run) abandon(ctx context.Context, c ToolCall, why string) error {
	text := "not run: " + why
	if u.s.lastOf(c.ID, KindStarted) != nil {
		text = why + "; the outcome is not known, look before you ask again"
	}
	if ev := u.s.lastOf(c.ID, KindApproval, KindQuestion); ev != nil {
		if err := u.void(ctx, ev.Payload.Hold.ID, why); err != nil {
			return err
		}
	}
	_, err := u.note(ctx, c, ToolResult{Failed: true, Text: text, Label: rbac.Clean()})
	return err
}

// achieved lists what was done before an early end.
func achieved(results []Event) string {
	var did, not []string
	for _, ev := range results {
		if ev.Payload.Result.Failed {
			not = append(not, ev.Payload.Call.Tool)
		} else {
			did = append(did, ev.Payload.Call.Tool)
		}
	}
	text := ""
	if len(did) > 0 {
		text += ". Done: " + strings.Join(did, ", ")
	}
	if len(not) > 0 {
		text += ". Not done: " + strings.Join(not, ", ")
	}
	return text
}

func (u *run) void(ctx context.Context, hold, why string) error {
	h, err := u.Store.Held(ctx, u.s.Org, hold)
	if err != nil || !h.Pending() {
		return err
	}
	return u.end(ctx, h, Void, why)
}

func (u *run) tell(text string) {
	if u.Progress != nil {
		u.Progress(u.s.Org, u.s.Thread, text)
	}
}

// giveUp tells the thread of a job that failed for the last time.
func (r *Runner) giveUp(ctx context.Context, c Claimed, cause error) error {
	u, err := r.open(ctx, c)
	if err != nil {
		return err
	}
	var evs []Event
	if c.Turn != "" {
		u.turn = c.Turn
	}
	if u.s.resting(u.turn) { // its card must not say any more that it goes on
		evs = append(evs, u.event(KindResumed, Payload{Text: "it failed"}))
	}
	return u.commit(ctx, Batch{}, append(evs, u.event(KindGaveUp, Payload{Text: fmt.Sprintf("I tried %d times and gave up: %s", c.Attempt, plainCause(cause))}))...)
}

// plainCause is the innermost reason, which is what a person can act on.
func plainCause(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}
