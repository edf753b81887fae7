package bot

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// ices are freezes, and what they hold.
type ices struct {
	freezes   []rbac.Freeze
	undecided []agent.Hold
	err       error
}

func (s ices) Frozen(context.Context, string) ([]rbac.Freeze, error) { return s.freezes, nil }

func (s ices) Undecided(context.Context, string) ([]agent.Hold, error) { return s.undecided, s.err }

// icy has a freeze that goes on and one that is over, and what they hold in two rooms.
func icy() ices {
	now := time.Now()
	f := rbac.Freeze{Env: "prod", Until: now.Add(time.Hour), By: "Bob", Reason: "a release"}
	over := rbac.Freeze{Env: "lab", Until: now.Add(-time.Hour), By: "Bob", Reason: "gone"}
	held := approval()
	held.State, held.Thread, held.Frozen, held.Expires = agent.Approved, here, &f, now.Add(2*time.Hour)
	there, open, late := held, held, held
	there.Thread, open.State, late.Frozen = agent.Thread{Platform: "slack", Channel: "C1"}, agent.Open, &over
	return ices{freezes: []rbac.Freeze{over, f}, undecided: []agent.Hold{held, there, open, late}}
}

func icyFields(t *testing.T, in *Inbox, text string) (c Card, all string) {
	t.Helper()
	r, err := in.Mention(t.Context(), Mention{ID: "m", Org: "acme", Thread: here, Actor: alice, Text: text})
	if err != nil || r.Note == nil {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, f := range r.Note.Fields {
		all += f.Name + "= " + Moments(f.Value, func(time.Time, string) string { return "then" }) + "\n"
	}
	return *r.Note, all
}

// Whoever looks what goes on sees what is frozen, and what waits for it.
func TestFrozenIsSeen(t *testing.T) {
	t.Parallel()
	const frozen, held = "Frozen= prod until then by Bob: a release\n", "2 approved changes wait for the end of a freeze (1 in other channels)"
	for _, text := range []string{"status", "approvals"} {
		in := (&desk{}).inbox()
		in.Freezes = icy()
		c, all := icyFields(t, in, text)
		if strings.Count(all, "Frozen= ") != 1 || !strings.Contains(all, frozen+"Held back= "+held+"\n") || !strings.Contains(c.Fallback, held) {
			t.Errorf("%s: %q and\n%s", text, c.Fallback, all)
		}
		if listed := strings.Contains(all, "7f3a-91c2= tofu_apply on payments-prod (prod)"); listed != (text == "approvals") {
			t.Errorf("%s lists the card: %v\n%s", text, listed, all)
		}
		calm := icy()
		calm.undecided = nil
		in.Freezes = calm
		if c, all = icyFields(t, in, text); !strings.Contains(all, frozen) || strings.Contains(all, "Held back") || !strings.Contains(strings.ToLower(c.Fallback), "frozen: prod") {
			t.Errorf("%s without cards: %q and\n%s", text, c.Fallback, all)
		}
		in.Freezes = ices{err: errors.New("down")}
		if r, err := in.Command(t.Context(), Command{Org: "acme", Thread: here, Name: text}); err == nil {
			t.Errorf("%s of nothing readable says %+v", text, r)
		}
	}
}

func TestManyFreezes(t *testing.T) {
	t.Parallel()
	all := make([]rbac.Freeze, 7)
	if fields := frozenFields(all, 2, ""); len(fields) != 6 || fields[5] != (Field{"Frozen too", "4 more freezes"}) {
		t.Errorf("%+v", fields)
	}
	for want, n := range map[string][2]int{
		"": {}, "1 approved change waits for the end of a freeze": {1, 0}, "1 approved change waits for the end of a freeze (1 in other channels)": {0, 1},
	} {
		if got := heldText(n[0], n[1]); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
