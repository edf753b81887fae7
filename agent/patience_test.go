package agent

import (
	"testing"
	"time"
)

// Quiet hours pause a card; they never make it wait for more than a day.
func TestPatience(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	night := Quiet{From: 22 * time.Hour, Until: 7 * time.Hour, Zone: berlin}
	lunch := Quiet{From: 12 * time.Hour, Until: 13 * time.Hour, Zone: time.UTC}
	most := Quiet{From: time.Minute, Until: 0, Zone: time.UTC} // a minute a day is not quiet
	at := func(text string) time.Time {
		got, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for name, c := range map[string]struct {
		quiet      Quiet
		from       string
		wait       time.Duration
		urgent     bool
		want, zone string
	}{
		"no quiet hours":        {Quiet{}, "2026-11-25T21:30:00Z", time.Hour, false, "2026-11-25T22:30:00Z", ""},
		"before them":           {night, "2026-11-25T19:30:00Z", time.Hour, false, "2026-11-25T20:30:00Z", ""},
		"ends as they begin":    {night, "2026-11-25T20:00:00Z", time.Hour, false, "2026-11-25T21:00:00Z", ""},
		"a second too late":     {night, "2026-11-25T20:00:01Z", time.Hour, false, "2026-11-26T06:00:01Z", ""},
		"into the night":        {night, "2026-11-25T20:30:00Z", time.Hour, false, "2026-11-26T06:30:00Z", ""},
		"within the night":      {night, "2026-11-25T23:00:00Z", time.Hour, false, "2026-11-26T07:00:00Z", ""},
		"after midnight":        {night, "2026-11-26T03:00:00Z", time.Hour, false, "2026-11-26T07:00:00Z", ""},
		"as they end":           {night, "2026-11-26T06:00:00Z", time.Hour, false, "2026-11-26T07:00:00Z", ""},
		"urgent at night":       {night, "2026-11-25T23:00:00Z", time.Hour, true, "2026-11-26T00:00:00Z", ""},
		"over lunch":            {lunch, "2026-11-25T11:30:00Z", time.Hour, false, "2026-11-25T13:30:00Z", ""},
		"two lunches":           {lunch, "2026-11-25T11:30:00Z", 23*time.Hour + 45*time.Minute, false, "2026-11-26T11:30:00Z", ""},
		"a day at most":         {most, "2026-11-25T00:02:00Z", time.Hour, false, "2026-11-26T00:02:00Z", ""},
		"the night of the jump": {night, "2026-10-25T00:00:00+02:00", time.Hour, false, "2026-10-25T07:00:00Z", ""},
	} {
		got := Patience{Quiet: c.quiet}.after(at(c.from), c.wait, c.urgent)
		if !got.Equal(at(c.want)) {
			t.Errorf("%s: %s", name, got.UTC().Format(time.RFC3339))
		}
	}
}
