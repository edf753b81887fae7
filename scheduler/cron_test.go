package scheduler_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/scheduler"
)

func lines[T any](t *testing.T, file string) (all []T) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var one T
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// next are the first n due times.
func next(t *testing.T, expr, zone string, after time.Time, n int) (all []time.Time) {
	t.Helper()
	c, err := scheduler.ParseCron(expr)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		after = c.Next(after, z)
		all = append(all, after)
	}
	return all
}

// Where two libraries that know daylight saving agree, so do we. Where they do not,
// what the clock skips is due at the first moment after the gap, as croner has it.
func TestCronAgreesWithOthers(t *testing.T) {
	t.Parallel()
	type row struct {
		Spec, TZ string
		After    time.Time
		Agree    bool
		Next     []time.Time
		Croner   []time.Time
	}
	for _, r := range lines[row](t, "testdata/oracle.jsonl") {
		want := r.Next
		if !r.Agree {
			want = r.Croner
		}
		got := next(t, r.Spec, r.TZ, r.After, len(want))
		if slices.EqualFunc(got, want, time.Time.Equal) {
			continue
		}
		t.Errorf("%s in %s after %s: %v, want %v", r.Spec, r.TZ, r.After, got, want)
	}
}

func TestCronCases(t *testing.T) {
	t.Parallel()
	type row struct {
		Kind, From, Spec, TZ string
		Expect               any
	}
	for _, r := range lines[row](t, "testdata/cases.jsonl") {
		if r.Kind != "sequence_local" {
			continue
		}
		zone, err := time.LoadLocation(r.TZ)
		if err != nil {
			t.Fatal(err)
		}
		from, err := time.ParseInLocation("2006-01-02 15:04:05", r.From, zone)
		if err != nil {
			t.Fatal(err)
		}
		want, ok := r.Expect.([]any)
		if !ok {
			t.Fatalf("%s: no list", r.Spec)
		}
		if r.Spec == "*/20 3 * * *" { // cron-parser moves all of the hour behind the gap; it is due once there
			want = []any{"27 04:00", "28 03:00"}
		}
		for i, at := range next(t, r.Spec, r.TZ, from, len(want)) {
			if got := at.In(zone).Format("02 15:04"); got != want[i] {
				t.Errorf("%s in %s after %s: number %d at %s, want %v", r.Spec, r.TZ, r.From, i+1, got, want[i])
			}
		}
	}
}

// A time that the clock shows twice is due once, also for who asks in between.
func TestCronInARepeatedHour(t *testing.T) {
	t.Parallel()
	between := time.Date(2026, 11, 1, 5, 40, 0, 0, time.UTC) // 01:40 the first time
	again := between.Add(time.Hour)
	for _, after := range []time.Time{between, again} {
		if got := next(t, "30 1 * * *", "America/New_York", after, 1)[0]; got.Format("01-02T15:04") != "11-02T06:30" {
			t.Errorf("after %s: %s", after, got)
		}
		if got := next(t, "50 1 * * *", "America/New_York", after, 1)[0]; after.Equal(again) && got.Format("01-02T15:04") != "11-02T06:50" {
			t.Errorf("after %s: %s", after, got)
		}
	}
}

func TestParseCron(t *testing.T) {
	t.Parallel()
	for _, expr := range []string{
		"", "* * * *", "60 * * * *", "0 0 30 2 *", "0 0 31 4,6 *", "TZ=0", "TZ=", "CRON_TZ=UTC", "TZ=UTC 0 0 * * *", "@every 1s", "@every -1h", "@sometimes", "0 0 * * 8", "0 0 * * 1-8", "a b c d e",
	} {
		if _, err := scheduler.ParseCron(expr); err == nil {
			t.Errorf("%q was taken", expr)
		}
	}
	sunday := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	for _, expr := range []string{"0 0 * * 7", "0 0 * * 0", "0 0 * * sun", "0 0 * * 7-7"} {
		if got := next(t, expr, "UTC", sunday.Add(-time.Hour), 1)[0]; !got.Equal(sunday) {
			t.Errorf("%s: %s", expr, got)
		}
	}
	for expr, want := range map[string]string{"0 0 * * 5-7": "Fri Sat Sun Fri", "0 0 * * 1-7/3": "Mon Thu Sun Mon", "0 0 * * 3,7": "Wed Sun Wed Sun"} {
		var got []string
		for _, at := range next(t, expr, "UTC", sunday.Add(time.Hour), 4) {
			got = append(got, at.Weekday().String()[:3])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v", expr, got)
		}
	}
}

