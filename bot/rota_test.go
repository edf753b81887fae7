package bot

import (
	"testing"
	"testing/quick"
	"time"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestRota(t *testing.T) {
	t.Parallel()
	berlin := zone(t, "Europe/Berlin")
	monday := time.Date(2026, 1, 5, 9, 0, 0, 0, berlin)
	utc := func(day, hour, minute int, m time.Month) time.Time {
		return time.Date(2026, m, day, hour, minute, 0, 0, time.UTC)
	}
	weekly := Rota{People: []string{"ana", "bo", "cy"}, Starts: monday, Every: 168 * time.Hour}
	swapped := weekly
	swapped.Swaps = []Swap{{"cy", utc(7, 12, 0, time.January), utc(8, 12, 0, time.January)}, {"bo", utc(11, 0, 0, time.January), utc(12, 8, 0, time.January)}}
	deputized := weekly
	deputized.Deputy = "bo"
	nights := Rota{People: []string{"ana", "bo"}, Starts: time.Date(2026, 3, 28, 9, 0, 0, 0, berlin), Every: 12 * time.Hour}
	for name, test := range map[string]struct {
		rota Rota
		at   time.Time
		want Duty
	}{
		"the first turn":             {weekly, monday, Duty{"ana", "bo", "bo", utc(12, 8, 0, time.January)}},
		"before it starts":           {weekly, monday.AddDate(0, 0, -30), Duty{"ana", "bo", "bo", utc(12, 8, 0, time.January)}},
		"the last moment of a turn":  {weekly, utc(12, 7, 59, time.January), Duty{"ana", "bo", "bo", utc(12, 8, 0, time.January)}},
		"the moment of change":       {weekly, utc(12, 8, 0, time.January), Duty{"bo", "cy", "cy", utc(19, 8, 0, time.January)}},
		"clocks went forward":        {weekly, utc(30, 6, 59, time.March), Duty{"cy", "ana", "ana", utc(30, 7, 0, time.March)}},
		"then by the same clock":     {weekly, utc(30, 7, 0, time.March), Duty{"ana", "bo", "bo", utc(6, 7, 0, time.April)}},
		"clocks went back":           {weekly, utc(26, 8, 0, time.October), Duty{"ana", "bo", "bo", utc(2, 8, 0, time.November)}},
		"just before, they had not":  {weekly, utc(26, 7, 59, time.October), Duty{"cy", "ana", "ana", utc(26, 8, 0, time.October)}},
		"a night with an hour less":  {nights, utc(28, 20, 0, time.March), Duty{"bo", "ana", "ana", utc(29, 7, 0, time.March)}},
		"until the swap":             {swapped, monday, Duty{"ana", "cy", "cy", utc(7, 12, 0, time.January)}},
		"swapped in":                 {swapped, utc(7, 12, 0, time.January), Duty{"cy", "ana", "ana", utc(8, 12, 0, time.January)}},
		"a swap into the own turn":   {swapped, utc(11, 0, 0, time.January), Duty{"bo", "cy", "cy", utc(19, 8, 0, time.January)}},
		"a deputy":                   {deputized, monday, Duty{"ana", "bo", "bo", utc(12, 8, 0, time.January)}},
		"the deputy's own turn":      {deputized, utc(13, 0, 0, time.January), Duty{"bo", "cy", "cy", utc(19, 8, 0, time.January)}},
		"another's turn, one deputy": {deputized, utc(20, 0, 0, time.January), Duty{"cy", "ana", "bo", utc(26, 8, 0, time.January)}},
		"one person alone":           {Rota{People: []string{"ana"}, Starts: monday, Every: time.Hour}, monday, Duty{Person: "ana"}},
		"nobody":                     {Rota{Starts: monday, Every: time.Hour}, monday, Duty{}},
		"no turns":                   {Rota{People: []string{"ana"}}, monday, Duty{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := test.rota.At(test.at)
			got.Until = got.Until.UTC()
			if got != test.want {
				t.Errorf("on call %+v, want %+v", got, test.want)
			}
		})
	}
}

// At whatever moment, somebody is on call, until a later one, and then it is somebody else.
func TestRotaHasNoGap(t *testing.T) {
	t.Parallel()
	starts := time.Date(2026, 1, 5, 2, 30, 0, 0, zone(t, "America/New_York")) // a time that one day of the year does not have
	check := func(minutes uint32, hours uint16, people, swap uint8) bool {
		r := Rota{People: []string{"a", "b", "c", "d"}[:1+people%4], Starts: starts, Every: time.Duration(1+hours%500) * time.Hour}
		at := starts.Add(time.Duration(minutes%5_000_000) * time.Minute)
		from := at.Add(time.Duration(swap) * time.Hour)
		r.Swaps = []Swap{{"s", from, from.Add(time.Hour)}}
		d := r.At(at)
		return d.Person != "" && d.Person != d.Next && d.Until.After(at) && r.At(d.Until).Person == d.Next &&
			r.At(d.Until.Add(-time.Nanosecond)).Person == d.Person && d.Deputy != d.Person
	}
	if err := quick.Check(check, &quick.Config{MaxCount: 2000}); err != nil {
		t.Error(err)
	}
}
