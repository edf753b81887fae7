package slack

import (
	"flag"
	"fmt"
	"testing"

	"interlock/adapters/slack/slacktest"
)

var cuts = flag.Int("cuts", 20, "how often a socket is killed")

// Any socket may die at any moment: whatever was said comes again on another, and
// counts once.
func TestSocketsThatDieLoseNothing(t *testing.T) {
	o := fast
	o.Patience = 0 // of the scale: what is not acknowledged comes again soon
	x := open(t, bySocket, o)
	me := x.Options().BotUser
	for i := range *cuts {
		x.Say(room, "", ana, fmt.Sprintf("<@%s> request %d", me, i))
		if all := x.Sockets(); len(all) > 0 {
			x.Cut(all[i%len(all)])
		}
		x.until(t, func() bool { return len(x.Sockets()) == 2 })
	}
	x.until(t, func() bool { return len(x.in.jobs()) == *cuts })
	seen := map[string]bool{}
	for _, m := range x.in.jobs() {
		seen[m.Text] = true
	}
	for i := range *cuts {
		if !seen[fmt.Sprintf("request %d", i)] {
			t.Errorf("request %d was lost", i)
		}
	}
}

// hello and disconnect are never acknowledged, and what the library cannot read is.
func TestWhatTheLibraryDoesNotKnowIsAcknowledged(t *testing.T) {
	x := open(t, bySocket, fast)
	x.Emit(map[string]any{"type": "a_kind_of_next_year", "channel": room})
	x.Emit(map[string]any{"type": "message", "channel": room, "user": ana, "ts": "1.1", "text": "x", "blocks": []any{map[string]any{"type": 7}}})
	x.until(t, func() bool { return len(x.Deliveries()) == 2 && settled(x) })
	for _, d := range x.Deliveries() {
		if len(d.Attempts) != 1 {
			t.Errorf("delivered %d times: %s", len(d.Attempts), d)
		}
	}
	x.Disconnect("refresh_requested")
	x.until(t, func() bool { return len(x.Sockets()) == 2 })
}

// A token that Slack takes back ends nothing here: it is tried again, and what
// comes later is taken.
func TestARevokedTokenIsNotTheEnd(t *testing.T) {
	x := open(t, byHTTP, fast)
	at := top(x, t)
	x.Inject(methodPost, slacktest.Fault{Error: "token_revoked"})
	if _, err := x.p.Post(t.Context(), org, at, card("x")); err == nil {
		t.Fatal("posted without a token")
	}
	if _, err := x.p.Post(t.Context(), org, at, card("x")); err != nil {
		t.Error(err)
	}
}
