package slack

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slack-go/slack"
)

func TestPaceOfAChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, began := newPace(), time.Now()
		for i, want := range []time.Duration{0, time.Second, 2 * time.Second} {
			if err := p.turn(t.Context(), methodPost, "C1"); err != nil || time.Since(began) != want {
				t.Errorf("turn %d after %v, %v", i, time.Since(began), err)
			}
		}
		if err := p.turn(t.Context(), methodPost, "C2"); err != nil || time.Since(began) != 2*time.Second {
			t.Errorf("another channel waited: %v, %v", time.Since(began), err)
		}
		if !p.free(methodPost, "C3") || p.free(methodPost, "C3") {
			t.Error("a free channel is held, or a busy one is not")
		}
	})
}

func TestOneLooksWhenA429IsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace()
		limited := &slack.RateLimitedError{RetryAfter: 10 * time.Second}
		p.heed(methodPost, limited)
		var held *heldError
		if err := p.turn(t.Context(), methodPost, "C1"); !errors.As(err, &held) || held.wait != 10*time.Second {
			t.Fatalf("held as %v", err)
		}
		time.Sleep(10 * time.Second)
		if err := p.turn(t.Context(), methodPost, "C1"); err != nil {
			t.Fatalf("nobody looks: %v", err)
		}
		if err := p.turn(t.Context(), methodPost, "C2"); err == nil {
			t.Error("two look at once")
		}
		p.heed(methodPost, limited)
		time.Sleep(10 * time.Second)
		if err := p.turn(t.Context(), methodPost, "C1"); err != nil {
			t.Fatalf("nobody looks again: %v", err)
		}
		p.heed(methodPost, nil)
		for _, c := range []string{"C2", "C3"} {
			if err := p.turn(t.Context(), methodPost, c); err != nil {
				t.Errorf("still held: %v", err)
			}
		}
		if err := p.turn(t.Context(), methodUpdate, "C9"); err != nil {
			t.Errorf("another method is held: %v", err)
		}
	})
}

// Whoever looked and never came back does not hold the others for ever.
func TestALookThatIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace()
		p.heed(methodPost, &slack.RateLimitedError{RetryAfter: time.Second})
		time.Sleep(time.Second)
		if err := p.turn(t.Context(), methodPost, "C1"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(lookTime)
		if err := p.turn(t.Context(), methodPost, "C2"); err != nil {
			t.Errorf("held for ever: %v", err)
		}
	})
}
