package agent

import (
	"context"
	"slices"

	"interlock/rbac"
)

// heard joins to a label the words of other people in the thread who could not
// have asked for this call themselves: the model read them too, and nobody's
// words may reach further through somebody else's rights.
func (u *run) heard(ctx context.Context, r rbac.Request) rbac.Label {
	l := r.Label
	if !r.Action.Outward() {
		return l
	}
	for _, who := range u.s.speakers(r.Actor) {
		as := r
		as.Actor, as.Label = who, rbac.Clean()
		if u.Gate.Decide(ctx, as).Outcome == rbac.Deny {
			l = l.Join(rbac.Label{Integrity: rbac.Foreign, Confidentiality: rbac.Internal, Origins: []string{"words of " + line(who.Name)}})
		}
	}
	return l
}

// speakers are those, beside one, whose words a model reads: of asks, answers
// and reasons.
func (s *Session) speakers(but rbac.Actor) (who []rbac.Actor) {
	for _, ev := range s.Events {
		switch ev.Kind {
		case KindAsk, KindAnswered:
		case KindVerdict:
			if ev.Payload.Text == "" {
				continue
			}
		default:
			continue
		}
		same := func(a rbac.Actor) bool { return a.Subject() == ev.Actor.Subject() }
		if !same(but) && !slices.ContainsFunc(who, same) {
			who = append(who, ev.Actor)
		}
	}
	return who
}
