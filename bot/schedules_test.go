package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// roster is schedules by hand.
type roster struct {
	all  []Scheduled
	down error
	held []string // what was held or resumed
	told []agent.Job
	ran  []string
	busy bool // nothing begins any more
}

func (r *roster) Scheduled(context.Context, string) ([]Scheduled, error) { return r.all, r.down }

func (r *roster) Hold(_ context.Context, _ string, names []string, p *Paused, told []agent.Job) error {
	for _, name := range names {
		if p != nil {
			name += " by " + p.By.Name + ": " + p.Why
		}
		r.held = append(r.held, name)
	}
	r.told = append(r.told, told...)
	return r.down
}

func (r *roster) RunNow(_ context.Context, _, name, id string, from agent.Thread, told []agent.Job) (bool, error) {
	if r.busy || r.down != nil {
		return false, r.down
	}
	r.ran = append(r.ran, name+" as "+id+" from "+from.ID)
	r.told = append(r.told, told...)
	return true, nil
}

// rosters is a world with schedules: two of payments-prod, one of web, one of a channel.
func rosters(t *testing.T) (*world, *roster) {
	t.Helper()
	w := newWorld(t)
	at := time.Date(2026, 3, 29, 6, 0, 0, 0, time.UTC)
	prod := []string{"console:ops", "slack:C-ops"}
	r := &roster{all: []Scheduled{
		{Name: "drift/payments-prod", What: "scans payments-prod for drift", Stack: "payments-prod", Environment: "prod", Rooms: prod, Next: at.Add(24 * time.Hour), Last: at},
		{Name: "drift/web", What: "scans web for drift", Stack: "web", Environment: "lab", Rooms: []string{"slack:C-lab"}, Next: at.Add(24 * time.Hour)},
		{Name: "morning", What: "digest", Rooms: []string{"console:ops"}, Next: at, Last: at, Failed: "the chat\x1b[31m is away"},
		{Name: "rules", What: "checks payments-prod against its rules", Stack: "payments-prod", Environment: "prod", Rooms: prod, Last: at, Runs: true},
	}}
	w.Schedules = r
	return w, r
}

// ops is a thread of the room of payments-prod.
var ops = agent.Thread{Platform: "slack", Channel: "C-ops", ID: "1"}

func (w *world) order(who rbac.Actor, th agent.Thread, text string) Reply {
	w.Helper()
	w.n++
	reply, err := w.Mention(w.Context(), Mention{ID: fmt.Sprint("m", w.n), Org: "acme", Thread: th, Actor: who, Text: text})
	if err != nil {
		w.Fatal(err)
	}
	return reply
}

// notices are what the queue tells, with the rooms.
func notices(jobs []agent.Job) (all []string) {
	for _, j := range jobs {
		all = append(all, j.Thread.Room()+" "+j.Thread.ID+" "+j.Title+": "+j.Notice)
	}
	return all
}

