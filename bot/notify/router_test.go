package notify_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"interlock/agent"
	"interlock/bot"
	"interlock/bot/notify"
	"interlock/config"
	"interlock/rbac"
)

func TestRules(t *testing.T) {
	t.Parallel()
	drift, failed := notice("drift", notify.DriftDetected, "web"), notice("failed", notify.ChangeFailed, "db")
	for name, c := range map[string]struct {
		rule config.NotifyRule
		want []string
	}{
		"all":              {config.NotifyRule{}, []string{"drift", "failed"}},
		"type":             {config.NotifyRule{Types: []string{"drift.*"}}, []string{"drift"}},
		"other type":       {config.NotifyRule{Types: []string{"scan.*"}}, nil},
		"severity":         {config.NotifyRule{Severity: "warning"}, []string{"drift", "failed"}},
		"more severe":      {config.NotifyRule{Severity: "action"}, []string{"failed"}},
		"stack":            {config.NotifyRule{Stacks: []string{"w*"}}, []string{"drift"}},
		"environment":      {config.NotifyRule{Environments: []string{"prod"}}, []string{"failed"}},
		"team":             {config.NotifyRule{Teams: []string{"shop"}}, []string{"drift"}},
		"team and another": {config.NotifyRule{Teams: []string{"shop"}, Environments: []string{"prod"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.rule.To = []string{"service:hook"}
			w := open(t, config.Notify{Rules: []config.NotifyRule{c.rule}, Services: map[string]config.Service{"hook": {Kind: config.Webhook}}})
			w.tell(drift)
			w.tell(failed)
			w.want("service:hook", c.want...)
		})
	}
}

// A severity that nobody knows matches nothing, and no rule is no message.
func TestZero(t *testing.T) {
	t.Parallel()
	w := open(t, rules(config.NotifyRule{To: []string{"console:lab"}}))
	w.tell(notify.Notice{ID: "x", Org: "acme", Type: "x", Title: "x"}, notify.Notice{ID: "y", Org: "acme"})
	w = open(t, config.Notify{})
	w.tell(notice("drift", notify.DriftDetected, "web"))
	if len(w.Jobs()) != 0 {
		t.Errorf("told %v", w.Jobs())
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	n := rules(config.NotifyRule{To: []string{"console:lab", "person:ana", "service:hook", "chain:night"}}, config.NotifyRule{To: []string{"console:lab"}})
	n.Services = map[string]config.Service{"hook": {Kind: config.Webhook}}
	w := open(t, n)
	w.rooms["ana"] = []string{"slack:@U1"}
	drift := notice("drift", notify.DriftDetected, "web")
	drift.Facts = []agent.Fact{{Name: "New", Value: "1 finding"}}
	w.tell(drift, drift)
	for _, target := range []string{"console:lab", "slack:@U1", "service:hook", "chain:night"} {
		w.want(target, "drift")
	}
	job := w.Jobs()[0]
	if job.Told == nil || job.Told.Stack != "web" || job.Told.Severity != "warning" || len(job.Told.Facts) != 1 || job.ID != "notice/"+job.Told.Delivery ||
		job.Thread.ID != "~notice/"+job.Told.Delivery || job.Notice == "" {
		t.Errorf("job %+v, told %+v", job, job.Told)
	}
}

// What a room may not read it is not told; persons and services are the rule's choice.
func TestOnlyOwnRooms(t *testing.T) {
	t.Parallel()
	n := rules(config.NotifyRule{To: []string{"console:general", "console:lab", "person:ana", "service:hook"}, Group: time.Minute})
	n.Services = map[string]config.Service{"hook": {Kind: config.Webhook}}
	w := open(t, n)
	w.rooms["ana"] = []string{"slack:@U1"}
	drift, run := notice("secret-web", notify.DriftDetected, "web"), notice("secret-run", notify.AgentFailed, "")
	run.Thread, run.Body = agent.Thread{Platform: "console", Channel: "lab", ID: "1"}, "secret cause"
	drift.Facts = []agent.Fact{{Name: "New", Value: "secret"}}
	other := notice("secret-db", notify.DriftDetected, "db")
	w.tell(run, drift, other)
	w.now = w.now.Add(time.Minute)
	w.drain()
	for _, j := range w.Jobs() {
		text := fmt.Sprintf("%+v %+v", j, j.Told)
		if j.Thread.Room() == "console:general" && strings.Contains(text, "secret") {
			t.Errorf("general was told %s", text)
		}
		if j.Thread.Room() == "console:lab" && strings.Contains(text, "secret-db") {
			t.Errorf("lab was told %s", text)
		}
	}
	w.want("console:general", "A run failed", "2 stacks drifted")
	w.want("slack:@U1", "secret-run", "2 stacks drifted")
	if l := w.services["hook"].got[1].Lines; len(l) != 2 || !strings.Contains(l[0], "secret-web") {
		t.Errorf("the service was told %q", l)
	}
}

func TestPeople(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wish  config.Preference
		rooms []string
		want  string // target; empty is nobody
	}{
		"first chat":   {config.Preference{}, []string{"teams:@A", "slack:@B"}, "teams:@A"},
		"as they like": {config.Preference{Via: []string{"slack", "mail"}, Mail: "a@x.example"}, []string{"teams:@A", "slack:@B"}, "slack:@B"},
		"mail":         {config.Preference{Via: []string{"mail"}, Mail: "a@x.example"}, []string{"teams:@A"}, "service:post"},
		"mail at last": {config.Preference{Mail: "a@x.example"}, nil, "service:post"},
		"muted":        {config.Preference{Mute: []string{"drift.*"}}, []string{"slack:@B"}, ""},
		"too mild":     {config.Preference{Least: "urgent"}, []string{"slack:@B"}, ""},
		"nowhere":      {config.Preference{}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := rules(config.NotifyRule{To: []string{"person:ana"}})
			n.Services = map[string]config.Service{"post": {Kind: config.Mail}}
			n.People = map[string]config.Preference{"ana": c.wish}
			w := open(t, n)
			w.rooms["ana"] = c.rooms
			w.tell(notice("drift", notify.DriftDetected, "web"))
			for _, target := range []string{"teams:@A", "slack:@B", "service:post"} {
				if target == c.want {
					w.want(target, "drift")
				} else {
					w.want(target)
				}
			}
			if s := w.services["post"]; c.want == "service:post" && (len(s.got[0].To) != 1 || s.got[0].To[0] != "a@x.example") {
				t.Errorf("written to %v", s.got[0].To)
			}
		})
	}
}

