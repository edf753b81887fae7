package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// Queue keeps a job durably before the platform gets its answer. The same id
// twice is one job.
type Queue interface {
	Enqueue(ctx context.Context, j agent.Job) error
}

// Policy explains itself; rbac.Enforcer does.
type Policy interface {
	Explain(ctx context.Context, who rbac.Actor, v rbac.Verb, r rbac.Request) rbac.Explanation
	Who(ctx context.Context, v rbac.Verb, r rbac.Request) []rbac.Contact
	Admins(ctx context.Context, org string) []rbac.Contact
}

var _ Policy = (*rbac.Enforcer)(nil)

// Room is what configuration says of a channel.
type Room struct {
	Tier    rbac.Tier
	Profile string
}

// Inbox takes what adapters have verified and decoded. A mention becomes one
// job; clicks, answers and stop are settled here and now, behind no running
// job. It is safe for concurrent use.
type Inbox struct {
	Queue   Queue
	Control *agent.Control
	Records Records
	Room    func(ctx context.Context, org, room string) Room
	Who     func(ctx context.Context, a rbac.Actor) rbac.Actor // the person behind a chat identity; nil is the identity itself

	Threads   Threads   // nil follows no thread
	Schedules Schedules // nil has none
	Refs      Refs      // of copies; nil takes no press on one
	Mutes     Mutes     // nil mutes nothing
	Freezes   Freezes   // nil shows none

	// Unseen hears that a room was not reached by what was to be told there. Nil tells nobody.
	Unseen func(ctx context.Context, org, room, why string) error

	// Test sends test messages, once for an id, to whoever asks and to all services, and
	// says in words to whom. Nil sends none.
	Test func(ctx context.Context, org, id string, who rbac.Actor) (targets []string, err error)

	// Vet is who gives a Command by their platform's own word, now; jobs ask by
	// themselves. Nil asks nobody.
	Vet func(ctx context.Context, who rbac.Actor) (rbac.Actor, error)

	Policy Policy // nil explains nothing
	Links  Links  // nil links nobody

	LinkKey func(org string) []byte // signs the codes of links

	Bills    agent.Bills // nil shows no bills
	Spending func(org string) agent.Spending
	Models   func() []ModelState // nil shows none

	Stacks   func(org string) []Stack                                                    // of an Org; nil is none
	Drifts   Drifts                                                                      // nil shows no drift
	Alike    func(ctx context.Context, org string, d agent.Drift) ([]agent.Drift, error) // those that are told in its thread; nil is none
	Upcoming func(org string, now time.Time) []Upcoming                                  // nil shows none
	Oldest   func(ctx context.Context, org string) (time.Duration, error)                // how long the oldest job that could run has waited; nil shows none
	Rota     func(ctx context.Context, org string) ([]Field, error)                      // who is on call: rota and name; nil is no rota
}

// Mention does one durable thing: a Command runs, anything else becomes a job.
// Rights of a job are decided by its run.
func (in *Inbox) Mention(ctx context.Context, m Mention) (Reply, error) {
	m.Text = strings.TrimSpace(m.Text)
	if name, rest, ok := command(m.Text); ok && m.Quote == "" && len(m.Files) == 0 && in.meant(ctx, m, name, rest) {
		return in.Command(ctx, Command{ID: m.ID, Org: m.Org, Thread: m.Thread, Actor: m.Actor, Name: name, Text: rest})
	}
	return Reply{}, in.enqueue(ctx, m, agent.Job{Text: m.Text, Quote: m.Quote, Files: m.Files})
}

// enqueue fills the job's envelope from who said it and where.
func (in *Inbox) enqueue(ctx context.Context, m Mention, j agent.Job) error {
	room := in.Room(ctx, m.Org, m.Thread.Room())
	if j.ID == "" {
		j.ID = m.ID
	}
	j.Org, j.Trace, j.Thread, j.Actor = m.Org, m.ID, m.Thread, in.who(ctx, m.Actor)
	j.Tier, j.Profile = room.Tier, room.Profile
	return in.Queue.Enqueue(ctx, j)
}

func (in *Inbox) who(ctx context.Context, a rbac.Actor) rbac.Actor {
	if in.Who == nil {
		return a
	}
	return in.Who(ctx, a)
}

