package store_test

import (
	"fmt"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/store"
)

// drifting is a stack with one finding, told of in a thread.
func drifting(stack, real, thread string) agent.Drift {
	at := agenttest.Now()
	return agent.Drift{
		Org: agenttest.Org, Stack: stack, Began: at, Scanned: at, Thread: agenttest.Thread(thread),
		Findings: []agent.Finding{{Stack: stack, Fingerprint: stack, Resource: "r", Attribute: "a", Code: "1", Real: real, Since: at}},
	}
}

// Stacks are alike when they show the same change, values included, and are told of.
func TestDriftsAlike(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		put := func(d agent.Drift) agent.Drift {
			must(t, db.Append(t.Context(), agenttest.Org, agent.Batch{Drift: &d}))
			return d
		}
		alike := func(d agent.Drift, want ...string) {
			t.Helper()
			all, err := db.Alike(t.Context(), agenttest.Org, d)
			must(t, err)
			var got []string
			for _, one := range all {
				got = append(got, one.Stack)
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("like %s are %v, want %v", d.Stack, got, want)
			}
		}
		a, b := put(drifting("a", "2", "~alike/1")), put(drifting("b", "2", "~alike/1"))
		put(drifting("c", "3", "~drift/c/1"))
		alike(drifting("new", "2", ""), "a", "b")
		alike(drifting("new", "4", ""))
		for _, stack := range []string{"blind", "dark"} { // what cannot be scanned is like nothing
			d := drifting(stack, "", "~drift/"+stack)
			d.Findings = nil
			alike(put(d))
		}
		a.Findings, a.Ended, a.Alike = nil, a.Began.Add(time.Minute), []string{"b"}
		a = put(a)
		alike(b, "b")
		alike(a, "b") // what is over looks for the others of its thread
		all, err := db.Drifts(t.Context(), agenttest.Org)
		if err != nil || len(all) != 5 || all[0].Stack != "a" || all[0].Version != 2 {
			t.Errorf("drifts %+v, %v", all, err)
		}
		if none, err := db.Drifts(t.Context(), agenttest.Rival); err != nil || len(none) != 0 {
			t.Errorf("another Org sees %v, %v", none, err)
		}
	})
}

// Each look at a stack is on record, also one that found nothing or could not look.
func TestScansAreOnRecord(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		s, at := session(t, db, "~scan/web/day"), agenttest.Now()
		look := func(when time.Time, ev agent.Event, d *agent.Drift) {
			ev.At = when
			must(t, db.Append(t.Context(), agenttest.Org, agent.Batch{Events: []agent.Event{ev}, Drift: d}))
		}
		scanned := func(id string, failed bool) agent.Event {
			ev := agenttest.Answer(s, id)
			ev.Kind, ev.Payload = agent.KindResult, agent.Payload{Call: &agent.ToolCall{ID: id}, Result: &agent.ToolResult{Failed: failed, Scan: &agent.ScanNews{Stack: "web"}}}
			return ev
		}
		d := drifting("web", "2", "~drift/web/1")
		d.Findings[0].Accepted = &agent.Acceptance{}
		look(at, scanned("1", false), &d)
		look(at.Add(time.Second), scanned("2", true), nil)
		look(at.Add(time.Second), scanned("overtaken", false), nil)
		blind := agenttest.Answer(s, "3")
		blind.Kind, blind.Payload = agent.KindFinding, agent.Payload{Scan: &agent.ScanNews{Stack: "web", Failed: "no provider"}}
		look(at.Add(2*time.Second), blind, nil)
		told := agenttest.Answer(s, "4")
		told.Kind, told.Payload = agent.KindFinding, agent.Payload{Scan: &agent.ScanNews{Stack: "web", Failed: "no provider"}, Drift: &d}
		look(at.Add(3*time.Second), told, nil) // it is told, and no look
		all, err := db.Looks(t.Context(), agenttest.Org, []string{"web", "db"}, at)
		if err != nil || len(all) != 1 || all[0].Open != 1 || all[0].Accepted != 1 || all[0].Failed || !all[0].At.Equal(at) {
			t.Errorf("looks %+v, %v", all, err)
		}
		if later, err := db.Looks(t.Context(), agenttest.Org, []string{"web"}, at.Add(time.Second)); err != nil || len(later) != 0 {
			t.Errorf("later looks %+v, %v", later, err)
		}
		d.Findings = append(d.Findings, d.Findings[0])
		look(at.Add(time.Microsecond), scanned("5", false), &d) // later on the same day, or the next
		all, err = db.Looks(t.Context(), agenttest.Org, []string{"web"}, at)
		if err != nil || len(all) == 0 || all[len(all)-1].Open != 2 {
			t.Errorf("the last look of the day is %+v, %v", all, err)
		}
		could, not, err := db.Looked(t.Context(), agenttest.Org, []string{"web", "db"}, at, at.Add(time.Hour))
		if err != nil || could != 2 || not != 1 {
			t.Errorf("%d could look, %d not, %v", could, not, err)
		}
	})
}
