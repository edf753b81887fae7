package bot

import (
	"fmt"
	"strings"

	"interlock/agent"
	"interlock/rbac"
)

// The verbs of our buttons, and their labels where both sides need them.
const (
	verbApprove = "approve"
	verbDeny    = "deny"
	verbAgain   = "again"
	verbAnswer  = "answer"
	verbFix     = "fix"
	verbApply   = "apply"
	verbScan    = "scan"
	verbBack    = "back"
	verbGlass   = "glass"
	verbWhy     = "why"
	verbAccess  = "access"
	verbPlan    = "plan"
	verbWho     = "who"
	verbView    = "view"
	verbHeld    = "held"

	labelAgain = "Ask again"
	labelFix   = "Put back to code"
	labelApply = "Ask to apply"
	labelScan  = "Scan again"
	labelGlass = "Break glass"
	labelPlan  = "Show plan"
	labelWho   = "Who may approve"

	labelAccess = "Request access"
)

// holdCard is drawn from the row alone; res is what came of the call, once it
// is known.
func holdCard(h agent.Hold, res *agent.ToolResult) Card {
	if h.Question != nil {
		return questionCard(h)
	}
	if h.State == agent.Denied || h.State == agent.Void || h.State == agent.Expired {
		res = nil // the card's own state says it better than the result that it led to
	}
	act, a := h.Request.Action, h.Approval
	c := Card{Title: holdTitle(h, res), Body: wouldDo(h)}
	c.Status, c.Tone = holdStatus(h, res)
	c.Edition = len(a.Verdicts)
	c.Fields = []Field{
		{"Where", where(act)},
		{"Effect", act.Effect.String()},
		{"Asked by", plain(h.Request.Actor.Name)},
		{"Approvals", fmt.Sprintf("%d of %d%s", h.Approvals(), a.Need, lacking(h))},
	}
	if h.Pending() && res == nil {
		c.Fields = append(c.Fields, Field{"Open until", until(h) + pace(a)})
	}
	c.Fields = append(c.Fields, Field{"Plan code", a.PlanCode()})
	if a.Bound.Commit != "" {
		c.Fields = append(c.Fields, Field{"Code", short(a.Bound.Commit)})
	}
	if l := h.Request.Label; l.Integrity == rbac.Foreign && len(l.Origins) > 0 {
		c.Fields = append(c.Fields, Field{"Read before", strings.Join(l.Origins, ", ")})
	}
	c.Fields = append(append(c.Fields, waitFields(h, res)...), verdicts(a.Verdicts)...)
	if a.Bound.Plan != nil {
		c.Lines = planLines(a.Bound.Plan.Resources, most)
	}
	if a.Was != nil && a.Bound.Plan != nil {
		c.Fields = append(c.Fields, Field{"Since the last card", difference(*a.Was, *a.Bound.Plan)})
	}
	c.Next = next(h, res)
	c.Buttons = holdButtons(h, res)
	c.Fallback = holdFallback(h, c, res == nil)
	return c
}

// holdFallback is the card in a line: how far it is, why it ended, what it would
// do, and how long people can decide.
func holdFallback(h agent.Hold, c Card, undone bool) string {
	act, status, open := h.Request.Action, upper(c.Status), ""
	switch {
	case undone && h.Pending():
		open = ", open until " + until(h)
	case undone:
		status += because(h.Why)
	}
	return Moments(fmt.Sprintf("%s: %s on %s: %s. Asked by %s%s, plan code %s.", status,
		act.Effect, where(act), c.Body, plain(h.Request.Actor.Name), open, h.Approval.PlanCode()), nil)
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return " (" + plain(why) + ")"
}

