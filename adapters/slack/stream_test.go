package slack

import (
	"strings"
	"testing"

	"interlock/adapters/slack/slacktest"
	"interlock/agent"
)

// asked begins a thread that the bot was asked in.
func asked(t *testing.T, x *world) agent.Thread {
	t.Helper()
	ts := x.Say(room, "", ana, "<@"+x.Options().BotUser+"> plan payments")
	x.until(t, func() bool { return len(x.in.jobs()) == 1 && settled(x) })
	return agent.Thread{Platform: Name, Channel: room, ID: ts}
}

func tasks(m slacktest.Message) (all []string) {
	for _, c := range m.Chunks {
		all = append(all, string(c))
	}
	return all
}

// Where Slack streams, each step of a run is a task of its own, and all of it goes
// when the answer is there.
func TestARunIsStreamedAsTasks(t *testing.T) {
	x := open(t, byHTTP, fast)
	at := asked(t, x)
	x.p.Show(org, at, "reading")
	x.until(t, func() bool { m := x.Thread(room, at.ID); return len(m) == 2 && m[1].Streaming })
	x.p.Show(org, at, "planning payments")
	x.until(t, func() bool { return len(tasks(x.Thread(room, at.ID)[1])) == 3 })
	got := strings.Join(tasks(x.Thread(room, at.ID)[1]), "\n")
	for _, want := range []string{`"title":"reading","status":"in_progress"`, `"title":"reading","status":"complete"`, `"title":"planning payments","status":"in_progress"`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if _, err := x.p.Post(t.Context(), org, at, card("answer")); err != nil {
		t.Fatal(err)
	}
	x.until(t, func() bool { m := x.Thread(room, at.ID); return len(m) == 2 && m[1].Text == "answer in a line" })
}

// Where it does not, that is asked once, and a message says it.
func TestAWorkspaceWithoutStreams(t *testing.T) {
	x := open(t, byHTTP, fast)
	x.Inject(methodStream, slacktest.Fault{Error: "feature_not_enabled", Times: -1})
	at := asked(t, x)
	x.p.Show(org, at, "reading")
	x.until(t, func() bool { m := x.Thread(room, at.ID); return len(m) == 2 && strings.Contains(m[1].Text, "reading") })
	x.p.Show(org, at, "planning")
	x.until(t, func() bool { return strings.Contains(x.Thread(room, at.ID)[1].Text, "planning") })
	if _, err := x.p.Post(t.Context(), org, at, card("answer")); err != nil {
		t.Fatal(err)
	}
	x.p.Show(org, at, "going on")
	x.until(t, func() bool { m := x.Thread(room, at.ID); return strings.Contains(m[len(m)-1].Text, "going on") })
	if n := len(x.Calls(methodStream)); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// A stream that was begun though its answer got lost goes, too.
func TestAStreamThatNobodyKnowsOf(t *testing.T) {
	x := open(t, byHTTP, fast)
	at := asked(t, x)
	x.Inject(methodStream, slacktest.Fault{Status: 500, AfterAccepting: true})
	x.p.Show(org, at, "reading")
	x.until(t, func() bool { return len(x.Thread(room, at.ID)) == 2 })
	if _, err := x.p.Post(t.Context(), org, at, card("answer")); err != nil {
		t.Fatal(err)
	}
	x.until(t, func() bool { m := x.Thread(room, at.ID); return len(m) == 2 && m[1].Text == "answer in a line" })
}

// One whose beginning was lost is gone on with, as the stream that it is.
func TestAStreamIsFoundAgain(t *testing.T) {
	x := open(t, byHTTP, fast)
	at := asked(t, x)
	x.Inject(methodStream, slacktest.Fault{Status: 500, AfterAccepting: true})
	x.p.Show(org, at, "reading")
	x.until(t, func() bool { return len(x.Thread(room, at.ID)) == 2 })
	x.p.Show(org, at, "planning")
	x.until(t, func() bool { return strings.Contains(strings.Join(tasks(x.Thread(room, at.ID)[1]), ""), "planning") })
	if _, err := x.p.Post(t.Context(), org, at, card("answer")); err != nil {
		t.Fatal(err)
	}
	x.until(t, func() bool { m := x.Thread(room, at.ID); return len(m) == 2 && m[1].Text == "answer in a line" })
}
