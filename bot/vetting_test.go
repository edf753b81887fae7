package bot

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"interlock/rbac"
)

func TestVetting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		var down error
		v := NewVetting(time.Minute, func(_ context.Context, who rbac.Actor) (Profile, error) {
			asked.Add(1)
			time.Sleep(time.Second)
			return Profile{Name: "Ana of " + who.Tenant, Outsider: "a guest"}, down
		})
		ana := rbac.Actor{Tenant: "T1", ID: "ana", Name: "ana"}
		if v.Name(ana) != "" {
			t.Error("known before anybody asked")
		}
		short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		left := make(chan error)
		go func() { _, err := v.Vouch(short, ana); left <- err }() // the first of them leaves
		for range 9 {
			go func() { _, _ = v.Vouch(t.Context(), ana) }()
		}
		if err := <-left; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who left: %v", err)
		}
		p, err := v.Vouch(t.Context(), ana)
		if got := p.Tell(ana); err != nil || asked.Load() != 1 || got.Name != "Ana of T1" || got.Outsider != "a guest" || v.Name(ana) != got.Name {
			t.Errorf("%+v, %v, asked %d times", got, err, asked.Load())
		}
		if p, err := v.Vouch(t.Context(), rbac.Actor{Tenant: "T2", ID: "ana"}); err != nil || p.Name != "Ana of T2" {
			t.Errorf("somebody else of the same id: %+v, %v", p, err)
		}
		down = errors.New("away")
		time.Sleep(Fresh)
		if _, err := v.Vouch(t.Context(), ana); !errors.Is(err, down) {
			t.Errorf("whoever decides: %v", err)
		}
		if p, err := v.Vet(t.Context(), ana); err != nil || p.Name != "Ana of T1" {
			t.Errorf("what is underway: %+v, %v", p, err)
		}
		time.Sleep(Stale)
		if p, err := v.Vet(t.Context(), ana); !errors.Is(err, down) || p.Tell(ana) != ana {
			t.Errorf("after too long: %+v, %v", p, err)
		}
	})
}

// What is known against somebody is not taken back by a platform that says less.
func TestTell(t *testing.T) {
	t.Parallel()
	who := rbac.Actor{ID: "U1", Name: "old", Outsider: "of another workspace"}
	if got := (Profile{Name: "new", Outsider: "a guest"}).Tell(who); got.Name != "new" || got.Outsider != "of another workspace" {
		t.Errorf("%+v", got)
	}
	if got := (Profile{}).Tell(who); got != who {
		t.Errorf("%+v", got)
	}
}
