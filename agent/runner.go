package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
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
	Outlet    Outlet                                         // nil lets nothing out
	Artifacts Artifacts                                      // nil keeps no long outputs apart
	Bills     Bills                                          // nil sets no cap
	Profile   func(org, name string) Profile                 // the zero Profile allows nothing
	Brief     func(org string, t Thread, p Profile) []string // rules for the model, the most stable first; nil is none
	Spending  func(org string) Spending                      // nil knows no price and no cap
	Patience  func(org string) Patience                      // how long people are waited for
	Limits    func(org string) Limits                        // nil is none
	Uses      Uses                                           // nil limits nothing
	Progress  func(org string, t Thread, text string)        // lossy; nil shows none
	Host      string                                         // names this machine's sandbox; empty is the only one
	Slots     chan struct{}                                  // its capacity is how many tools run at once; nil is no limit
	Redact    func(text string) string                       // takes secrets out of what a tool tells; nil takes none
	Learn     func(org string, secrets []string)             // tells Redact of more; nil tells nothing
	Meter     Meter
	Discard   func(ctx context.Context, org, artifact string) error // lets go of work that newer work replaced; nil leaves it until it expires

	// Report counts what a room's digest tells. Nil
	// counts nothing.
	Report func(ctx context.Context, org, room string, d Digest) (Report, error)
	// Home is the room of a stack, where its drift is told. Nil is where it was scanned.
	Home func(org, stack string) Thread
	// Scanners are those of compliance that schedules of a stack use: only what is looked at
	// again is told in its thread. Nil is any.
	Scanners func(org, stack string) []string
	// Alike are the drifts of other stacks of an Org that are told of and show the same
	// change, the oldest first. Nil takes each drift by itself.
	Alike func(ctx context.Context, org string, d Drift) ([]Drift, error)

	// Vet is who the one who asks is by their platform's own word, now: a name, and
	// whether they are an outsider. Its error puts the job off, for as long as it
	// takes. Nil asks nobody.
	Vet func(ctx context.Context, who rbac.Actor) (rbac.Actor, error)
	// Fetch brings a file that came along, at most so many bytes. Nil brings none.
	Fetch func(ctx context.Context, org string, t Thread, f File) ([]byte, error)
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

	backing sync.Mutex
	back    map[string]bool // stacks whose work is where it was left, or was put back
}

// Run carries one Job to its next rest: answered, waiting, stopped or refused.
func (r *Runner) Run(ctx context.Context, c Claimed) error {
	u, err := r.open(ctx, c)
	if err != nil {
		return err
	}
	if u.s.rested(c.ID) {
		return u.putApart(ctx) // redelivered after its rest
	}
	goOn, err := u.begin(ctx)
	if err == nil && goOn {
		err = u.loop(ctx)
	}
	if n := len(u.s.Events); err == nil && r.Meter != nil && n > 0 {
		r.Meter.Run(u.s.Events[n-1].Kind, time.Since(u.began))
	}
	if err != nil {
		return err
	}
	return u.putApart(ctx)
}

// vetPause is how long a job waits for a platform that does not say who asks.
const vetPause = 15 * time.Second

func (r *Runner) open(ctx context.Context, c Claimed) (*run, error) {
	s, err := r.Store.Open(ctx, c.Org, c.Thread)
	if err != nil {
		return nil, fmt.Errorf("open session: %w", err)
	}
	if r.Vet != nil {
		if c.Actor, err = r.Vet(ctx, c.Actor); err != nil {
			return nil, &LaterError{vetPause, fmt.Errorf("ask who %s is: %w", c.Actor.Subject(), err)}
		}
	}
	u := &run{
		Runner: r, s: s, job: c, turn: c.ID, actor: c.Actor, tier: c.Tier,
		profile: r.Profile(c.Org, c.Profile), window: r.Window, began: time.Now(), back: map[string]bool{},
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
	case j.Hold != "" && j.Alert != "":
		return false, u.follow(ctx)
	case j.Hold != "":
		return u.resume(ctx)
	case j.Turn != "":
		return u.goOn(), nil
	case j.Scan != nil:
		return false, u.scan(ctx)
	case j.News != nil:
		return false, u.news(ctx)
	case j.Judge != nil:
		return false, u.judge(ctx)
	case j.Join != "":
		return false, u.join(ctx)
	case j.Digest != nil:
		return false, u.report(ctx)
	case j.Raise != nil:
		return false, u.raise(ctx)
	case j.Alert != "":
		return false, u.alert(ctx)
	case j.Notice != "" || j.Told != nil: // a burst has lines and no text
		return false, u.emit(ctx, KindNotice, Payload{Title: j.Title, Text: j.Notice, Told: j.Told})
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
	if why, err := u.crowded(ctx); err != nil || why != "" {
		return false, u.turnedAway(ctx, why, err)
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
		Quote: u.job.Quote, Files: u.bring(ctx),
	}})
}

// turnedAway records why a request was not taken.
func (u *run) turnedAway(ctx context.Context, why string, err error) error {
	if err != nil {
		return err
	}
	return u.emit(ctx, KindRefused, Payload{Text: why})
}

// Pressed begins the text of a job that a button made: nobody said it.
const Pressed = "pressed: "

// answers takes words as the answer to an open question that has no choices to
// press: the oldest one of this thread.
func (u *run) answers(ctx context.Context) (bool, error) {
	id := u.job.ID + "/answer" // the job that follows has an id of its own
	if u.s.wrote(id) != nil {
		return true, nil // redelivered: it was taken, and answers no second question
	}
	h := u.s.asking()
	if h == nil || u.job.Text == "" || len(u.job.Calls) > 0 || strings.HasPrefix(u.job.Text, Pressed) {
		return false, nil
	}
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

func (u *run) tell(text string) {
	if u.Progress != nil {
		u.Progress(u.s.Org, u.s.Thread, text)
	}
}