func TestDedup(t *testing.T) {
	t.Parallel()
	w := open(t, rules(config.NotifyRule{To: []string{"console:lab"}, Dedup: time.Hour}))
	w.tell(notice("a", notify.DriftDetected, "web"))
	w.tell(notice("b", notify.DriftDetected, "web"), notice("c", notify.DriftDetected, "web"))
	gone := notice("gone", notify.DriftGone, "web")
	gone.Key, gone.Step = notify.DriftDetected+"/web", notify.Resolve
	w.tell(gone) // the end is no repeat
	again := gone
	again.ID = "gone again"
	w.tell(again)                                    // nothing that began is there to end
	w.tell(notice("d", notify.DriftDetected, "web")) // another drift, though within the hour
	w.now = w.now.Add(59 * time.Minute)
	w.tell(notice("repeat", notify.DriftDetected, "web"))
	w.now = w.now.Add(time.Minute)
	w.tell(notice("e", notify.DriftDetected, "web"))
	w.want("console:lab", "a", "gone", "d", "e")
	for i, more := range map[int]string{1: "2 more times", 3: "1 more times"} {
		if text := w.Jobs()[i].Notice; !strings.Contains(text, more) {
			t.Errorf("it says %q", text)
		}
	}
	w.tell(notice("f", notify.DriftDetected, "db"))
	keyless := notice("g", notify.DriftDetected, "web")
	keyless.Key = ""
	w.tell(keyless)
	if got := w.told("console:lab"); len(got) != 6 {
		t.Errorf("told %q", got)
	}
}

// What ended and begins anew is told anew, also to those who are not told of ends.
func TestDedupAfterAnEnd(t *testing.T) {
	t.Parallel()
	w := open(t, rules(config.NotifyRule{Types: []string{"scan.failed"}, To: []string{"console:lab"}, Dedup: 4 * time.Hour}))
	ok := notice("ok", notify.ScanRecovered, "web")
	ok.Key, ok.Step = notify.ScanFailed+"/web", notify.Resolve
	w.tell(notice("a", notify.ScanFailed, "web"))
	w.tell(ok)
	w.tell(notice("b", notify.ScanFailed, "web"), notice("repeat", notify.ScanFailed, "web"))
	again := ok
	again.ID = "ok again"
	w.tell(again, notice("c", notify.ScanFailed, "web")) // in one round
	w.want("console:lab", "a", "b", "c")
}

