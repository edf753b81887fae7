package pagerduty

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const onCalls = `{"oncalls": [
  {"user": {"id": "P2", "type": "user", "summary": "Bo Chen", "name": "Bo Chen", "email": "bo@example.com"}, "escalation_level": 2, "start": null, "end": null},
  {"user": {"id": "P3", "summary": "Cy Adams"}, "escalation_level": 1, "start": "2026-01-12T08:00:00Z", "end": "2026-01-19T08:00:00Z"},
  {"user": {"id": "P1", "name": "Ana Lima", "email": "ana@example.com"}, "escalation_level": 1, "start": "2026-01-05T08:00:00Z", "end": "2026-01-12T08:00:00Z"},
  {"user": {"id": "P1", "name": "Ana Lima", "email": "ana@example.com"}, "escalation_level": 1, "start": "2026-01-05T08:00:00Z", "end": "2026-01-12T08:00:00Z"},
  {"user": {}, "escalation_level": 1}
], "limit": 100, "offset": 0, "more": false, "total": null}`

func TestTurns(t *testing.T) {
	t.Parallel()
	var asked, down atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		q := r.URL.Query()
		if r.URL.Path != "/oncalls" || q.Get("schedule_ids[]") != "S1" || q.Get("time_zone") != "UTC" || q.Get("since") != "2026-01-06T00:00:00Z" && down.Load() == 0 ||
			r.Header.Get("Authorization") != "Token token=hush" || !strings.Contains(r.Header.Get("Accept"), "version=2") {
			t.Errorf("asked %s as %v", r.URL, r.Header)
		}
		if down.Load() > 0 {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprint(w, onCalls)
	}))
	defer s.Close()
	now := time.Date(2026, 1, 6, 0, 0, 0, 0, time.UTC)
	sch := &Schedule{ID: "S1", Key: "hush", URL: s.URL + "/", Now: func() time.Time { return now }}
	read := func(wantAsked int32) []Turn {
		t.Helper()
		all, err := sch.Turns(t.Context())
		if err != nil || asked.Load() != wantAsked {
			t.Fatalf("%v, asked %d times", err, asked.Load())
		}
		return all
	}
	all := read(1)
	if len(all) != 3 || all[0].Name != "Bo Chen" || all[0].Level != 2 || !all[0].Holds(now) || all[1].Mail != "ana@example.com" || !all[1].Holds(now) ||
		all[2].Name != "Cy Adams" || all[2].Holds(now) || !all[2].Holds(all[2].From) || all[2].Holds(all[2].Until) {
		t.Errorf("%+v", all)
	}
	now = now.Add(59 * time.Second)
	read(1)
	down.Store(1)
	now = now.Add(time.Second)
	if all := read(3); len(all) != 3 { // it is asked once more
		t.Errorf("while it is down: %+v", all)
	}
	now = now.Add(4 * time.Second)
	read(3) // a failure serves for seconds
	now = now.Add(time.Second)
	read(5)
	now = now.Add(23 * time.Hour)
	read(7)
	now = now.Add(time.Hour)
	if _, err := sch.Turns(t.Context()); err == nil || !strings.Contains(err.Error(), "503") || strings.Contains(err.Error(), "hush") {
		t.Errorf("after a day: %v", err)
	}
}

// Who asks first and goes away spoils the answer of nobody else.
func TestTurnsOfWhoeverIsGone(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, onCalls) }))
	defer s.Close()
	sch := &Schedule{ID: "S1", URL: s.URL}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if all, err := sch.Turns(gone); err != nil || len(all) != 3 {
		t.Errorf("%+v, %v", all, err)
	}
}

// Whoever is on call now may be on any page; a server that never ends is left.
func TestTurnsOfPages(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 6, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct{ pages, asked, turns int }{
		"one":              {1, 1, 1},
		"two":              {2, 2, 101},
		"without an end":   {1000, mostPages, mostPages * perPage},
		"more, but nobody": {0, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				offset, err := strconv.Atoi(r.URL.Query().Get("offset"))
				if err != nil || r.URL.Query().Get("limit") != strconv.Itoa(perPage) {
					t.Errorf("asked %s", r.URL)
				}
				_, _ = fmt.Fprint(w, pageOf(now, offset/perPage+1, c.pages))
			}))
			defer s.Close()
			sch := &Schedule{ID: "S1", URL: s.URL, Now: func() time.Time { return now }}
			all, err := sch.Turns(t.Context())
			if err != nil || len(all) != c.turns || int(asked.Load()) != c.asked {
				t.Errorf("%d turns, %v, asked %d times", len(all), err, asked.Load())
			}
			if last := c.pages == 1 || c.pages == 2; last && (len(all) == 0 || !all[0].Holds(now) || all[0].Name != "Ana Lima") {
				t.Errorf("on call now is not the first of %+v", all)
			}
		})
	}
}

// pageOf is one of several pages, the last of which names who is on call now. Of no
// pages, it names nobody but says that there is more.
func pageOf(now time.Time, n, of int) string {
	if of == 0 {
		return `{"oncalls": [], "more": true}`
	}
	if n == of {
		return `{"oncalls": [{"user": {"name": "Ana Lima"}, "escalation_level": 1}], "more": false}`
	}
	var all []string
	for i := range perPage {
		from := now.Add(time.Duration(n*perPage+i) * time.Minute)
		all = append(all, fmt.Sprintf(`{"user": {"name": "Bo Chen"}, "escalation_level": 1, "start": %q}`, from.Format(time.RFC3339)))
	}
	return `{"oncalls": [` + strings.Join(all, ",") + `], "more": true}`
}

func TestTurnsRefuses(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"no JSON": "<html>", "another shape": `{"oncalls": {"user": 1}}`, "a time that is none": `{"oncalls": [{"user": {"name": "x"}, "start": "soon"}]}`,
		"too much": `{"oncalls": [], "x": "` + strings.Repeat("x", onCallLimit) + `"}`,
	} {
		if all, _, _, err := readTurns([]byte(answer)); err == nil {
			t.Errorf("%s: read as %+v", name, all)
		}
	}
}

func FuzzTurns(f *testing.F) {
	f.Add([]byte(onCalls))
	f.Add([]byte(`{"oncalls": [{"user": {"email": "x"}, "start": null}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, read, _, err := readTurns(b)
		if err != nil && all != nil {
			t.Errorf("both %+v and %v", all, err)
		}
		if len(all) > read {
			t.Errorf("%d of %d", len(all), read)
		}
		for _, one := range all {
			if one.Name+one.Mail == "" {
				t.Error("somebody without a name")
			}
		}
	})
}
