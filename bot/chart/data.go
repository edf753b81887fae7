package chart

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/plot/plotter"

	"interlock/bot"
)

const (
	mostLines  = 6     // are drawn; the rest is counted
	columns    = 150   // in which many points are gathered
	mostValue  = 1e12  // a larger one is a mistake, not a measure
	leastValue = 1e-9  // a smaller one is nothing
	longest    = 200   // bytes of a name that are looked at
	narrowest  = 60    // seconds that an axis shows
	alone      = 43200 // seconds beside the only moment that there is
)

// data is what of a picture can be drawn.
type data struct {
	title       string
	lines       []line
	more        int // lines that are only counted
	from, until time.Time
	low, high   float64 // of all values, zero included
	counts      bool    // all values are whole numbers
}

// line is one of them, oldest point first; it has at least one. X is in seconds.
type line struct {
	name   string
	points plotter.XYs
}

// taken reads a picture of anybody's: all that is left can be drawn.
func taken(p bot.Picture) data {
	d := data{title: clean(p.Title), from: p.From, until: p.Until, counts: true}
	if unit := clean(p.Unit); unit != "" {
		d.title = strings.TrimSpace(d.title + " (" + unit + ")")
	}
	shown := p.Lines[:min(len(p.Lines), mostLines)]
	d.more = len(p.Lines) - len(shown)
	d.span(shown)
	for _, s := range shown {
		if l := d.line(s); len(l.points) > 0 {
			d.lines = append(d.lines, l)
			d.measure(l)
		}
	}
	return d
}

// clean is a text in one row, without what hides or reorders others.
func clean(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), longest)], "")
	return bot.OneRow(bot.Sound(bot.Moments(s, nil)))
}

// dated tells whether a moment can stand on an axis.
func dated(t time.Time) bool { return t.Year() > 0 && t.Year() < 10_000 && !t.IsZero() }

// drawable tells whether a point can be drawn at all. What is no number is not less than
// any.
func drawable(p bot.Point) bool { return dated(p.At) && math.Abs(p.Value) <= mostValue }

// span is the picture's own, if it is one, or that of its points.
func (d *data) span(all []bot.Series) {
	if dated(d.from) && dated(d.until) && d.until.Unix()-d.from.Unix() >= narrowest {
		return
	}
	d.from, d.until = time.Time{}, time.Time{}
	for _, s := range all {
		for _, p := range s.Points {
			if !drawable(p) {
				continue
			}
			if d.from.IsZero() || p.At.Before(d.from) {
				d.from = p.At
			}
			if d.until.IsZero() || p.At.After(d.until) {
				d.until = p.At
			}
		}
	}
	if d.until.Unix()-d.from.Unix() < narrowest {
		d.from, d.until = d.from.Add(-alone*time.Second), d.until.Add(alone*time.Second)
	}
}

// line takes the points of a series that are within the axis. Of very many it takes
// the lowest and the highest of each column, so that no peak gets lost.
func (d *data) line(s bot.Series) line {
	l := line{name: clean(s.Name)}
	first, last := seconds(d.from), seconds(d.until)
	for _, p := range s.Points {
		x := seconds(p.At)
		if !drawable(p) || x < first || x > last {
			continue
		}
		if math.Abs(p.Value) < leastValue {
			p.Value = 0
		}
		l.points = append(l.points, plotter.XY{X: x, Y: p.Value})
	}
	if len(l.points) > 2*columns {
		l.points = gathered(l.points, first, last)
	}
	slices.SortStableFunc(l.points, func(a, b plotter.XY) int { return cmp.Compare(a.X, b.X) })
	return l
}

func seconds(t time.Time) float64 { return float64(t.Unix()) + float64(t.Nanosecond())/1e9 }

// gathered are the lowest and the highest point of each column.
func gathered(all plotter.XYs, first, last float64) (few plotter.XYs) {
	var low, high [columns + 1]*plotter.XY
	for i := range all {
		p := &all[i]
		at := int((p.X - first) / (last - first) * columns)
		if low[at] == nil || p.Y < low[at].Y {
			low[at] = p
		}
		if high[at] == nil || p.Y > high[at].Y {
			high[at] = p
		}
	}
	for i := range low {
		if low[i] != nil {
			few = append(few, *low[i])
		}
		if high[i] != low[i] {
			few = append(few, *high[i])
		}
	}
	return few
}

// measure widens the range of values by those of a line.
func (d *data) measure(l line) {
	for _, p := range l.points {
		d.low, d.high = min(d.low, p.Y), max(d.high, p.Y)
		d.counts = d.counts && p.Y == math.Trunc(p.Y)
	}
}