// Ends are told to those who were told of the beginning, unless they are bad news by
// themselves.
func TestEnds(t *testing.T) {
	t.Parallel()
	w := open(t, rules(config.NotifyRule{Types: []string{"drift.gone", "approval.expired", "scan.*"}, To: []string{"console:lab"}}, config.NotifyRule{To: []string{"slack:C1"}}))
	end := func(id, typ, begins string) notify.Notice {
		n := notice(id, typ, "web")
		n.Key, n.Step = begins+"/web", notify.Resolve
		return n
	}
	w.tell(notice("drift", notify.DriftDetected, "web"), end("gone", notify.DriftGone, notify.DriftDetected))
	w.tell(notice("failed", notify.ScanFailed, "web"), end("clean", notify.ScanClean, notify.ScanFailed), end("clean again", notify.ScanClean, notify.ScanFailed))
	w.tell(end("expired", notify.ApprovalExpired, notify.ApprovalWaiting))
	w.want("console:lab", "failed", "clean", "expired")
	if got := w.told("slack:C1"); len(got) != 5 {
		t.Errorf("told %q", got)
	}
}

// A chain that was called for something is called off when that ends, and never called
// by an end.
func TestChainEnds(t *testing.T) {
	t.Parallel()
	w := open(t, rules(config.NotifyRule{Types: []string{"drift.detected"}, To: []string{"chain:night"}}))
	gone := notice("gone", notify.DriftGone, "web")
	gone.Step, gone.Key = notify.Resolve, notify.DriftDetected+"/web"
	w.tell(gone, notice("drift", notify.DriftDetected, "web"))
	gone.ID = "gone at last"
	w.tell(gone)
	jobs := w.Jobs()
	if len(jobs) != 2 || jobs[0].Raise.Over != "" || jobs[1].Raise.Over == "" || jobs[0].Thread != jobs[1].Thread {
		t.Errorf("jobs %+v", jobs)
	}
}

// An end does not overtake its beginning, whatever a service takes when.
func TestOrder(t *testing.T) {
	t.Parallel()
	n := rules(config.NotifyRule{Types: []string{"drift.*"}, To: []string{"service:page"}})
	n.Services = map[string]config.Service{"page": {Kind: config.PagerDuty}}
	w := open(t, n)
	w.services["page"].fail = errors.New("down")
	w.tell(notice("drift", notify.DriftDetected, "web"))
	w.services["page"].fail = nil
	gone := notice("gone", notify.DriftGone, "web")
	gone.Step, gone.Key = notify.Resolve, notify.DriftDetected+"/web"
	w.tell(gone)
	w.want("service:page")
	w.now = w.now.Add(time.Minute)
	w.drain()
	w.want("service:page", "drift", "gone")
}

// A service that hangs holds up no other, and one that fails is not asked for all that
// waits for it.
func TestSlowService(t *testing.T) {
	t.Parallel()
	n := rules(config.NotifyRule{To: []string{"service:page", "service:slow", "service:down"}})
	n.Services = map[string]config.Service{"page": {Kind: config.Webhook}, "slow": {Kind: config.Webhook}, "down": {Kind: config.Webhook}}
	synctest.Test(t, func(t *testing.T) {
		w := open(t, n)
		w.Clock = nil
		w.services["slow"].takes, w.services["down"].fail = time.Hour, errors.New("down")
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan error)
		go func() { over <- w.Router.Run(ctx) }()
		put := func(ids ...string) {
			for _, id := range ids {
				m := notice(id, notify.ChangeFailed, "web")
				m.Key = ""
				if err := w.PutNotice(ctx, m); err != nil {
					t.Error(err)
				}
			}
			time.Sleep(5 * time.Second)
		}
		put("a", "b", "c")
		put("d")
		stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
		w.want("service:page", "a", "b", "c", "d")
		if tries := w.services["down"].tries; len(tries) < 2 || len(slices.CompactFunc(slices.Clone(tries), time.Time.Equal)) < len(tries) {
			t.Errorf("what is down was tried at %v", tries)
		}
	})
}

