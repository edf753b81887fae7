package agent

import (
	"context"
	"fmt"
)

// chained has the chain of the stack called to a card, in place of the ladder. It
// is false when there is none.
func (u *run) chained(_ context.Context, h *Hold) bool {
	if u.Escalation == nil || u.Escalation.For == nil {
		return false
	}
	name := u.Escalation.For(h.Org, h.Request.Action)
	rungs := u.Escalation.Chain(h.Org, name)
	if name == "" || len(rungs) == 0 {
		return false
	}
	at := u.Patience(h.Org).after(h.Opened, rungs[0].After, h.Approval.Urgent)
	if at.Before(h.Expires) {
		h.Approval.Chain, h.Approval.NextUp, h.Approval.NextAt = name, []string{"the chain " + name}, at
		h.Approval.First = rungs[0].After
	}
	return true
}

// raising is the job that raises the alert of a card that nobody answers.
func (h *Hold) raising() Job {
	a := h.Approval
	j := Raise{
		Key: "hold/" + h.ID, Chain: a.Chain, Hold: h.ID, Severity: "action", Stack: h.Request.Action.Stack, Environment: h.Request.Action.Environment,
		Room: h.Thread.Room(), Since: a.NextAt.Add(-a.First),
	}.Job(h.Org, h.ID+"/raise"+nth(a.Anew), h.Trace)
	j.After = a.NextAt
	return j
}

// about writes down what waits, and how it is decided, whoever raises it.
func (u *run) about(r *Raise, h Hold) {
	a := h.Approval
	if a == nil {
		return
	}
	room := h.Thread.Room()
	if u.Escalation.Title != nil {
		room = u.Escalation.Title(room)
	}
	r.Title = "An approval waits: " + h.object()
	r.Text = fmt.Sprintf("%s asks to run %s, and nobody has decided yet. Decide on the card with plan code %s in %s: approve or decline there. A press here says only that you see to it.",
		line(h.Request.Actor.Name), h.Call.Tool, a.PlanCode(), room)
	r.Facts = []Fact{{Name: "Plan code", Value: a.PlanCode()}, {Name: "Waits in", Value: room}, Moment("Open until", h.Expires)}
}

// calm is the job that ends the alert of a card that waits no more.
func (h *Hold) calm() []Job {
	if h.State == Open || h.Approval == nil || h.Approval.Chain == "" {
		return nil
	}
	return []Job{{
		ID: h.ID + "/calm/" + h.State.String() + nth(h.Approval.Anew), Org: h.Org, Trace: h.Trace, Thread: h.raising().Thread, Alert: h.alert(),
	}}
}

// alert is the id of what is raised for a hold, whoever raises it. Once it was opened
// again, it is another one.
func (h *Hold) alert() string {
	anew := 0
	if h.Approval != nil {
		anew = h.Approval.Anew
	}
	return alertID(h.Org, h.ID+"/raise"+nth(anew))
}
