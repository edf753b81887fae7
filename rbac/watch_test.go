package rbac

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// kept is where two Watches look for one Org's policy, as two processes would.
type kept struct {
	mu                sync.Mutex
	version           int
	now               *Snapshot
	down, broken, bad error
	loads             atomic.Int64
	failed            atomic.Int64
	slow              int // turns that a load gives to others
}

func (k *kept) watch() *Watch {
	return &Watch{
		Version: func(_ context.Context, org string) (string, error) {
			k.mu.Lock()
			defer k.mu.Unlock()
			return fmt.Sprint(org, k.version), k.down
		},
		Load: func(context.Context, string) (*Snapshot, error) {
			k.loads.Add(1)
			for range k.slow {
				runtime.Gosched()
			}
			k.mu.Lock()
			defer k.mu.Unlock()
			if k.bad != nil {
				return nil, fmt.Errorf("read: %w", &BadPolicy{k.bad})
			}
			return k.now, k.broken
		},
		Failed: func(context.Context, string, error) { k.failed.Add(1) },
	}
}

// put moves the version.
func (k *kept) put(set func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	set()
	k.version++
}

// repair changes what an attempt finds, and no version.
func (k *kept) repair(set func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	set()
}

func wide(t *testing.T) *Snapshot { return policy(t, acme()) }

func narrow(t *testing.T) *Snapshot {
	o := acme()
	o.Lines = []Line{{"role:operator", "*", "*", "deny", ""}}
	return policy(t, o)
}

func outcome(t *testing.T, w *Watch) Outcome {
	t.Helper()
	return (&Enforcer{w}).Decide(t.Context(), ask("op", "gated", Change)).Outcome
}

func TestWatchSeesItAtTheNextDecision(t *testing.T) {
	t.Parallel()
	k := &kept{now: wide(t)}
	here, there := k.watch(), k.watch()
	for i, s := range []*Snapshot{wide(t), narrow(t), wide(t), narrow(t)} {
		k.put(func() { k.now = s })
		want := []Outcome{Ask, Deny}[i%2]
		for range 3 {
			if a, b := outcome(t, here), outcome(t, there); a != want || b != want {
				t.Errorf("%d: %v %v, want %v", i, a, b, want)
			}
		}
		if n := k.loads.Load(); n != int64(2*(i+1)) {
			t.Errorf("%d: loaded %d times", i, n)
		}
	}
	if n := k.failed.Load(); n != 0 {
		t.Errorf("%d failures are told", n)
	}
}

// What cannot be read denies, and is tried again.
func TestWatchDown(t *testing.T) {
	t.Parallel()
	for what, broken := range map[string]func(*kept, error){
		"version": func(k *kept, err error) { k.down = err },
		"load":    func(k *kept, err error) { k.broken = err },
	} {
		k := &kept{now: wide(t)}
		w := k.watch()
		if outcome(t, w) != Ask {
			t.Errorf("%s: not in force", what)
		}
		k.put(func() { broken(k, errors.New("down")) })
		before := k.loads.Load()
		for range 2 {
			if outcome(t, w) != Deny {
				t.Errorf("%s: the old policy serves", what)
			}
		}
		if n := k.loads.Load() - before; what == "load" && n != 2 {
			t.Errorf("tried %d times", n)
		}
		k.repair(func() { broken(k, nil) })
		if outcome(t, w) != Ask {
			t.Errorf("%s: not tried again", what)
		}
		if k.failed.Load() != 0 {
			t.Errorf("%s: told as a bad policy", what)
		}
	}
}

// A policy that cannot serve leaves the one before in force, until the next.
func TestWatchBadPolicy(t *testing.T) {
	t.Parallel()
	k := &kept{now: wide(t)}
	w := k.watch()
	want := func(when string, o Outcome, loads, failed int64) {
		t.Helper()
		for range 3 {
			if got := outcome(t, w); got != o {
				t.Errorf("%s: %v, want %v", when, got, o)
			}
		}
		if l, f := k.loads.Load(), k.failed.Load(); l != loads || f != failed {
			t.Errorf("%s: loaded %d times, told %d times", when, l, f)
		}
	}
	want("good", Ask, 1, 0)
	k.put(func() { k.bad = errors.New("line 3") })
	want("bad", Ask, 2, 1)
	k.put(func() {})
	want("bad again", Ask, 3, 2)
	k.put(func() { k.now, k.bad = narrow(t), nil })
	want("good again", Deny, 4, 2)

	k = &kept{bad: errors.New("line 3")}
	w = k.watch()
	want("bad from the start", Deny, 1, 1)
	if _, err := w.Policy(t.Context(), "acme"); !errors.Is(err, k.bad) {
		t.Errorf("%v", err)
	}
	k.put(func() { k.now, k.bad = wide(t), nil })
	want("then good", Ask, 2, 1)
	w.Failed = nil
	k.put(func() { k.bad = errors.New("line 3") })
	want("nobody is told", Ask, 3, 1)
}

func TestWatchRefuses(t *testing.T) {
	t.Parallel()
	k := &kept{}
	for what, w := range map[string]*Watch{
		"zero":       {},
		"no loader":  {Version: k.watch().Version},
		"no version": {Load: (&kept{now: wide(t)}).watch().Load},
		"nothing":    k.watch(),
	} {
		if p, err := w.Policy(t.Context(), "acme"); err == nil || p != nil {
			t.Errorf("%s: %v", what, p)
		}
	}
	w := (&kept{now: wide(t)}).watch()
	if p, err := w.Policy(t.Context(), "umbrella"); err == nil || p != nil {
		t.Errorf("another Org gets a policy that is not its own: %v", p)
	}
}

// Many ask at once after a change: one loads, and all see the new policy. (Not in
// a bubble of synctest: who waits for a mutex there stops its clock.)
func TestWatchLoadsOnce(t *testing.T) {
	t.Parallel()
	before, after := wide(t), narrow(t)
	k := &kept{now: before, slow: 1000}
	w := k.watch()
	all := func(want *Snapshot) {
		t.Helper()
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if p, err := w.Policy(t.Context(), "acme"); err != nil || p != Policy(want) {
					t.Errorf("%v %v", p, err)
				}
			})
		}
		wg.Wait()
	}
	all(before)
	k.put(func() { k.now = after })
	all(after)
	if n := k.loads.Load(); n != 2 {
		t.Errorf("loaded %d times", n)
	}
}

// It moves while it is loaded: whoever asks afterwards sees the newest.
func TestWatchMovesWhileItLoads(t *testing.T) {
	t.Parallel()
	before, after := wide(t), narrow(t)
	k := &kept{now: before}
	w := k.watch()
	load := w.Load
	w.Load = func(ctx context.Context, org string) (*Snapshot, error) {
		s, err := load(ctx, org)
		if k.loads.Load() == 1 {
			k.put(func() { k.now = after })
		}
		return s, err
	}
	if p, err := w.Policy(t.Context(), "acme"); err != nil || p != Policy(before) {
		t.Errorf("%v %v", p, err)
	}
	if p, err := w.Policy(t.Context(), "acme"); err != nil || p != Policy(after) {
		t.Errorf("%v %v", p, err)
	}
}

func TestBadPolicySaysWhy(t *testing.T) {
	t.Parallel()
	cause := errors.New("line 3")
	if err := error(&BadPolicy{cause}); err.Error() != "policy: line 3" || !errors.Is(err, cause) {
		t.Error(err)
	}
}
