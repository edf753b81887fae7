package chart

import (
	"math"
	"slices"
	"testing"
	"time"

	"gonum.org/v1/plot"
)

func labels(all []plot.Tick) (texts []string) {
	for _, t := range all {
		texts = append(texts, t.Label)
	}
	return texts
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		low, high float64
		counts    bool
		want      []string
	}{
		{0, 0, true, []string{"0", "1"}},
		{0, 1, true, []string{"0", "1"}},
		{0, 1, false, []string{"0", "0.5", "1"}},
		{0, 3, true, []string{"0", "1", "2", "3"}},
		{0, 7, true, []string{"0", "2", "4", "6", "8"}},
		{0, 63, true, []string{"0", "20", "40", "60", "80"}},
		{-12, 8.5, false, []string{"-20", "-10", "0", "10"}},
		{0, 15000, true, []string{"0", "5k", "10k", "15k"}},
		{0, 2.4e6, true, []string{"0", "1M", "2M", "3M"}},
		{0, 1e12, true, []string{"0", "500G", "1T"}},
		{0, 3e-7, false, []string{"0", "1e-07", "2e-07", "3e-07"}},
	} {
		if got := labels(numbers(c.low, c.high, c.counts, 4)); !slices.Equal(got, c.want) {
			t.Errorf("%v to %v: %v", c.low, c.high, got)
		}
	}
}

func TestMoments(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("", 3600)
	for _, c := range []struct {
		from  time.Time
		until time.Duration
		want  []string
	}{
		{day(1), 29 * 24 * time.Hour, []string{"2 Mar", "9 Mar", "16 Mar", "23 Mar", "30 Mar"}},
		{day(1), 4 * 24 * time.Hour, []string{"2 Mar", "3 Mar", "4 Mar", "5 Mar"}},
		{day(1), 10 * 24 * time.Hour, []string{"3 Mar", "5 Mar", "7 Mar", "9 Mar", "11 Mar"}},
		{day(1), time.Minute, []string{"09:00", "09:01"}},
		{day(1), 4 * time.Hour, []string{"09:00", "10:00", "11:00", "12:00", "13:00"}},
		{day(1).In(berlin), 10 * time.Hour, []string{"12:00", "15:00", "18:00"}},
		{day(1), 24 * time.Hour, []string{"1 Mar 12:00", "1 Mar 18:00", "2 Mar 00:00", "2 Mar 06:00"}},
		{day(1), 150 * 24 * time.Hour, []string{"Apr 2026", "May 2026", "Jun 2026", "Jul 2026"}},
		{day(1), 290 * 365 * 24 * time.Hour, []string{"2250"}},
	} {
		if got := labels(moments(c.from, c.from.Add(c.until))); !slices.Equal(got, c.want) {
			t.Errorf("%v and %v: %v", c.from, c.until, got)
		}
	}
}

// Whatever an axis shows, it has labels, and no more than there is room for.
func FuzzAxes(f *testing.F) {
	f.Add(int64(0), int64(1<<40), 0.0, 1.0)
	f.Add(int64(-62135596800), int64(253402300799), -1e12, 1e12)
	f.Add(int64(1772355600), int64(60), 1e-9, 2e-9)
	f.Fuzz(func(t *testing.T, from, long int64, a, b float64) {
		d := taken(samplePair(from, long, a, b))
		if len(d.lines) == 0 {
			t.Skip("nothing to draw")
		}
		if all := numbers(d.low, d.high, d.counts, 4); len(all) < 2 || len(all) > mostValues+3 || math.IsNaN(all[0].Value) {
			t.Fatalf("values %v to %v: %v", d.low, d.high, all)
		}
		if all := moments(d.from, d.until); len(all) > mostDays+4 {
			t.Fatalf("%v to %v: %v", d.from, d.until, labels(all))
		}
	})
}
