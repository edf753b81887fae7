package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"interlock/agent"
	"interlock/rbac"
)

// why explains a card from its record: one of this channel, or of a stack that is spoken
// of here and that the person may read. Any other answers like one that does not exist.
func (in *Inbox) why(ctx context.Context, c Command) (Reply, error) {
	if d := in.mayRead(ctx, c); d.Outcome != rbac.Allow {
		return said("Refused: " + d.Why() + "."), nil
	}
	if c.Text == "" {
		return said("Say: why PLAN-CODE. It stands on the card. To ask the agent, say it in more words."), nil
	}
	holds, err := in.Records.HoldByCode(ctx, c.Org, c.Text)
	if err != nil {
		return Reply{}, fmt.Errorf("find card: %w", err)
	}
	by, room := in.who(ctx, c.Actor), c.Thread.Room()
	holds = slices.DeleteFunc(holds, func(h agent.Hold) bool {
		spoken := h.Request.Action.Stack != "" && in.reads(ctx, by, h.Request, room).Outcome == rbac.Allow
		return h.Thread.Room() != room && !spoken
	})
	if len(holds) == 0 {
		return said("There is no card " + plain(c.Text) + " in this channel."), nil
	}
	h := holds[0]
	d := in.Control.Gate.Decide(ctx, h.Request)
	card := &Card{Title: "Why " + waitsFor(h), Fields: []Field{
		{"Card", h.State.String() + reason(h.Why)},
		{"Asked by", h.Request.Actor.Name},
		{"Call", h.Call.Tool + " on " + where(h.Request.Action)},
		{"Effect", h.Request.Action.Effect.String()},
		{"Policy now", d.Why()},
	}}
	if len(d.Whom) > 0 {
		card.Fields = append(card.Fields, Field{"Who can approve", strings.Join(d.Whom, ", ")})
	}
	if h.Approval != nil {
		for _, v := range h.Approval.Verdicts {
			card.Fields = append(card.Fields, Field{v.By.Name, verdictText(v)})
		}
	}
	card.Fallback = card.Title + ": " + h.State.String() + reason(h.Why) + ". " + d.Why()
	return Reply{Note: card}, nil
}

func reason(why string) string {
	if why == "" {
		return ""
	}
	return ": " + plain(why)
}

func verdictText(v agent.Verdict) string {
	if v.Approve {
		return "approved at " + clock(v.At)
	}
	switch {
	case v.Back:
		return "took the approval back at " + clock(v.At)
	case v.Glass:
		return "broke the glass at " + clock(v.At) + reason(v.Reason)
	}
	return "declined at " + clock(v.At) + reason(v.Reason)
}
