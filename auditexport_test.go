package main

import (
	"bytes"
	"encoding/csv"
	"flag"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"interlock/agent"
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
		"": "", "plain": "plain", "a=b": "a=b", " =1": "' =1", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@sum": "'@sum", "\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1", "=": "'=", "'=1": "'=1",
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
