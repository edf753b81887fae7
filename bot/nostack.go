package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"interlock/rbac"
)

// noStack answers a scan or plan that names no stack, or none that is configured, with
// those that this person may read about here. Who may ask for nothing is refused by the
// run, as ever.
func (in *Inbox) noStack(ctx context.Context, c Command) (r Reply, none bool) {
	var all []Stack
	if in.Stacks != nil {
		all = in.Stacks(c.Org)
	}
	known := slices.ContainsFunc(all, func(s Stack) bool { return s.Name == c.Text })
	if c.Text != "" && (known || in.Stacks == nil || in.mayRead(ctx, c).Outcome != rbac.Allow) {
		return Reply{}, false
	}
	var names []string
	for _, s := range all {
		of := rbac.Request{Org: c.Org, Action: rbac.Action{Tool: "drift_scan", Stack: s.Name, Environment: s.Environment}}
		if in.reads(ctx, in.who(ctx, c.Actor), of, c.Thread.Room()).Outcome == rbac.Allow {
			names = append(names, s.Name)
		}
	}
	text := "Say: " + c.Name + " STACK."
	if c.Text != "" {
		text = "There is no stack " + plain(c.Text) + "."
	}
	if len(names) == 0 {
		return said(text + " You can read about none in this channel."), true
	}
	listed, more := names, ""
	if n := len(names) - mostPlaced; n > 0 {
		listed, more = names[:mostPlaced], fmt.Sprintf(" and %d more", n)
	}
	return said(text + " Stacks of this channel: " + plain(strings.Join(listed, ", ")) + more + "."), true
}
