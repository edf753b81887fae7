package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"interlock/agent"
	"interlock/config"
	"interlock/rbac"
)

// nameless writes records as an auditor gets them; what is drawn at random is named.
func nameless(t *testing.T, all []changeRecord, write func(*bytes.Buffer, []changeRecord) error) string {
	t.Helper()
	for i := range all {
		all[i].Card, all[i].PlanCode, all[i].Digest, all[i].Policy = "CARD", "1234-5678", "DIGEST", "POLICY"
	}
	var out bytes.Buffer
	if err := write(&out, all); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// What an auditor reads of one change after the other, each ended another way.
func TestAuditExport(t *testing.T) {
	stories := []struct {
		tool string
		tell func(s *siege)
	}{
		{"destroy", func(s *siege) { s.honest("destroy") }},
		{"apply", func(s *siege) { s.click(s.held(), person("bob"), "deny"); s.mustWork() }},
		{"apply", func(s *siege) { time.Sleep(2 * time.Hour); s.mustWork() }},
		{"apply", func(*siege) {}},
		{"destroy", func(s *siege) {
			s.click(s.held(), person("bob"), "approve")
			s.click(s.held(), person("bob"), "back")
		}},
		{"apply", func(s *siege) {
			s.rules.People["carol"] = rbac.Person{Name: "Carol", Roles: []string{"breakglass"}, Chat: s.rules.People["carol"].Chat}
			s.load()
			s.say(s.held(), "carol", agent.Press{Glass: true, Text: "=cmd|'/c calc'!A1, \"the site\"\nis down"})
			s.mustWork()
		}},
	}
	var js, sheet string
	for i, story := range stories {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			all := told(t, story.tool, story.tell)
			js += nameless(t, all, func(b *bytes.Buffer, r []changeRecord) error { return writeJSON(b, r) })
			lines := nameless(t, all, func(b *bytes.Buffer, r []changeRecord) error { return writeCSV(b, r) })
			if _, rows, _ := strings.Cut(lines, "\n"); i > 0 {
				lines = rows
			}
			sheet += lines
		})
	}
	goldenFile(t, "testdata/audit/export.jsonl", js)
	goldenFile(t, "testdata/audit/export.csv", sheet)
	rows, err := csv.NewReader(strings.NewReader(sheet)).ReadAll()
	if err != nil || len(rows) != 1+len(stories) {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
}

// told plays a change, and gives what is exported of it.
func told(t *testing.T, tool string, tell func(s *siege)) (all []changeRecord) {
	synctest.Test(t, func(t *testing.T) {
		s := besiege(newWorld(t, []string{tool, "=done"}))
		s.ask("alice")
		tell(s)
		sess, _ := s.covered()
		opened := s.opened().At
		all = recordsOf(sess, opened, opened.Add(time.Microsecond))
		if len(all) != 1 {
			t.Fatalf("%d records", len(all))
		}
		if n := len(recordsOf(sess, opened.Add(time.Microsecond), opened.Add(time.Hour))) + len(recordsOf(sess, opened.Add(-time.Hour), opened)); n != 0 {
			t.Errorf("%d records beyond the bounds", n)
		}
	})
	return all
}

// opened is the event of the card.
func (s *siege) opened() agent.Event {
	for _, ev := range s.log() {
		if ev.Kind == agent.KindApproval {
			return ev
		}
	}
	return agent.Event{}
}

var update = flag.Bool("update", false, "write golden files anew")

// goldenFile compares with a file; go test -update writes it anew.
func goldenFile(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path) //nolint:gosec // a file of this repository
	if err != nil || got != string(want) {
		t.Errorf("%s: %v\n%s", path, err, got)
	}
}

