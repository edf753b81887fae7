package bot

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// pile is an outbox of rows that are all due, and notes what became of each.
type pile struct {
	mu     sync.Mutex
	rows   []Row
	became map[string]string
	waits  map[string]time.Duration
}

func (s *pile) Pending(context.Context, string, int) ([]Row, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Row(nil), s.rows...), nil
}

func (s *pile) note(row, what string, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.became == nil {
		s.became, s.waits = map[string]string{}, map[string]time.Duration{}
	}
	s.became[row], s.waits[row] = what, wait
}

func (s *pile) Sent(_ context.Context, _, row, _ string, _ Ref) error {
	s.note(row, "sent", 0)
	return nil
}

func (s *pile) Later(_ context.Context, _, row string, until time.Time, _ string) error {
	s.note(row, "later", time.Until(until))
	return nil
}

func (s *pile) Dropped(_ context.Context, _, row, _ string) error {
	s.note(row, "dropped", 0)
	return nil
}

func (s *pile) Copy(_ context.Context, _, row string, rooms []string) error {
	for _, room := range rooms {
		s.note(row+"@"+room, "copied", 0)
	}
	return nil
}

func (s *pile) Ref(context.Context, string, string) (Ref, bool, error) { return Ref{}, false, nil }

// booth is a chat whose rooms each answer in their own way.
type booth struct {
	mu        sync.Mutex
	posts     func(room string) error
	whispered []rbac.Actor
	at        map[string]time.Time
}

func (b *booth) Post(_ context.Context, _ string, t agent.Thread, _ Card) (Ref, error) {
	err := b.posts(t.Channel)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at[t.Channel] = time.Now()
	return Ref{Thread: t, MessageID: "1"}, err
}

func (b *booth) Edit(context.Context, string, Ref, Card) error { return nil }

func (b *booth) Find(context.Context, string, agent.Thread, string) (Ref, bool, error) {
	return Ref{}, false, nil
}

func (b *booth) Whisper(_ context.Context, _ string, _ agent.Thread, to rbac.Actor, _ Card) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.whispered = append(b.whispered, to)
	return nil
}

func told(room, id string, attempts int) Row {
	return Row{
		ID: id, Attempts: attempts, Thread: agent.Thread{Platform: "booth", Channel: room, ID: id},
		Event: agent.Event{Kind: agent.KindNotice, At: time.Now(), Payload: agent.Payload{Title: "Notice", Text: "x"}},
	}
}

func TestWhatBecomesOfAFailedPost(t *testing.T) {
	for name, c := range map[string]struct {
		err      error
		attempts int
		became   string
		wait     time.Duration
	}{
		"shown":                   {nil, 0, "sent", 0},
		"never possible":          {&PostError{Permanent: true}, 0, "dropped", 0},
		"uncertain":               {errors.New("cut off"), 0, "later", time.Second},
		"uncertain again":         {errors.New("cut off"), 3, "later", 8 * time.Second},
		"uncertain for days":      {errors.New("cut off"), 400, "later", 256 * time.Second},
		"refused again and again": {&PostError{Refused: true}, 29, "dropped", 0},
		"too many requests":       {&PostError{Refused: true, After: 7 * time.Second}, 3, "later", 7 * time.Second},
		"a storm of an hour":      {&PostError{Refused: true, After: 7 * time.Second}, 500, "later", 7 * time.Second},
		"no access for some days": {&PostError{Refused: true, After: time.Minute}, 4000, "later", time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &pile{rows: []Row{told("r", "1", c.attempts)}}
				b := &booth{posts: func(string) error { return c.err }, at: map[string]time.Time{}}
				o := &Outbox{Rows: s, Platforms: map[string]Platform{"booth": b}}
				_, _ = o.Drain(t.Context(), "acme")
				if s.became["1"] != c.became || s.waits["1"] != c.wait {
					t.Errorf("%s for %v, want %s for %v", s.became["1"], s.waits["1"], c.became, c.wait)
				}
			})
		})
	}
}

// A room that takes its time holds up nobody else, and not all of its own rows
// keep the others from being looked at again.
func TestRoomsAreWrittenToSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &pile{}
		for _, id := range []string{"1", "2", "3", "4"} {
			s.rows = append(s.rows, told("slow", id, 0))
		}
		s.rows = append(s.rows, told("quick", "5", 0))
		b := &booth{at: map[string]time.Time{}, posts: func(room string) error {
			if room == "slow" {
				time.Sleep(700 * time.Millisecond)
			}
			return nil
		}}
		began := time.Now()
		o := &Outbox{Rows: s, Platforms: map[string]Platform{"booth": b}}
		n, err := o.Drain(t.Context(), "acme")
		if err != nil || n != 3 || time.Since(began) > 2*roundTime {
			t.Errorf("%d shown in %v, %v", n, time.Since(began), err)
		}
		if d := b.at["quick"].Sub(began); d > 0 {
			t.Errorf("the quick room waited %v", d)
		}
	})
}

// That a stranger was refused is told to the stranger.
func TestAnOutsiderIsToldAlone(t *testing.T) {
	row := told("r", "1", 0)
	row.Event.Kind = agent.KindRefused
	row.Event.Payload = agent.Payload{Text: "a guest may do nothing", Why: &rbac.Decision{}}
	row.Event.Actor = rbac.Actor{Org: "acme", Platform: "person", ID: "zoe", Account: "booth:T1/U0ZOE", Outsider: "a guest"}
	s := &pile{rows: []Row{row}}
	b := &booth{at: map[string]time.Time{}, posts: func(string) error { return errors.New("told everybody") }}
	o := &Outbox{Rows: s, Platforms: map[string]Platform{"booth": b}}
	if _, err := o.Drain(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	if len(b.whispered) != 1 || b.whispered[0].ID != "U0ZOE" || s.became["1"] != "sent" {
		t.Errorf("whispered to %+v, %v", b.whispered, s.became)
	}
	s.rows[0].Event.Actor.Outsider = ""
	if _, err := o.Drain(t.Context(), "acme"); err == nil || len(b.whispered) != 1 {
		t.Errorf("a member was refused in a whisper: %v, %d", err, len(b.whispered))
	}
}