// Click settles a verdict and replies from the record, or starts what the
// button says.
func (in *Inbox) Click(ctx context.Context, c Click) (Reply, error) {
	hold, code, _ := strings.Cut(c.Value, ".")
	c, err := in.moved(ctx, c, hold)
	if err != nil {
		return Reply{}, err
	}
	m := Mention{ID: c.ID, Org: c.Org, Thread: c.Thread, Actor: c.Actor}
	switch c.Verb {
	case verbApprove, verbDeny, verbBack, verbGlass:
		return in.verdict(ctx, c, hold, code)
	case string(agent.Acknowledge), string(agent.Take), string(agent.Snooze), string(agent.Resolve):
		return in.attend(ctx, c)
	case verbHeld:
		return in.behind(ctx, c)
	case verbPlan, verbWho:
		return in.tell(ctx, c, hold, code)
	case verbView:
		return in.view(ctx, c, hold)
	case verbWhy:
		return in.explain(ctx, c)
	case verbAccess:
		return in.access(ctx, c)
	case verbMute:
		return in.mute(ctx, c)
	case verbTest:
		return in.test(ctx, c)
	case verbAgain: // once for each card and person, however often it is pressed
		return said("Asking again: a fresh plan, then a new card."),
			in.enqueue(ctx, m, agent.Job{ID: "again/" + hold + "/" + string(in.who(ctx, c.Actor).Subject()), Again: hold, Text: pressed + labelAgain})
	case verbMore:
		return in.more(ctx, c)
	case verbWhyCard:
		return in.why(ctx, Command{ID: c.ID, Org: c.Org, Thread: c.Thread, Actor: c.Actor, Name: "why", Text: code})
	case verbAccept, verbMine, verbIgnore, verbKeep, verbExplain:
		return in.drifting(ctx, c)
	case verbFix:
		return said("Planning " + c.Value + "; the card for approval follows."), in.enqueue(ctx, m, agent.Job{
			Text:  pressed + labelFix,
			Calls: []agent.ToolCall{onStack("tofu_plan", c.Value), {Tool: "tofu_apply", Args: json.RawMessage(`{"plan":"$artifact"}`)}},
		})
	case verbApply:
		return said("Asking for approval."), in.enqueue(ctx, m, agent.Job{
			Text: pressed + labelApply, Calls: []agent.ToolCall{{Tool: "tofu_apply", Args: object("plan", c.Value)}},
		})
	case verbScan:
		return said("Scanning " + c.Value + "."), in.enqueue(ctx, m, agent.Job{
			Text: pressed + labelScan, Calls: []agent.ToolCall{onStack("drift_scan", c.Value)},
		})
	}
	return said("This button is not known to this version."), nil
}

func said(private string) Reply { return Reply{Private: private} }

func onStack(tool, stack string) agent.ToolCall {
	return agent.ToolCall{Tool: tool, Args: object("stack", stack)}
}

// object is a JSON object of one string; the value may come from outside.
func object(key, value string) json.RawMessage {
	b, err := json.Marshal(map[string]string{key: value})
	if err != nil {
		return json.RawMessage("{}") // a map of strings always marshals
	}
	return b
}

// Answer settles a question.
func (in *Inbox) Answer(ctx context.Context, a Answer) (Reply, error) {
	c := Click{ID: a.ID, Org: a.Org, Thread: a.Thread, Actor: a.Actor}
	return in.settle(ctx, c, agent.Press{Hold: a.Question, Text: a.Text})
}

// settle shows the card only to those who belong to its thread.
func (in *Inbox) settle(ctx context.Context, c Click, p agent.Press) (Reply, error) {
	p.ID, p.Org, p.Thread, p.By = c.ID, c.Org, c.Thread, in.who(ctx, c.Actor)
	p.Tier = min(in.Room(ctx, c.Org, c.Thread.Room()).Tier, in.Room(ctx, c.Org, c.room()).Tier)
	h, refused, err := in.Control.Settle(ctx, p)
	switch {
	case err != nil:
		return Reply{}, fmt.Errorf("settle: %w", err)
	case h.ID == "":
		return said("Refused: " + refused + "."), nil
	}
	card := holdCard(h, nil)
	if refused == "" {
		return Reply{Private: settled(h, p), Card: &card}, nil
	}
	if h.State == agent.Void {
		refused += ". The card is void: " + labelAgain + " makes a fresh plan"
	}
	r := in.refusal(ctx, c, refused, matter{verb: string(verbOf(h, p)), hold: h.ID})
	r.Card = &card
	return r, nil
}

// verbOf is the right that a press takes.
func verbOf(h agent.Hold, p agent.Press) rbac.Verb {
	switch {
	case p.Glass:
		return rbac.Break
	case h.Question != nil && !h.Question.Review:
		return rbac.Do
	}
	return rbac.Approve
}

// settled tells the one who pressed what the press did.
func settled(h agent.Hold, p agent.Press) string {
	who := h.Request.Actor.Name
	switch {
	case h.Question != nil:
		return "Your answer is taken: " + h.Question.Answer + "."
	case p.Back:
		return "Taken back: your approval counts no more."
	case p.Glass:
		return "The glass is broken: exactly this plan runs now, as " + who + "'s change. Everybody is told, and a review follows."
	case !p.Approve:
		return "Declined: nothing runs, and " + who + " is told why."
	case h.State == agent.Approved && h.Frozen != nil:
		return "Approved: exactly this plan runs when the freeze ends, as " + who + "'s change."
	case h.State == agent.Approved:
		return "Approved: exactly this plan runs now, as " + who + "'s change."
	}
	return fmt.Sprintf("Your approval counts: %d of %d.", h.Approvals(), h.Approval.Need)
}