// No cell is a formula, whatever a stranger wrote.
func TestCellsAreInert(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "plain": "plain", "a=b": "a=b", " =1": "' =1", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@sum": "'@sum", "\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1", "=": "'=", "\tx": "'\tx", "\rx": "'\rx", "\nx": "'\nx", "'=1": "'=1",
	} {
		if got := inert(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

func TestDays(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"2026-11-01": "2026-11-01T00:00:00Z", "2026-11-01T09:00:00Z": "2026-11-01T09:00:00Z", "2026-11-01T09:00:00+02:00": "2026-11-01T07:00:00Z",
		"": "", "yesterday": "", "2026-13-01": "", "2026-11-01 09:00": "",
	} {
		got, err := day(in)
		if want == "" && err == nil || want != "" && (err != nil || got.Format(time.RFC3339) != want) {
			t.Errorf("%q is %v, %v", in, got, err)
		}
	}
}

// A period that is none is refused before anything is opened.
func TestExportRefusesPeriods(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no first day": {[]string{"--from", "yesterday", "--to", "2026-12-01"}, `--from: "yesterday" is no day such as 2026-11-01`},
		"no last day":  {[]string{"--from", "2026-11-01", "--to", "2026-11-31"}, `--to: "2026-11-31" is no day`},
		"backwards":    {[]string{"--from", "2026-12-01", "--to", "2026-11-01"}, "--to 2026-11-01 is not after --from 2026-12-01"},
		"nothing":      {[]string{"--from", "2026-12-01", "--to", "2026-12-01"}, "--to is the day after the last one"},
		"another form": {[]string{"--from", "2026-11-01", "--to", "2026-12-01", "--format", "xml"}, `no format "xml"; known: json, csv`},
		"none named":   {[]string{"--to", "2026-12-01"}, `"from" not set`},
	} {
		code, out := interlock(t.Context(), "", append([]string{"audit", "export"}, c.args...)...)
		if code != 2 || !strings.Contains(out, c.want) {
			t.Errorf("%s: exit %d, no %q in %s", name, code, c.want, out)
		}
	}
}

// A card whose words were erased is still one that there was.
func TestExportOfAnErasedCard(t *testing.T) {
	t.Parallel()
	when := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	gone := agent.Payload{Call: &agent.ToolCall{}, Hold: &agent.Hold{Approval: &agent.Approval{Verdicts: []agent.Verdict{{}}}}}
	s := &agent.Session{Org: org, Thread: thread, Events: []agent.Event{
		{Kind: agent.KindApproval, At: when, Payload: gone}, {Kind: agent.KindVerdict, At: when.Add(time.Minute), Payload: gone},
	}}
	all := recordsOf(s, when, when.Add(time.Hour))
	if len(all) != 1 || all[0].State != "erased" || !all[0].At.Equal(when) || all[0].Org != org || len(all[0].Approvals) != 0 {
		t.Errorf("%+v", all)
	}
}

// A period takes what was opened at its first moment and not what was opened at its
// end; one organisation's export never holds another's card.
func TestExportOfOneOrg(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "interlock.yaml")
	if err := os.WriteFile(file, []byte("data_dir: data\nsandbox: {shared_kernel: true}\norgs: {acme: {policy: database}, rival: {policy: database}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, _, err := config.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := orgKeys(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db, err := openStore(t.Context(), cfg, keys, 0, logger(cfg.Log))
	if err != nil {
		t.Fatal(err)
	}
	first, end := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	card := func(org, id string, at time.Time) {
		t.Helper()
		s, err := db.Open(t.Context(), org, thread)
		if err != nil {
			t.Fatal(err)
		}
		h := agent.Hold{ID: id, Org: org, Session: s.ID, Opened: at, State: agent.Open, Call: agent.ToolCall{ID: id, Tool: "apply"}, Approval: &agent.Approval{}}
		ev := agent.Event{Schema: agent.Schema, ID: id, Org: org, Session: s.ID, At: at, Kind: agent.KindApproval, Payload: agent.Payload{Call: &h.Call, Hold: &h}}
		if err := db.Append(t.Context(), org, agent.Batch{Events: []agent.Event{ev}}); err != nil {
			t.Fatal(err)
		}
	}
	card("acme", "too-early", first.Add(-time.Microsecond))
	card("acme", "first", first)
	card("acme", "last", end.Add(-time.Microsecond))
	card("acme", "too-late", end)
	card("rival", "of-the-rival", first.Add(time.Hour))
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for only, want := range map[string]string{"acme": "first last", "rival": "of-the-rival", "": "first of-the-rival last"} {
		args := []string{"audit", "export", "--config", file, "--from", "2026-11-01", "--to", "2026-12-01"}
		if only != "" {
			args = append(args, "--org", only)
		}
		code, out := interlock(t.Context(), "", args...)
		var got []string
		for l := range strings.Lines(out) {
			var r changeRecord
			if err := json.Unmarshal([]byte(l), &r); err != nil {
				t.Fatalf("%s: %v", l, err)
			}
			got = append(got, r.Card)
		}
		if code != 0 || strings.Join(got, " ") != want {
			t.Errorf("%q: exit %d, %v, want %s", only, code, got, want)
		}
	}
	if code, out := interlock(t.Context(), "", "audit", "export", "--config", file, "--from", "2026-11-01", "--to", "2026-12-01", "--org", "x"); code != 2 || !strings.Contains(out, `no organisation "x"; known: acme, rival`) {
		t.Errorf("exit %d: %s", code, out)
	}
}
