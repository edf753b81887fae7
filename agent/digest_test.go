package agent

import (
	"testing"
	"time"

	"interlock/rbac"
)

// Each bound field moves the digest, and a byte that wanders between two does too.
func TestDigestBindsEachField(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for i, move := range []func(h *Hold, b *Bound){
		func(*Hold, *Bound) {},
		func(h *Hold, _ *Bound) { h.Org = "x" },
		func(h *Hold, _ *Bound) { h.Session = "x" },
		func(h *Hold, _ *Bound) { h.ID = "x" },
		func(h *Hold, _ *Bound) { h.Call.ID = "x" },
		func(h *Hold, _ *Bound) { h.Call.Tool = "x" },
		func(h *Hold, _ *Bound) { h.Call.Args = []byte("{}") },
		func(h *Hold, _ *Bound) { h.Expires = h.Expires.Add(1) },
		func(h *Hold, _ *Bound) { h.Request.Actor = rbac.Actor{ID: "x"} },
		func(_ *Hold, b *Bound) { b.Artifact = "x" },
		func(_ *Hold, b *Bound) { b.Serial = 1 },
		func(_ *Hold, b *Bound) { b.Lineage = "x" },
		func(_ *Hold, b *Bound) { b.Commit = "x" },
		func(_ *Hold, b *Bound) { b.Image = "x" },
		func(_ *Hold, b *Bound) { b.Commit, b.Image = "c", "ai" },
		func(_ *Hold, b *Bound) { b.Commit, b.Image = "ca", "i" },
	} {
		h, b := Hold{Expires: time.Unix(0, 0)}, Bound{}
		move(&h, &b)
		d := digest([]byte("k"), h, b)
		if j, dup := seen[d]; dup {
			t.Errorf("case %d gives the digest of case %d", i, j)
		}
		seen[d] = i
	}
	if _, dup := seen[digest([]byte("other"), Hold{Expires: time.Unix(0, 0)}, Bound{})]; dup {
		t.Error("the key does not matter")
	}
}

func TestCanonicalArguments(t *testing.T) {
	t.Parallel()
	a, err := canonical([]byte(`{"b": 12345678901234567890, "a": 1, "a": 2}`))
	if err != nil || string(a) != `{"a":2,"b":12345678901234567890}` {
		t.Errorf("%s %v", a, err)
	}
	for _, bad := range []string{`[]`, `{`, `{} {}`, `null x`} {
		if _, err := canonical([]byte(bad)); err == nil {
			t.Errorf("%s accepted", bad)
		}
	}
}

func TestCommandNeedsItsContainer(t *testing.T) {
	t.Parallel()
	for _, c := range []Command{{}, {Org: "o", Session: "s", Call: "c", Argv: []string{"true"}, In: InSession, Scope: "aws"}, {Org: "o", Session: "s", Call: "c", Argv: []string{"true"}, In: 9}, {In: InFresh, Argv: []string{"true"}}} {
		if c.Check() == nil {
			t.Errorf("%+v accepted", c)
		}
	}
	if err := (Command{Org: "o", Session: "s", Call: "c", In: InFresh, Argv: []string{"true"}, Scope: "aws"}).Check(); err != nil {
		t.Error(err)
	}
}
