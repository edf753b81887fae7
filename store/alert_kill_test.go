package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/store"
)

// siege runs the jobs of alerts one after the other, by processes of which one dies.
type siege struct {
	*testing.T
	*store.DB
	raw  *sql.DB
	now  time.Time
	dies int // at which write; 0 is never
	late bool
	n    int
}

// Append is a process that dies at its write: before it, or after it was written.
func (s *siege) Append(ctx context.Context, org string, b agent.Batch) error {
	if s.n++; s.n != s.dies {
		return s.DB.Append(ctx, org, b)
	}
	if s.late {
		_ = s.DB.Append(ctx, org, b)
	}
	return errKilled
}

// next claims the oldest job that is due, as a worker does; one whose worker has died
// is claimed again.
func (s *siege) next() (c agent.Claimed, ok bool) {
	s.Helper()
	var ord int64
	var body string
	err := s.raw.QueryRowContext(s.Context(), fmt.Sprintf(
		"SELECT ord, body, fence FROM jobs WHERE state IN ('ready', 'running') AND run_after <= %d ORDER BY state DESC, run_after, ord LIMIT 1", s.now.UnixMicro()),
	).Scan(&ord, &body, &c.Fence)
	if errors.Is(err, sql.ErrNoRows) {
		return c, false
	}
	must(s.T, err)
	must(s.T, json.Unmarshal([]byte(body), &c.Job))
	c.Fence++
	s.exec(fmt.Sprintf("UPDATE jobs SET state = 'running', fence = %d WHERE ord = %d", c.Fence, ord))
	return c, true
}

func (s *siege) exec(sql string) {
	s.Helper()
	_, err := s.raw.ExecContext(s.Context(), sql)
	must(s.T, err)
}

// work runs what is due; a job is done when its process lived.
func (s *siege) work() {
	s.Helper()
	for range 50 {
		c, ok := s.next()
		if !ok {
			return
		}
		r := &agent.Runner{
			Control: &agent.Control{Store: s, Clock: func() time.Time { return s.now }, Escalation: &agent.Escalation{
				Alerts: s,
				Chain: func(string, string) []agent.Rung {
					return []agent.Rung{{To: []string{"console:a"}}, {After: 5 * time.Minute, To: []string{"console:b"}}, {After: 15 * time.Minute, To: []string{"console:c", "service:page"}}}
				},
				Reach: func(_ context.Context, _, to string) agent.Reached { return agent.Reached{Rooms: []string{to}} },
			}},
			Profile: func(string, string) agent.Profile { return agent.Profile{} },
		}
		err := r.Run(s.Context(), c)
		if err != nil && !errors.Is(err, errKilled) {
			s.Fatal(err)
		}
		if err == nil {
			s.exec(fmt.Sprintf("UPDATE jobs SET state = 'done' WHERE id = '%s'", c.ID))
		}
	}
	s.Fatal("it does not come to rest")
}

// Wherever a process dies, a chain is walked to its end: nobody is told twice, nobody is
// forgotten, and each at their time. Then it is called off.
func TestAlertsSurvive(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		o = another(t, o)
		db, seen := open(t, o), raw(t, o)
		for n := 1; ; n++ {
			alive := true
			for _, late := range []bool{false, true} {
				s := &siege{T: t, DB: db, raw: seen, now: time.Now().UTC().Truncate(time.Microsecond).Add(time.Minute), dies: n, late: late}
				key := fmt.Sprint(n, late)
				began := s.now
				must(t, db.Enqueue(t.Context(), agent.Raise{Key: key, Chain: "ops", Title: "x"}.Job(agenttest.Org, "raise/"+key, "t")))
				for range 20 {
					s.work()
					s.now = s.now.Add(time.Minute)
				}
				over := agent.Raise{Key: key, Chain: "ops", Over: "it is gone"}
				open, err := db.OpenAlerts(t.Context(), agenttest.Org)
				if err != nil || len(open) != 1 {
					t.Fatalf("open are %v, %v", open, err)
				}
				must(t, db.Enqueue(t.Context(), over.Job(agenttest.Org, "over/"+key, "t")))
				s.work()
				s.check(open[0], began)
				alive = alive && s.n < n
			}
			if alive {
				if n < 5 {
					t.Errorf("it is over after %d writes", n)
				}
				return
			}
		}
	})
}

// check is what is on record of an alert that was walked to its end, and called off.
func (s *siege) check(a agent.Alert, began time.Time) {
	s.Helper()
	var told []string
	for _, t := range a.Told {
		told = append(told, fmt.Sprintf("%d:%s", t.At.Sub(began)/time.Minute, t.To))
	}
	if got := strings.Join(told, " "); got != "0:console:a 5:console:b 15:console:c 15:service:page" {
		s.Errorf("killed at write %d, after it: %v: told %s", s.dies, s.late, got)
	}
	evs, err := s.Tail(s.Context(), a.Org, a.Session, 0)
	must(s.T, err)
	evs = slices.DeleteFunc(evs, func(ev agent.Event) bool { return ev.Kind != agent.KindAlert })
	if end := evs[len(evs)-1].Payload.Alert; len(evs) != 4 || end.State != agent.Resolved || end.Why != "it is gone" {
		s.Errorf("killed at write %d, after it: %v: %d events", s.dies, s.late, len(evs))
	}
}
