package bot

import (
	"context"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

func TestToldCard(t *testing.T) {
	t.Parallel()
	ev := agent.Event{Kind: agent.KindNotice, Payload: agent.Payload{Title: "7 stacks drifted", Text: "Look.\x1b[31m", Told: &agent.Told{
		Type: "drift.detected", Severity: "warning", Facts: []agent.Fact{{Name: "Since", Value: "noon\u202e"}}, Lines: []string{"• web", "• db"},
		Stack: "web", Delivery: "D",
	}}}
	c, show := Render(ev)
	if !show || c.Title != "7 stacks drifted" || c.Tone != Waiting || c.Status != "warning" || c.Body != "Look.\n• web\n• db" ||
		len(c.Fields) != 1 || c.Fields[0] != (Field{"Since", "noon"}) || c.Fallback != "7 stacks drifted: Look.\n• web\n• db" {
		t.Errorf("drawn as %+v", c)
	}
	if len(c.Buttons) != 2 || c.Buttons[0].Verb != verbScan || c.Buttons[0].Value != "web" || c.Buttons[1].Verb != verbMute || c.Buttons[1].Value != "D" {
		t.Errorf("buttons are %+v", c.Buttons)
	}
	for severity, want := range map[string]Tone{"urgent": Bad, "action": Waiting, "info": Neutral, "": Neutral} {
		if severityTone(severity) != want {
			t.Errorf("%q is drawn as %q", severity, severityTone(severity))
		}
	}
	ev.Payload.Told = &agent.Told{Severity: "info"}
	if c, _ := Render(ev); len(c.Buttons) != 0 {
		t.Errorf("buttons are %+v", c.Buttons)
	}
}

// wishes notes what is muted; it knows the delivery D of the room that it names.
type wishes struct {
	room string
	got  []Mute
}

func (w *wishes) Mute(_ context.Context, _ string, m Mute) ([]Muted, error) {
	if m.Delivery != "D" || m.Room != w.room {
		return nil, nil
	}
	w.got = append(w.got, m)
	return []Muted{{"drift.detected", "web"}, {"drift.detected", "db"}}, nil
}

// jobsKept is a queue that only notes.
type jobsKept []agent.Job

func (q *jobsKept) Enqueue(_ context.Context, j agent.Job) error {
	*q = append(*q, j)
	return nil
}

// reader lets one person read.
type reader string

func (r reader) Decide(_ context.Context, q rbac.Request) rbac.Decision {
	if q.Actor.ID == string(r) && q.Action.Effect == rbac.Read {
		return rbac.Decision{Outcome: rbac.Allow}
	}
	return rbac.Decision{Outcome: rbac.Deny}
}

func (r reader) May(context.Context, rbac.Actor, rbac.Verb, rbac.Request) rbac.Decision {
	return rbac.Decision{}
}

func (r reader) Missing(context.Context, rbac.Request, []rbac.Actor) []rbac.Need { return nil }

func TestMute(t *testing.T) {
	t.Parallel()
	in := agent.Thread{Platform: "console", Channel: "lab", ID: "1"}
	for name, c := range map[string]struct {
		who, room, value string
		muted            bool
		says             string
	}{
		"may":          {"ana", "console:lab", "D", true, "Muted for a day."},
		"may not":      {"eve", "console:lab", "D", false, ""},
		"another room": {"ana", "console:other", "D", false, "Refused: " + agent.NoSuch + "."},
		"nothing":      {"ana", "console:lab", "E", false, "Refused: " + agent.NoSuch + "."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, q := &wishes{room: c.room}, &jobsKept{}
			box := &Inbox{Queue: q, Mutes: w, Control: &agent.Control{Gate: reader("ana")}, Room: func(context.Context, string, string) Room { return Room{} }, Stacks: func(string) []Stack {
				return []Stack{{Name: "web", Rooms: []string{"console:lab"}}, {Name: "db", Rooms: []string{"console:other"}}}
			}}
			r, err := box.mute(t.Context(), Click{ID: "C", Org: "acme", Thread: in, Actor: rbac.Actor{Org: "acme", ID: c.who, Name: "Ana Lima"}, Verb: verbMute, Value: c.value})
			if err != nil || c.says != "" && r.Private != c.says || (len(w.got) == 1) != c.muted || (len(*q) == 1) != c.muted {
				t.Fatalf("says %+v, %v; muted %+v, jobs %+v", r, err, w.got, *q)
			}
			if !c.muted {
				return
			}
			if d := time.Until(w.got[0].Until); d < 23*time.Hour || d > 24*time.Hour {
				t.Errorf("muted for %s", d)
			}
			if f := (*q)[0].Told.Facts; len(f) != 1 || !f[0].At.Equal(w.got[0].Until) {
				t.Errorf("until %+v", f)
			}
			if j := (*q)[0]; j.ID != "mute/C" || j.Thread != in || !strings.Contains(j.Notice, "drift.detected of web, drift.detected is not told here, because") || !strings.Contains(j.Notice, "Ana Lima") {
				t.Errorf("told %+v", j)
			}
		})
	}
	r, err := (&Inbox{Control: &agent.Control{Gate: reader("ana")}, Room: func(context.Context, string, string) Room { return Room{} }}).mute(
		t.Context(), Click{Thread: in, Actor: rbac.Actor{ID: "ana"}, Value: "D"})
	if err != nil || !strings.Contains(r.Private, "Nothing can be muted") {
		t.Errorf("says %+v, %v", r, err)
	}
}
