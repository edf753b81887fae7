package bot

import (
	"context"

	"interlock/rbac"
)

// whatWaits is a question that is asked often; it is the command approvals.
const whatWaits = "what waits for approval?"

// mostPrompts is how many suggestions a chat shows.
const mostPrompts = 4

// Prompts are things to say in a room, as suggestions: those about a stack only
// where this person may read of it, so that none leads into a refusal.
func (in *Inbox) Prompts(ctx context.Context, org, room string, who rbac.Actor) (all []string) {
	v := view{Inbox: in, org: org, who: in.who(ctx, who)}
	if in.Control.Gate.Decide(ctx, v.asks()).Outcome != rbac.Allow {
		return []string{"help"}
	}
	if in.Stacks != nil {
		for _, s := range in.Stacks(org) {
			if v.scans(ctx, s, room) {
				all = append(all, "scan "+s.Name, "plan "+s.Name)
				break
			}
		}
	}
	all = append(all, whatWaits, "status", "help")
	return all[:min(len(all), mostPrompts)]
}
