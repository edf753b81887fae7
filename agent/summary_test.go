package agent

import (
	"strings"
	"testing"

	"interlock/rbac"
)

// What a model is told of a card is what people did: who took an approval back, or broke
// the glass, did not decline, and only the approvals that stand are named.
func TestVerdictsInASummary(t *testing.T) {
	t.Parallel()
	ana, bo := rbac.Actor{ID: "ana", Name: "Ana"}, rbac.Actor{ID: "bo", Name: "Bo"}
	h := Hold{Approval: &Approval{Digest: "7f3a91c2aa"}}
	for _, c := range []struct {
		v    Verdict
		want string
		yes  string // who stands by it then
	}{
		{Verdict{By: ana, Approve: true}, "Ana approved card 7f3a-91c2", "Ana"},
		{Verdict{By: bo, Approve: true}, "Bo approved card 7f3a-91c2", "Ana, Bo"},
		{Verdict{By: ana, Back: true}, "Ana took back their approval of card 7f3a-91c2", "Bo"},
		{Verdict{By: ana, Approve: true}, "Ana approved card 7f3a-91c2", "Bo, Ana"},
		{Verdict{By: bo, Glass: true, Reason: "all is down"}, "Bo broke the glass, so that card 7f3a-91c2 runs without the approvals that are missing: all is down", "Bo, Ana"},
		{Verdict{By: ana, Reason: "no"}, "Ana declined card 7f3a-91c2: no", "Bo, Ana"},
	} {
		h.Approval.Verdicts = append(h.Approval.Verdicts, c.v)
		got := (&Session{}).entry(Event{Seq: 1, Kind: KindVerdict, Actor: c.v.By, Payload: Payload{Text: c.v.Reason, Hold: &h}})
		if !strings.HasSuffix(got.text, " "+c.want) || got.weight != heavy {
			t.Errorf("%q, want %q", got.text, c.want)
		}
		if f := factsOf(Payload{Hold: &h}); f.Yes != c.yes {
			t.Errorf("after %q: approved by %q, want %q", c.want, f.Yes, c.yes)
		}
	}
}