// A room sees its own schedules, what needs a look first; others are counted.
func TestSchedulesAreListed(t *testing.T) {
	t.Parallel()
	w, r := rosters(t)
	r.all[0].Missed, r.all[0].MissedWhy = r.all[0].Last.Add(time.Hour), "the run of 29 March 06:00 UTC is still going on"
	r.all[3].Paused = &Paused{By: rbac.Actor{Name: "Bob"}, Why: "the audit\nis over"}
	card := w.order(w.person("alice"), agent.Thread{Platform: "console", Channel: "ops", ID: "1"}, "schedules").Note
	var names []string
	text := ""
	for _, f := range card.Fields {
		names = append(names, f.Name)
		text += Moments(f.Value, nil) + "\n"
	}
	if !slices.Equal(names, []string{"drift/payments-prod", "morning", "rules"}) || card.Body != "3 here, 1 in other channels." {
		t.Errorf("%v, %q", names, card.Body)
	}
	for _, want := range []string{
		"did not run at 29 March 07:00 UTC: the run of 29 March 06:00 UTC is still going on",
		"digest; next 29 March 06:00 UTC; the run of 29 March 06:00 UTC failed: the chat is away", "paused by Bob: the audit\nis over; the run of 29 March 06:00 UTC is going on",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
	if card := w.order(w.person("alice"), agent.Thread{Platform: "slack", Channel: "C-lab", ID: "1"}, "schedules").Note; len(card.Fields) != 1 || card.Fields[0].Name != "drift/web" {
		t.Errorf("the lab sees %+v", card)
	}
	if card := w.order(w.person("vic"), agent.Thread{Platform: "slack", Channel: "C-lab", ID: "1"}, "schedules").Note; len(card.Fields) != 0 || card.Body != "0 here, 4 in other channels." {
		t.Errorf("who may not read a stack sees %+v", card)
	}
	if r := w.order(w.stranger, ops, "schedules"); r.Note != nil && len(r.Note.Fields) > 0 || !strings.HasPrefix(r.Private, "Refused") {
		t.Errorf("a stranger sees %+v", r)
	}
}

func TestSchedulesArePaused(t *testing.T) {
	t.Parallel()
	w, r := rosters(t)
	if got := w.order(w.person("alice"), ops, "pause rules because the audit"); got.Private != "" {
		t.Errorf("%+v", got)
	}
	if !slices.Equal(r.held, []string{"rules by Alice: the audit"}) {
		t.Errorf("held %v", r.held)
	}
	want := []string{
		"slack:C-ops 1 Schedule paused: Alice paused rules: the audit. What comes due is skipped, and on record; what has come due already goes on. To end it, Alice or an approver says: resume rules.",
		"console:ops ~schedule/m1 Schedule paused: Alice paused rules: the audit. What comes due is skipped, and on record; what has come due already goes on. To end it, Alice or an approver says: resume rules.",
	}
	if got := notices(r.told); !slices.Equal(got, want) {
		t.Errorf("told %q", got)
	}
	r.all[3].Paused, r.held = &Paused{}, nil
	for who, want := range map[string]string{
		"vic":   "Refused: Vic may not resume schedules: roles are viewer (Bob or Carol or Heidi can; Heidi can grant it).",
		"alice": "Refused: Alice may not resume schedules", "bob": "", // thawing is an approver's
	} {
		if got := w.order(w.person(who), ops, "resume rules"); !strings.HasPrefix(got.Private, want) || want == "" && got.Private != "" {
			t.Errorf("%s: %+v", who, got)
		}
	}
	if !slices.Equal(r.held, []string{"rules"}) {
		t.Errorf("resumed %v", r.held)
	}
	for text, want := range map[string]string{
		"pause rules":           "Nothing changed: rules is paused already.",
		"resume morning":        "", // it is another channel's: as if it were not there
		"pause drift/web":       "No schedule of this channel is called drift/web. Say schedules",
		"run drift-web":         "No schedule of this channel is called drift-web.",
		"pause it because x":    "No schedule of this channel is called it.",
		"pause":                 "Say: schedules, pause SCHEDULE because REASON",
		"Resume":                "Say: schedules, pause SCHEDULE because REASON",
		"run":                   "Say: schedules, pause SCHEDULE because REASON",
		"pause rules because":   "", // for the model
		"pause the schedule":    "",
		"run tests":             "",
		"run the tests":         "",
		"run morning and rules": "",
	} {
		before := len(w.store.Waiting())
		got := w.order(w.person("bob"), ops, text)
		if want == "" && len(w.store.Waiting()) != before+1 || want != "" && !strings.HasPrefix(got.Private, want) {
			t.Errorf("%s: %+v", text, got)
		}
	}
	if !slices.Equal(r.held, []string{"rules"}) {
		t.Errorf("held %v", r.held)
	}
}

// Whoever paused may resume, without the right to thaw; others hear of them too.
func TestWhoPausedMayResume(t *testing.T) {
	t.Parallel()
	w, r := rosters(t)
	r.all[3].Paused = &Paused{By: w.snap.Resolve(w.person("alice"))}
	if got := w.order(w.person("vic"), ops, "resume rules"); !strings.HasSuffix(got.Private, "Heidi can grant it); Alice, who paused it, can too.") {
		t.Errorf("%+v", got)
	}
	if got := w.order(w.person("alice"), ops, "resume rules"); got.Private != "" || !slices.Equal(r.held, []string{"rules"}) {
		t.Errorf("%+v, held %v", got, r.held)
	}
	r.all[3].Paused, r.held = &Paused{By: w.snap.Resolve(w.person("vic"))}, nil // who lost the right, if they had it
	if got := w.order(w.person("vic"), ops, "resume rules"); !strings.HasPrefix(got.Private, "Refused: Vic may not resume schedules") || r.held != nil {
		t.Errorf("%+v, held %v", got, r.held)
	}
	if got := w.order(w.person("alice"), ops, "resume rules"); !strings.HasPrefix(got.Private, "Refused") || strings.Contains(got.Private, "who paused it") {
		t.Errorf("%+v", got)
	}
	if got := w.order(w.person("vic"), ops, "pause drift because of lunch"); !strings.HasPrefix(got.Private, "Refused: Vic may not pause schedules") {
		t.Errorf("%+v", got)
	}
	w.order(w.person("bob"), ops, "pause drift because of lunch")
	if !slices.Equal(r.held, []string{"drift/payments-prod by Bob: because of lunch"}) {
		t.Errorf("held %v", r.held)
	}
}

// Only the rooms of what changed hear of a pause.
func TestPauseTellsWhereItChanges(t *testing.T) {
	t.Parallel()
	w, r := rosters(t)
	elsewhere := r.all[0]
	elsewhere.Name, elsewhere.Rooms, elsewhere.Paused = "drift/other", []string{"slack:C-ops", "slack:C-far"}, &Paused{}
	r.all = append(r.all, elsewhere)
	if got := w.order(w.person("alice"), ops, "pause drift because the audit"); got.Private != "" {
		t.Errorf("%+v", got)
	}
	if got := strings.Join(notices(r.told), "\n"); len(r.held) != 1 || strings.Contains(got, "C-far") || !strings.Contains(got, "console:ops") {
		t.Errorf("held %q, told %s", r.held, got)
	}
}

// The name of several schedules means those of them that this room may hear of.
func TestRunNow(t *testing.T) {
	t.Parallel()
	w, r := rosters(t)
	if got := w.order(w.person("vic"), ops, "run drift"); got.Private != "" {
		t.Errorf("%+v", got)
	}
	if !slices.Equal(r.ran, []string{"drift/payments-prod as m1/drift/payments-prod from 1"}) {
		t.Errorf("ran %v", r.ran)
	}
	if got := notices(r.told); !slices.Equal(got, []string{"slack:C-ops 1 Schedule runs: Vic runs drift now. What comes of it is told here."}) || len(w.store.Waiting()) > 0 {
		t.Errorf("told %q", got)
	}
	r.busy = true
	if got := w.order(w.person("vic"), ops, "run drift"); !strings.HasPrefix(got.Private, "Not started") || len(r.told) != 1 {
		t.Errorf("what did not begin is told: %+v, %q", got, notices(r.told))
	}
	r.busy = false
	if got := w.order(w.person("vic"), ops, "run rules"); !strings.HasPrefix(Moments(got.Private, nil), "Not started: the run of rules that is due since 29 March 06:00 UTC has not ended.") {
		t.Errorf("%+v", got)
	}
	if got := w.order(w.stranger, ops, "run drift"); !strings.HasPrefix(got.Private, "Refused") {
		t.Errorf("%+v", got)
	}
	if len(r.ran) != 1 {
		t.Errorf("ran %v", r.ran)
	}
	r.down = errors.New("the disk is full")
	if _, err := w.Mention(t.Context(), Mention{ID: "x", Org: "acme", Thread: ops, Actor: w.person("vic"), Text: "run drift"}); !errors.Is(err, r.down) {
		t.Errorf("%v", err)
	}
}

func TestFixed(t *testing.T) {
	t.Parallel()
	for text, tool := range map[string]string{"scan web": "drift_scan", "plan web": "tofu_plan", "stop": "", "freeze all": "", "scan": "", "look at web": "", "approvals": "", "run x": ""} {
		j, ok := Fixed(text)
		if ok != (tool != "") || ok && (j.Calls[0].Tool != tool || j.Text != text) {
			t.Errorf("%s: %+v", text, j)
		}
	}
}

func TestManySchedulesAreCounted(t *testing.T) {
	t.Parallel()
	var all []Scheduled
	for n := range 500 {
		all = append(all, Scheduled{Name: fmt.Sprintf("drift/%03d", n), What: "scans"})
	}
	all[499].Failed = "no answer"
	c := schedulesCard(all, 3, time.Now())
	if len(c.Fields) != 20 || c.Fields[0].Name != "drift/499" || c.Body != "And 480 more. 500 here, 3 in other channels." {
		t.Errorf("%+v", c)
	}
}
