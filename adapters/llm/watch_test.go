package llm

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"interlock/agent"
)

func TestChainTimesOut(t *testing.T) {
	t.Parallel()
	limits := Options{Tries: 1, FirstToken: time.Minute, Limit: 3 * time.Minute}
	s, m := time.Second, time.Minute
	for _, r := range []struct {
		name  string
		do    do
		want  string // "" answers
		after time.Duration
	}{
		{"silence", hangs, "no answer within 60s", m},
		{"in time", speaks(59*s, 59*s, 59*s), "", 177 * s},
		{"first word late", speaks(61 * s), "no answer within 60s", m},
		{"a gap", speaks(59*s, 61*s), "no word for 60s", 119 * s},
		{"endless", speaks(50*s, 50*s, 50*s, 50*s), "no whole answer within 180s", 3 * m},
	} {
		for _, shown := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				p := agent.Prompt{}
				if shown {
					p.Stream = func(string) {}
				}
				begun := time.Now()
				reply, err := chainOf(limits, script(r.do)).Next(t.Context(), p)
				if got := time.Since(begun); got != r.after {
					t.Errorf("%s: ended after %v, want %v", r.name, got, r.after)
				}
				if r.want == "" {
					mustSay(t, "done", reply, err)
					return
				}
				if me := mustFail(t, err); me.Fault != agent.FaultNetwork || me.Err.Error() != r.want {
					t.Errorf("%s: %v, want %q", r.name, me, r.want)
				}
			})
		}
	}
}

func TestSilentModelsHaveOnlyALimit(t *testing.T) {
	t.Parallel()
	slow := func(ctx context.Context, p agent.Prompt) (agent.Reply, error) {
		time.Sleep(2 * time.Minute)
		return answers("ok")(ctx, p)
	}
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{FirstToken: time.Minute, Models: []Named{{Name: "a", Model: script(slow), Silent: true}}})
		r, err := c.Next(t.Context(), agent.Prompt{})
		mustSay(t, "ok", r, err)
	})
}

func TestChainTriesAgainAfterSilence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var shown strings.Builder
		m := script(hangs, speaks(time.Second, time.Second))
		r, err := chainOf(Options{FirstToken: time.Minute}, m).Next(t.Context(), agent.Prompt{Stream: func(s string) { shown.WriteString(s) }})
		mustSay(t, "done", r, err)
		if shown.String() != "xx" {
			t.Errorf("shown: %q", shown.String())
		}
	})
}

// A sloppy model goes on streaming after its answer; the caller must not see it.
func TestStreamEndsWithNext(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{}, {FirstToken: time.Minute}, {Limit: time.Minute}} {
		synctest.Test(t, func(t *testing.T) {
			late := func(ctx context.Context, p agent.Prompt) (agent.Reply, error) {
				p.Stream("in time")
				time.AfterFunc(time.Second, func() { p.Stream("late") })
				return answers("ok")(ctx, p)
			}
			var mu sync.Mutex
			var shown []string
			r, err := chainOf(o, script(late)).Next(t.Context(), agent.Prompt{Stream: func(s string) {
				mu.Lock()
				defer mu.Unlock()
				shown = append(shown, s)
			}})
			mustSay(t, "ok", r, err)
			time.Sleep(2 * time.Minute) // any timer left behind fires
			mu.Lock()
			defer mu.Unlock()
			if len(shown) != 1 || shown[0] != "in time" {
				t.Errorf("shown: %q", shown)
			}
		})
	}
}

// The timer and the answer may come at the same moment; -race watches, and
// synctest that no goroutine stays.
func TestWatchdogRace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for range 200 {
			c := chainOf(Options{Tries: 1, FirstToken: time.Second, Limit: 2 * time.Second}, script(speaks(time.Second, time.Second)))
			reply, err := c.Next(t.Context(), agent.Prompt{Stream: func(string) {}})
			if err == nil {
				mustSay(t, "done", reply, err)
			} else if me := mustFail(t, err); me.Fault != agent.FaultNetwork {
				t.Fatal(me)
			}
		}
	})
}

// The model's own end comes first: the watchdog has nothing more to say.
func TestWatchdogAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := watch(time.Hour, time.Hour, func() { t.Error("it cancels what has ended") }, nil)
	w.close()
	w.giveUp()
	if why := w.close(); why != "" {
		t.Errorf("it says %q", why)
	}
}
