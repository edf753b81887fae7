package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// Records is what people can ask about without a model.
type Records interface {
	OpenHolds(ctx context.Context, org string) ([]agent.Hold, error)
	HoldByCode(ctx context.Context, org, code string) ([]agent.Hold, error)
	Running(ctx context.Context, org string) ([]agent.Job, error)
	Resting(ctx context.Context, org string) ([]agent.Job, error) // that go on when a model can be reached, the next one first
}

// verb of a Command: its name, what follows it, and what it does.
type helpLine struct{ name, args, does string }

// commands is what `help` shows, in its order.
var commands = [...]helpLine{
	{"scan", "STACK", "compare the real world with the reviewed code"},
	{"plan", "STACK", "show what applying the reviewed code would do"},
	{"approvals", "", "list the cards that wait for people"},
	{"status", "", "show what runs and what waits"},
	{"why", "PLAN-CODE", "explain why a card stands as it does"},
	{"digest", "", "tell what needs people here, and what happened since yesterday"},
	{"oncall", "", "say who is on call until when; oncall ROTA asks for one"},
	{whoCanApprove, "STACK", "name who can, with ids to paste; also env/NAME or a plan code"},
	{"freeze", "ENV until TIME because REASON", "hold every live change there, or everywhere (all)"},
	{"thaw", "ENV", "end a freeze"},
	{listSchedules, "", "list the schedules of this channel, what they did last and when they are due"},
	{pauseSchedule, "SCHEDULE because REASON", "let a schedule skip what comes due"},
	{resumeSchedule, "SCHEDULE", "end its pause"},
	{runSchedule, "SCHEDULE", "start now what it would start"},
	{"link", "CODE", "join your accounts of two chats; link alone begins"},
	{"stop", "", "stop what runs in this thread and close its cards"},
	{"help", "", "show this list"},
}

const whoCanApprove = "who can approve"

// command parses a Command. Only its exact form counts: "stop it please" is for
// the model, and so is "plan" with many words after it. A freeze that is not
// understood is answered with its form, because a model must not guess it; and so is
// one word alone that needs another, because a model costs more than the answer.
func command(text string) (name, rest string, ok bool) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return "", "", false
	}
	first := strings.ToLower(words[0])
	switch {
	case first == "freeze" || first == "thaw":
		return first, strings.Join(words[1:], " "), true
	case first == pauseSchedule && len(words) > 3 && strings.EqualFold(words[2], "because"):
		return first, strings.Join(words[1:], " "), true
	case (first == "link" || first == "oncall") && len(words) <= 2:
		return first, strings.Join(words[1:], ""), true
	case len(words) == 4 && strings.EqualFold(strings.Join(words[:3], " "), whoCanApprove):
		return whoCanApprove, words[3], true
	case strings.EqualFold(strings.Join(words, " "), whatWaits):
		return "approvals", "", true
	case len(words) > 2:
		return "", "", false
	}
	for _, c := range commands {
		if first == c.name && ((c.args != "") == (len(words) == 2) || len(words) == 1) {
			return c.name, strings.Join(words[1:], ""), true
		}
	}
	return "", "", false
}

// vetTime is how long a Command waits for the chat's word: its platform waits for
// the answer meanwhile.
const vetTime = 1500 * time.Millisecond

// Command runs what needs no model: it answers from the record, or makes a job
// with fixed calls.
func (in *Inbox) Command(ctx context.Context, c Command) (Reply, error) {
	if in.Vet != nil {
		ask, done := context.WithTimeout(ctx, vetTime)
		defer done()
		who, err := in.Vet(ask, c.Actor)
		if err != nil {
			return said("Not taken: the chat does not say who you are just now. Say it again in a moment."), nil //nolint:nilerr // it is told
		}
		c.Actor = who
	}
	m := Mention{ID: c.ID, Org: c.Org, Thread: c.Thread, Actor: c.Actor, Text: c.Name + " " + c.Text}
	switch c.Name {
	case "scan", "plan":
		if r, none := in.noStack(ctx, c); none {
			return r, nil
		}
		tool := map[string]string{"scan": "drift_scan", "plan": "tofu_plan"}[c.Name]
		return Reply{}, in.enqueue(ctx, m, agent.Job{Text: m.Text, Calls: []agent.ToolCall{onStack(tool, c.Text)}})
	case "stop":
		return in.stop(ctx, c)
	case "help":
		return Reply{Note: helpCard()}, nil
	case "freeze":
		return in.freeze(ctx, c)
	case "thaw":
		return in.thaw(ctx, c)
	case "link":
		return in.link(ctx, c)
	}
	if d := in.mayRead(ctx, c); d.Outcome != rbac.Allow {
		return in.refusal(ctx, c.click(), d.Why(), matter{verb: string(rbac.Do), act: rbac.Action{Tool: "ask", Effect: rbac.Read}}), nil
	}
	switch c.Name {
	case "approvals":
		return in.approvals(ctx, c)
	case "status":
		return in.status(ctx, c)
	case "why":
		return in.why(ctx, c)
	case "digest":
		return in.digest(ctx, c)
	case "oncall":
		return in.oncall(ctx, c)
	case listSchedules, pauseSchedule, resumeSchedule, runSchedule:
		return in.schedules(ctx, c)
	case whoCanApprove:
		c.Text = "approve " + c.Text
		return in.whoCan(ctx, c)
	}
	return said("I do not know that command. Say help."), nil
}

