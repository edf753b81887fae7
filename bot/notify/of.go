package notify

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"interlock/agent"
	"interlock/bot"
)

// Of is what an event tells beyond its thread, if anything. It reads the event
// alone, so that whoever writes it and whoever sends it agree. Where the event
// happened, and whose the stack is, are added when it is read.
func Of(ev agent.Event) (n Notice, ok bool) {
	p := ev.Payload
	switch ev.Kind {
	case agent.KindApproval, agent.KindVerdict, agent.KindClosed, agent.KindStarted, agent.KindQuestion, agent.KindAnswered:
		n = ofHold(ev.Kind, p.Hold)
	case agent.KindResult:
		n = ofResult(p)
	case agent.KindFinding:
		n = ofScan(p)
	case agent.KindAlert:
		n = ofAlert(ev)
	case agent.KindGaveUp:
		n = Notice{Type: AgentFailed, Body: bot.Safe(p.Text)}
	case agent.KindStopped:
		if ev.OverBudget() {
			n = Notice{Type: AgentOverBudget, Body: "It stopped, because " + bot.Safe(p.Text) + "."}
		}
	case agent.KindPaused:
		if p.Pause != nil && p.Pause.Times == 1 { // the first of a row
			n = Notice{Type: ModelUnreachable, Key: ModelUnreachable, Body: bot.Safe(p.Text) + ". Requests wait and go on by themselves. What you can do: " + bot.Safe(p.Pause.Do) + "."}
		}
	}
	if ev.Kind == agent.KindResumed && p.Text == "" { // with a text it was stopped
		n = Notice{Type: ModelReachable, Key: ModelUnreachable, Step: Resolve, Body: "Requests that waited go on."}
	}
	if n.Type == "" {
		return Notice{}, false
	}
	n.ID, n.Org, n.At, n.Severity = ev.ID, ev.Org, ev.At, Usual(n.Type)
	n.Key = cmp.Or(n.Key, n.Type+"/"+ev.Session)
	if n.Type != Escalated { // which has its title from who raised it
		n.Title = lower(place(n.Stack, n.Environment), cmp.Or(n.Title, general(n.Type)))
	}
	if who := bot.Safe(ev.Actor.Name); who != "" && n.Stack == "" && n.Hold == "" && !n.ends() {
		n.Facts = append(n.Facts, agent.Fact{Name: "Asked by", Value: who})
	}
	return n, true
}

// Tells tells whether Of makes a notice of an event.
func Tells(ev agent.Event) bool {
	_, ok := Of(ev)
	return ok
}

// at is a moment in words that need no platform to draw them.
func at(t time.Time) string { return t.UTC().Format("2 January 15:04 MST") }

// ofHold tells of what waits for people: that it does, and that it does no more.
func ofHold(k agent.Kind, h *agent.Hold) (n Notice) {
	switch {
	case h == nil:
		return n
	case h.Approval == nil:
		n = ofQuestion(k, h)
	case k == agent.KindApproval && h.State == agent.Open:
		n = Notice{
			Type: ApprovalWaiting, Hold: h.ID, Body: "Plan code " + h.Approval.PlanCode() + " waits in its thread.",
			Facts: []agent.Fact{
				{Name: "Would do", Value: wouldDo(*h)}, {Name: "Approvals", Value: "0 of " + strconv.Itoa(h.Approval.Need)}, agent.Moment("Open until", h.Expires),
			},
		}
	case k == agent.KindVerdict && h.State == agent.Open && len(h.Approval.Verdicts) > 0 && h.Last().Back && h.Approvals()+1 >= h.Approval.Need:
		n = Notice{
			Type: ApprovalWaiting, Hold: h.ID, Body: "Plan code " + h.Approval.PlanCode() + " waits again: " + bot.Safe(h.Last().By.Name) + " took an approval back.",
			Facts: []agent.Fact{{Name: "Approvals", Value: fmt.Sprintf("%d of %d", h.Approvals(), h.Approval.Need)}, agent.Moment("Open until", h.Expires)},
		}
	case k == agent.KindClosed && h.State == agent.Expired:
		n = Notice{Type: ApprovalExpired, Step: Resolve, Body: "Plan code " + h.Approval.PlanCode() + ": nobody decided in time, and nothing ran. Ask again in its thread."}
	case k == agent.KindVerdict && len(h.Approval.Verdicts) > 0 && h.Last().Glass:
		v := h.Last()
		n = Notice{Type: GlassBroken, Key: GlassBroken + "/" + h.ID, Body: fmt.Sprintf("Plan code %s runs without the approvals that were missing. Reason: %s.",
			h.Approval.PlanCode(), strings.TrimSuffix(bot.Safe(v.Reason), ".")), Facts: []agent.Fact{{Name: "By", Value: bot.Safe(v.By.Name)}}}
	case k != agent.KindApproval && h.State != agent.Open && h.State != agent.Nothing:
		return ofDecided(h)
	}
	if n.Type == "" {
		return n
	}
	n.Stack, n.Environment = h.Request.Action.Stack, h.Request.Action.Environment
	n.Key = cmp.Or(n.Key, "hold/"+h.ID)
	n.Facts = append(n.Facts, agent.Fact{Name: "Asked by", Value: bot.Safe(h.Request.Actor.Name)})
	return n
}

// ofDecided tells that an approval waits no more.
func ofDecided(h *agent.Hold) Notice {
	return Notice{
		Type: ApprovalDecided, Step: Resolve, Key: "hold/" + h.ID, Stack: h.Request.Action.Stack, Environment: h.Request.Action.Environment,
		Body: "Plan code " + h.Approval.PlanCode() + " waits no more: it is " + h.State.String() + ".",
	}
}

// ofQuestion tells of a question, none of whose words are among what is told.
func ofQuestion(k agent.Kind, h *agent.Hold) Notice {
	switch over := h.State != agent.Open && h.State != agent.Nothing; {
	case k == agent.KindQuestion && h.State == agent.Open:
		return Notice{Type: AgentNeedsInput, Hold: h.ID, Body: "It waits in its thread.", Facts: []agent.Fact{agent.Moment("Open until", h.Expires)}}
	case over && (k == agent.KindAnswered || k == agent.KindClosed):
		return Notice{Type: AgentAnswered, Step: Resolve, Body: "It waits no more."}
	}
	return Notice{}
}

// wouldDo is what an approval is bound to, in counts where it is a plan.
func wouldDo(h agent.Hold) string {
	b := h.Approval.Bound
	if b.Plan != nil {
		return b.Plan.Counts()
	}
	return bot.Safe(cmp.Or(b.Summary, h.Call.Tool))
}
