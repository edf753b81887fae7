package bot

import (
	"fmt"
	"strings"

	"interlock/agent"
	"interlock/rbac"
)

// lacking says what an open card still needs beside a number, and who can help.
func lacking(h agent.Hold) string {
	if h.State != agent.Open {
		return ""
	}
	if whom := h.Approval.Whom; len(whom) > 0 {
		return needs(h) + "; can approve: " + plain(strings.Join(whom, ", "))
	}
	return needs(h)
}

// needs names the demands on who approves; anyone else the number counts.
func needs(h agent.Hold) string {
	var all []string
	for _, n := range h.Approval.Missing {
		if len(n.From) > 0 {
			all = append(all, n.String())
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "; still needed: " + strings.Join(all, ", ")
}

// pace says whether quiet hours count.
func pace(a *agent.Approval) string {
	if a.Urgent {
		return ", urgent"
	}
	return ""
}

// waitFields say who was called, who is next, what holds the call, and whether
// the glass was broken.
func waitFields(h agent.Hold, res *agent.ToolResult) (fields []Field) {
	a := h.Approval
	if f := h.Frozen; f != nil && h.Pending() && res == nil && a.Broken() == nil {
		fields = append(fields, Field{"Frozen", frozenText(*f)})
	}
	if h.State == agent.Open && res == nil {
		fields = append(fields, calledFields(h)...)
	}
	if v := a.Broken(); v != nil {
		text := fmt.Sprintf("by %s at %s%s", plain(v.By.Name), clock(v.At), reason(v.Reason))
		if n := a.Need - h.Approvals(); n > 0 {
			text += fmt.Sprintf("; without %d of %d approvals", n, a.Need)
		}
		if h.Frozen != nil {
			text += "; it does not wait for the freeze"
		}
		fields = append(fields, Field{"Glass broken", text})
	}
	return fields
}

// calledFields say who was told that the card waits for them, and who is told next.
func calledFields(h agent.Hold) (fields []Field) {
	a := h.Approval
	var called []string
	for _, c := range a.Called {
		called = append(called, plain(strings.Join(c.Names, ", "))+" at "+clockFrom(h.Opened, c.At))
	}
	var next []string
	if len(a.NextUp) > 0 && (a.Chain == "" || a.Alert == nil) { // a chain that has begun says itself who is next
		next = append(next, plain(strings.Join(a.NextUp, ", "))+" at "+clockFrom(h.Opened, a.NextAt))
	}
	if a.Alert != nil {
		told, then := chainCalls(*a.Alert)
		called, next = append(called, told...), append(next, then)
	}
	if len(called) > 0 {
		fields = append(fields, Field{"Called", strings.Join(called, "; ")})
	}
	if len(next) > 0 {
		fields = append(fields, Field{"Called next", strings.Join(next, "; ")})
	}
	return fields
}

// thawing says when a frozen call can start, and who can end the freeze.
func thawing(h agent.Hold) string {
	order := "thaw " + plain(h.Frozen.Env)
	if h.Expires.Before(h.Frozen.Until) {
		return "The freeze outlasts the card: it starts only if an approver says before " + until(h) + ": " + order + "."
	}
	return "It starts when the freeze ends; an approver can end it: " + order + "."
}

func frozenText(f rbac.Freeze) string {
	return fmt.Sprintf("%s until %s by %s%s", frozenWhere(f.Env), dated(f.Until), plain(f.By), reason(f.Reason))
}

func frozenWhere(env string) string {
	if env == agent.AllEnvironments {
		return "every environment"
	}
	return plain(env)
}