func (in *Inbox) mayRead(ctx context.Context, c Command) rbac.Decision {
	return in.Control.Gate.Decide(ctx, rbac.Request{
		Org: c.Org, Actor: in.who(ctx, c.Actor), Channel: c.Thread.Room(), Tier: in.Room(ctx, c.Org, c.Thread.Room()).Tier,
		Action: rbac.Action{Tool: "ask", Effect: rbac.Read}, Label: rbac.Clean(),
	})
}

func helpCard() *Card {
	c := &Card{Title: "What you can say", Fallback: "Commands:"}
	for _, h := range commands {
		c.Fields = append(c.Fields, Field{strings.TrimSpace(h.name + " " + h.args), h.does})
		c.Fallback += " " + h.name
	}
	c.Body = "These work without any model. Anything else goes to the agent, in your words."
	return c
}

// approvals shows the details of this channel's cards only, those that wait for a freeze
// last; what waits in other channels is counted.
func (in *Inbox) approvals(ctx context.Context, c Command) (Reply, error) {
	here, elsewhere, err := in.waiting(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	ice, err := in.ice(ctx, c)
	if err != nil {
		return Reply{}, err
	}
	slices.SortStableFunc(here, func(a, b agent.Hold) int { return danger(b) - danger(a) }) // a destroy is never buried
	card := &Card{Title: "Waiting for people"}
	for _, h := range append(here, ice.here...) {
		card.Fields = append(card.Fields, Field{waitsFor(h), waitsText(h)})
	}
	card.Fields = append(card.Fields, ice.fields()...)
	card.Body = fmt.Sprintf("%d here, %d in other channels.", len(here), elsewhere)
	if text := ice.line(); text != "" {
		card.Body += " " + upper(text) + "."
	}
	card.Fallback = card.Title + ": " + card.Body
	return Reply{Note: card}, nil
}

// danger orders cards, the most dangerous first.
func danger(h agent.Hold) int {
	if h.Approval == nil {
		return 0
	}
	return int(h.Request.Action.Effect)
}

func waitsFor(h agent.Hold) string {
	if h.Question != nil {
		return "Question"
	}
	return h.Approval.PlanCode()
}

func waitsText(h agent.Hold) string {
	if h.Question != nil {
		return plain(h.Question.Text) + ", until " + until(h)
	}
	act, thaw := h.Request.Action, ""
	if h.State == agent.Approved && h.Frozen != nil {
		thaw = ", waits for the end of the freeze"
	}
	return fmt.Sprintf("%s on %s, asked by %s, %d of %d approvals, until %s", h.Call.Tool, where(act),
		h.Request.Actor.Name, h.Approvals(), h.Approval.Need, until(h)) + thaw
}

func (in *Inbox) waiting(ctx context.Context, c Command) (here []agent.Hold, elsewhere int, err error) {
	all, err := in.Records.OpenHolds(ctx, c.Org)
	if err != nil {
		return nil, 0, fmt.Errorf("list approvals: %w", err)
	}
	for _, h := range all {
		if h.Thread.Room() == c.Thread.Room() {
			here = append(here, h)
		} else {
			elsewhere++
		}
	}
	return here, elsewhere, nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func where(a rbac.Action) string {
	switch {
	case a.Stack == "":
		return "this session"
	case a.Environment == "":
		return a.Stack
	}
	return a.Stack + " (" + a.Environment + ")"
}

func clock(t time.Time) string { return moment(t, t.UTC().Format("15:04 MST")) }

// dated is clock with its day.
func dated(t time.Time) string { return moment(t, t.UTC().Format("2 January 15:04 MST")) }

// clockFrom is clock, with the day when it is not that of from.
func clockFrom(from, t time.Time) string {
	if t.UTC().Truncate(24 * time.Hour).Equal(from.UTC().Truncate(24 * time.Hour)) {
		return clock(t)
	}
	return dated(t)
}