// That something was not told is told once an hour for each target, and gathered.
func TestFailuresAreFew(t *testing.T) {
	t.Parallel()
	n := rules(config.NotifyRule{To: []string{"service:hook", "service:other"}})
	n.Services = map[string]config.Service{"hook": {Kind: config.Webhook}, "other": {Kind: config.Webhook}}
	n.Admins = []string{"console:admins"}
	w := open(t, n)
	for _, s := range w.services {
		s.fail = &bot.PostError{Permanent: true, Err: errors.New("gone")}
	}
	pass := func(d time.Duration) {
		for range d / (10 * time.Minute) {
			w.n++
			w.tell(notice(fmt.Sprint("n", w.n), notify.DriftDetected, fmt.Sprint(w.n)))
			w.now = w.now.Add(10 * time.Minute)
			w.drain()
		}
	}
	pass(50 * time.Minute)
	w.want("console:admins", "2 notifications were not delivered")
	if _, err := w.Mute(t.Context(), "acme", bot.Mute{Delivery: w.Jobs()[0].Told.Delivery, Room: "console:admins", Until: w.now.Add(2 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	pass(2 * time.Hour)
	w.want("console:admins", "2 notifications were not delivered")
	pass(time.Hour)
	if got := w.told("console:admins"); len(got) < 2 {
		t.Error("it is muted for ever")
	}
}

// So it is when a rule says where failures are told, and says nothing of how often.
func TestFailuresByRule(t *testing.T) {
	t.Parallel()
	n := rules(config.NotifyRule{Types: []string{"drift.*"}, To: []string{"service:hook"}}, config.NotifyRule{Types: []string{"notify.failed"}, To: []string{"console:lab"}})
	n.Services = map[string]config.Service{"hook": {Kind: config.Webhook}}
	w := open(t, n)
	w.services["hook"].fail = &bot.PostError{Permanent: true, Err: errors.New("gone")}
	w.tell(notice("a", notify.DriftDetected, "web"), notice("b", notify.DriftDetected, "db"))
	w.want("console:lab", "A notification was not delivered")
}

// A room that a chat does not let the bot write to is told of once a day.
func TestUnseen(t *testing.T) {
	t.Parallel()
	w := open(t, config.Notify{})
	for _, after := range []time.Duration{0, time.Hour, 24 * time.Hour} {
		w.now = w.now.Add(after)
		w.tell(notify.Unseen("acme", "slack:C9", "the channel was archived", w.now, []string{"slack:C9", "console:admins"}))
		w.now = w.now.Add(time.Minute)
		w.drain()
	}
	w.want("console:admins", "A notification was not delivered", "A notification was not delivered")
	w.want("slack:C9")
	if text := w.Jobs()[0].Notice; !strings.Contains(text, "slack:C9 was not told: the channel was archived") {
		t.Errorf("it says %q", text)
	}
}

// Repeats within one round are repeats as well.
func TestDedupTogether(t *testing.T) {
	t.Parallel()
	w := open(t, rules(config.NotifyRule{To: []string{"console:lab"}, Dedup: time.Hour}))
	w.tell(notice("a", notify.DriftDetected, "web"), notice("b", notify.DriftDetected, "web"), notice("c", notify.DriftDetected, "web"))
	w.want("console:lab", "a")
	w.now = w.now.Add(2 * time.Hour)
	w.tell(notice("d", notify.DriftDetected, "web"))
	if text := w.Jobs()[1].Notice; !strings.Contains(text, "2 more times") {
		t.Errorf("it says %q", text)
	}
}

func TestQuietHours(t *testing.T) {
	t.Parallel()
	q := config.Quiet{From: "11:00", Until: "15:00", Timezone: "UTC"} // it is noon
	n := rules(config.NotifyRule{To: []string{"console:lab"}, Quiet: q}, config.NotifyRule{To: []string{"person:ana"}})
	n.People = map[string]config.Preference{"ana": {Quiet: config.Quiet{From: "12:00", Until: "13:00", Timezone: "Europe/Berlin"}}} // an hour before
	w := open(t, n)
	w.rooms["ana"] = []string{"slack:@U1"}
	w.tell(notice("drift", notify.DriftDetected, "web"), notice("urgent", notify.ChangeFailed, "web"), notice("gone", notify.DriftGone, "web"))
	w.want("console:lab", "urgent")
	w.want("slack:@U1", "drift", "urgent", "gone")
	w.now = w.now.Add(3*time.Hour - time.Second)
	w.drain()
	w.want("console:lab", "urgent")
	w.now = w.now.Add(time.Second)
	w.drain()
	w.want("console:lab", "urgent", "A stack drifted, A drift is gone") // what waited is one message
}

func TestGroup(t *testing.T) {
	t.Parallel()
	w := open(t, rules(config.NotifyRule{To: []string{"console:lab", "slack:C1"}, Group: time.Minute}))
	for i := range 7 {
		w.tell(notice(fmt.Sprintf("drift%d", i), notify.DriftDetected, "web"))
		w.now = w.now.Add(5 * time.Second)
	}
	w.tell(notice("urgent", notify.ChangeFailed, "web"), notice("failed", notify.ScanFailed, "web"))
	w.want("console:lab", "urgent")
	w.now = w.now.Add(25 * time.Second) // a minute after the first
	w.drain()
	w.want("console:lab", "urgent", "7 stacks drifted, A stack could not be scanned")
	w.now = w.now.Add(time.Hour)
	w.tell(notice("later", notify.DriftDetected, "web"))
	w.now = w.now.Add(time.Minute)
	w.drain()
	w.want("console:lab", "urgent", "7 stacks drifted, A stack could not be scanned", "later")
}

// A burst is one message, whatever its size.
func TestBurst(t *testing.T) {
	t.Parallel()
	w := open(t, rules(config.NotifyRule{To: []string{"console:lab"}, Group: time.Minute}))
	var all []notify.Notice
	for i := range 300 {
		all = append(all, notice(fmt.Sprintf("n%d", i), notify.DriftDetected, "web"))
	}
	all = append(all, notice("action", notify.ApprovalWaiting, "web"))
	w.tell(all...)
	w.now = w.now.Add(time.Minute)
	w.drain()
	w.want("console:lab", "A change waits for approval, 300 stacks drifted")
	l := w.Jobs()[0].Told.Lines
	if len(l) != notify.MostLines+1 || l[0] != "• action" || l[notify.MostLines] != "and 281 more" {
		t.Errorf("lines %q", l)
	}
}

func TestMute(t *testing.T) {
	t.Parallel()
	w := open(t, rules(config.NotifyRule{To: []string{"console:lab", "slack:C1"}}))
	w.tell(notice("a", notify.DriftDetected, "web"))
	what, err := w.Mute(t.Context(), "acme", bot.Mute{
		Delivery: w.Jobs()[0].Told.Delivery, Room: "console:lab", By: rbac.Actor{Org: "acme", Platform: "person", ID: "ana"}, Until: w.now.Add(24 * time.Hour),
	})
	if err != nil || len(what) != 1 || what[0] != (bot.Muted{Type: notify.DriftDetected, Stack: "web"}) {
		t.Fatalf("muted %q, %v", what, err)
	}
	w.tell(notice("b", notify.DriftDetected, "web"))
	w.tell(notice("db", notify.DriftDetected, "db"))
	urgent := notice("c", notify.DriftDetected, "web")
	urgent.Severity = notify.Urgent
	w.tell(urgent)
	w.now = w.now.Add(24 * time.Hour)
	w.tell(notice("d", notify.DriftDetected, "web"))
	w.want("console:lab", "a", "A stack drifted", "c", "d")
	if got := w.told("slack:C1"); len(got) != 5 {
		t.Errorf("another room was told %q", got)
	}
}

// Only what is urgent pages, unless the rule itself says what; the end of it is told
// wherever the beginning went.
func TestPagers(t *testing.T) {
	t.Parallel()
	n := rules(config.NotifyRule{To: []string{"service:page"}, Group: time.Minute}, config.NotifyRule{Types: []string{"drift.detected"}, To: []string{"service:genie"}})
	n.Services = map[string]config.Service{"page": {Kind: config.PagerDuty}, "genie": {Kind: config.Opsgenie}}
	w := open(t, n)
	w.tell(notice("drift", notify.DriftDetected, "web"), notice("failed", notify.ChangeFailed, "db"))
	gone := notice("gone", notify.DriftGone, "web")
	gone.Step, gone.Key = notify.Resolve, notify.DriftDetected+"/web"
	w.tell(gone)
	w.want("service:page", "failed")
	w.want("service:genie", "drift", "gone")
}

// What names its targets goes there past all rules.
func TestNamedTargets(t *testing.T) {
	t.Parallel()
	n := rules(config.NotifyRule{To: []string{"console:lab"}, Quiet: config.Quiet{From: "11:00", Until: "15:00", Timezone: "UTC"}})
	n.Services = map[string]config.Service{"page": {Kind: config.PagerDuty}}
	n.People = map[string]config.Preference{"ana": {Mute: []string{"*"}}}
	w := open(t, n)
	w.rooms["ana"] = []string{"slack:@U1"}
	test := notice("test", notify.Test, "")
	test.To = []string{"service:page", "person:ana", "slack:C9"}
	w.tell(test)
	w.want("console:lab")
	for _, target := range []string{"service:page", "slack:@U1", "slack:C9"} {
		w.want(target, "test")
	}
}

func TestTries(t *testing.T) {
	t.Parallel()
	n := rules(config.NotifyRule{To: []string{"service:hook"}})
	n.Services = map[string]config.Service{"hook": {Kind: config.Webhook}}
	n.Admins = []string{"console:admins", "service:hook"}
	down := errors.New("down")
	for name, c := range map[string]struct {
		fail  error
		after time.Duration // when it comes back
		want  []string
		tries time.Duration // between the first and the second
	}{
		"passes":        {down, time.Minute, []string{"drift"}, time.Second},
		"asks for time": {&bot.PostError{Refused: true, After: time.Minute, Err: down}, time.Minute, []string{"drift"}, time.Minute},
		"never":         {&bot.PostError{Refused: true, Permanent: true, Err: down}, time.Minute, nil, 0},
		"for ever":      {down, 24 * time.Hour, nil, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := open(t, n)
			w.services["hook"].fail = c.fail
			w.tell(notice("drift", notify.DriftDetected, "web"))
			if bundles, _ := w.Due(t.Context(), "acme", w.now.Add(c.tries), "hook", 10); c.tries > 0 && len(bundles) != 1 {
				t.Error("it is not tried again in time")
			}
			for end := w.now.Add(c.after); w.now.Before(end); w.now = w.now.Add(time.Minute) {
				w.drain()
			}
			w.services["hook"].fail = nil
			w.now = w.now.Add(time.Minute) // failures are gathered
			w.drain()
			w.want("service:hook", c.want...)
			if len(c.want) > 0 {
				w.want("console:admins")
				return
			}
			w.want("console:admins", "A notification was not delivered")
			if text := w.Jobs()[0].Notice; !strings.Contains(text, "service:hook was not told: ") || !strings.Contains(text, "down") {
				t.Errorf("it says %q", text)
			}
		})
	}
}

// That something was not told is not told in a circle.
func TestNoCircle(t *testing.T) {
	t.Parallel()
	n := rules(config.NotifyRule{To: []string{"service:hook", "person:ana", "chain:none"}})
	n.Services = map[string]config.Service{"hook": {Kind: config.Webhook}}
	n.Admins = []string{"service:hook", "person:ana"}
	w := open(t, n)
	w.services["hook"].fail = &bot.PostError{Permanent: true, Err: errors.New("gone")}
	w.tell(notice("drift", notify.DriftDetected, "web"))
	delete(w.services, "hook")
	w.tell(notice("again", notify.DriftDetected, "web"))
	if len(w.Jobs()) != 0 {
		t.Errorf("jobs %+v", w.Jobs())
	}
}

// When a step of a chain was a service that cannot be told, the next one follows at once.
func TestChainGoesOn(t *testing.T) {
	t.Parallel()
	n := config.Notify{Services: map[string]config.Service{"page": {Kind: config.PagerDuty}}}
	w := open(t, n)
	w.services["page"].fail = &bot.PostError{Permanent: true, Err: errors.New("gone")}
	alert := notify.Notice{
		ID: "e", Org: "acme", Type: notify.Escalated, Severity: notify.Urgent, Title: "x", Key: "alert/A", To: []string{"service:page"},
		Thread: agent.AlertThread("drift/web"),
	}
	w.tell(alert)
	jobs := w.Jobs()
	if len(jobs) != 1 || jobs[0].Alert != "A" || jobs[0].Lost != "service:page" || jobs[0].Thread != alert.Thread {
		t.Errorf("jobs %+v", jobs)
	}
}