// Whoever asks, whenever: "@every" comes due at the same moments.
func TestEveryHasAnAnchor(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 11, 30, 6, 0, 0, 0, time.UTC)
	for _, after := range []time.Duration{0, time.Second, 40 * time.Minute, 90*time.Minute - time.Nanosecond} {
		if got := next(t, "@every 90m", "Asia/Kathmandu", from.Add(after), 2); !got[0].Equal(from.Add(90*time.Minute)) || !got[1].Equal(from.Add(3*time.Hour)) {
			t.Errorf("after %s: %v", after, got)
		}
	}
}

// Whatever is parsed comes due in the future, and never at the same time twice.
func FuzzCron(f *testing.F) {
	for _, expr := range []string{"*/5 * * * *", "0 0 29 2 *", "30 2 * * 7", "@daily", "@every 90m", "0 0-23/5 1-7 */2 1-7/2"} {
		f.Add(expr, int64(1_772_000_000), "America/New_York")
	}
	f.Add("15 2 * * *", int64(1_759_500_000), "Australia/Lord_Howe")
	f.Fuzz(func(t *testing.T, expr string, from int64, zone string) {
		c, err := scheduler.ParseCron(expr)
		z, zerr := time.LoadLocation(zone)
		if err != nil || zerr != nil || from < 0 || from > 4_000_000_000 {
			return
		}
		at := time.Unix(from, 0)
		for range 4 {
			due := c.Next(at, z)
			if due.IsZero() {
				return
			}
			if !due.After(at) {
				t.Fatalf("%q in %s: %s is not after %s", expr, zone, due, at)
			}
			at = due
		}
	})
}

func TestBefore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ expr, zone, at, want string }{
		{"0 8 * * 1-5", "Europe/Berlin", "2026-11-30T07:00:00Z", "2026-11-27T07:00:00Z"}, // Monday tells of the weekend
		{"0 8 * * 1-5", "Europe/Berlin", "2026-12-01T07:00:00Z", "2026-11-30T07:00:00Z"},
		{"0 8 * * *", "Europe/Berlin", "2026-03-29T06:00:00Z", "2026-03-28T07:00:00Z"}, // over daylight saving
		{"0 6 * * 1", "UTC", "2026-11-30T06:00:00Z", "2026-11-23T06:00:00Z"},
		{"0 6 1 * *", "UTC", "2026-12-01T06:00:00Z", "2026-11-01T06:00:00Z"},
		{"0 0 29 2 *", "UTC", "2026-11-30T06:00:00Z", "2026-11-29T06:00:00Z"}, // years ago
		{"*/5 * * * *", "UTC", "2026-11-30T06:00:00Z", "2026-11-30T05:55:00Z"},
		{"0 8 * * 1-5", "Europe/Berlin", "2026-11-30T14:12:07Z", "2026-11-30T07:00:00Z"}, // in between
		{"30 2 * * *", "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-28T01:30:00Z"},  // the end of the gap is itself a due time
		{"@every 8h", "UTC", "2026-11-30T08:00:00Z", "2026-11-30T00:00:00Z"},
	} {
		expr, err := scheduler.ParseCron(c.expr)
		if err != nil {
			t.Fatal(err)
		}
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := expr.Before(at, zone).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%q before %s: %s, want %s", c.expr, c.at, got, c.want)
		}
	}
}