// wouldDo is what the call would do, counted from the plan where there is one.
func wouldDo(h agent.Hold) string {
	switch b := h.Approval.Bound; {
	case b.Plan != nil:
		return b.Plan.Counts()
	case b.Summary != "":
		return plain(b.Summary)
	}
	return h.Call.Tool + " " + plain(string(h.Call.Args))
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// until is when a hold is over, with its day when that is another one.
func until(h agent.Hold) string { return clockFrom(h.Opened, h.Expires) }

func short(commit string) string { return commit[:min(len(commit), 12)] }

func verdicts(all []agent.Verdict) (fields []Field) {
	for _, v := range all {
		if !v.Glass { // it has a field of its own
			fields = append(fields, Field{plain(v.By.Name), verdictText(v)})
		}
	}
	return fields
}

func holdTitle(h agent.Hold, res *agent.ToolResult) string {
	what := map[rbac.Effect]string{rbac.Change: "Change", rbac.Destroy: "Destroy in", rbac.Propose: "Propose for"}[h.Request.Action.Effect]
	if what == "" {
		what = "Run " + h.Call.Tool + " on"
	}
	title := what + " " + orSession(h.Request.Action.Stack)
	if h.State == agent.Open && res == nil {
		title += "?"
	}
	return title
}

func orSession(stack string) string {
	if stack == "" {
		return "this session"
	}
	return stack
}

// holdStatus is how far it is, in words that need no colour.
func holdStatus(h agent.Hold, res *agent.ToolResult) (string, Tone) {
	switch {
	case res != nil && res.Applied == "applied":
		return "applied", Good
	case res != nil && res.Applied != "":
		return res.Applied, Bad
	case res != nil && res.Failed:
		return "not run", Bad
	case res != nil:
		return "done", Good
	}
	switch h.State {
	case agent.Open:
		s := fmt.Sprintf("waiting, %d of %d approvals", h.Approvals(), h.Approval.Need)
		if h.Frozen != nil {
			s += ", frozen"
		}
		return s, Waiting
	case agent.Approved:
		switch {
		case h.Approval.Broken() != nil:
			return "glass broken, starting", Waiting
		case h.Frozen != nil:
			return "approved, waits for the end of the freeze", Waiting
		}
		return "approved, starting", Waiting
	case agent.Consumed:
		return "running", Waiting
	case agent.Denied:
		return "declined", Bad
	}
	return h.State.String(), Bad
}

func next(h agent.Hold, res *agent.ToolResult) string {
	who := plain(h.Request.Actor.Name)
	switch {
	case res != nil:
		return plain(res.Text)
	case h.State == agent.Open:
		by := "An approval by somebody other than " + who + " runs"
		if n := h.Approval.Need; n > 1 {
			by = fmt.Sprintf("%d approvals by people other than %s run", n, who)
		}
		by += " exactly this, as " + who + "'s change."
		if h.Frozen != nil {
			by += " " + thawing(h)
		}
		return by + " If code, state or plan move, the card is void."
	case h.State == agent.Approved && h.Approval.Broken() != nil:
		return "It starts now. Everybody is told, and a review opens when it has ended. A decline still wins until it has begun."
	case h.State == agent.Approved && h.Frozen != nil:
		return thawing(h) + " A decline still wins until it has begun."
	case h.State == agent.Approved:
		return "It starts now. A decline still wins until it has begun."
	case h.State == agent.Consumed:
		return "The stored plan is being applied. Say stop to interrupt it gently."
	case h.State == agent.Denied:
		return "Nothing was run" + reason(h.Why) + "."
	}
	return "Nothing was run" + reason(h.Why) + ". Ask again makes a fresh plan and a new card."
}

func holdButtons(h agent.Hold, res *agent.ToolResult) []Button {
	v := h.ID + "." + h.Approval.PlanCode()
	decline, back := Button{Label: "Decline", Verb: verbDeny, Value: v, Style: Danger, Opens: true}, Button{Label: "Take back", Verb: verbBack, Value: v}
	switch {
	case h.State == agent.Open && res == nil:
		all := []Button{{Label: "Approve", Verb: verbApprove, Value: v, Style: Primary, Opens: h.Confirm() != ""}, decline}
		if h.Approval.Bound.Plan != nil {
			all = append(all, Button{Label: labelPlan, Verb: verbPlan, Value: v, Opens: true})
		}
		all = append(all, Button{Label: labelWho, Verb: verbWho, Value: v, Opens: true})
		if h.Approvals() > 0 {
			all = append(all, back)
		}
		if h.Approval.Glass {
			all = append(all, Button{Label: labelGlass, Verb: verbGlass, Value: v, Style: Danger, Opens: true})
		}
		return all
	case h.State == agent.Approved && res == nil:
		if h.Approval.Broken() != nil {
			return []Button{decline}
		}
		return []Button{decline, back} // until the call begins
	case h.State == agent.Void || h.State == agent.Expired, res != nil && res.Applied == "not applied":
		return []Button{{Label: labelAgain, Verb: verbAgain, Value: v}}
	}
	return nil
}

// whyNot asks for the reason of a decline.
func whyNot(value string) *Card {
	return &Card{
		Title: "Why not?", Body: "Your reason is shown on the card and told to the one who asked.",
		Fallback: "Why not?", Buttons: []Button{{Label: "Decline", Verb: verbDeny, Value: value, Style: Danger}},
	}
}
