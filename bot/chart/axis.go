package chart

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// mostDays are the labels of an axis of time: what a phone has room for. Values have at
// most four steps, and fewer where there is no room between them.
const (
	mostDays   = 6
	mostValues = 4
	perValue   = vg.Length(15) // points from one label to the next
	below      = vg.Length(16) // points that the labels of time take
)

// axes sets up both axes of a plot that is so high. Values begin at zero, so that no
// small change looks large.
func axes(p *plot.Plot, d data, high vg.Length) {
	values := numbers(d.low, d.high, d.counts, min(max(float64((high-below)/perValue), 2), mostValues))
	p.X.Min, p.X.Max = seconds(d.from), seconds(d.until)
	p.Y.Min, p.Y.Max = values[0].Value, values[len(values)-1].Value
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.ConstantTicks(moments(d.from, d.until)), plot.ConstantTicks(values)
	p.X.Tick.Label, p.Y.Tick.Label = words(normal, ink, draw.XCenter, draw.YTop), words(normal, ink, draw.XRight, draw.YCenter)
	p.X.Tick.Length, p.Y.Tick.Length = vg.Points(2), 0
	p.X.Padding, p.Y.Padding = vg.Points(2), vg.Points(2)
	p.X.LineStyle, p.X.Tick.LineStyle = thin(ink), thin(ink)
	p.Y.Width = 0
	g := plotter.NewGrid()
	g.Vertical.Color, g.Horizontal = nil, thin(edge)
	p.Add(g)
}

// numbers are the labels of values, the first at or below low and the last at or above
// high, in about so many steps. Counts have whole numbers alone.
func numbers(low, high float64, counts bool, steps float64) (all []plot.Tick) {
	if low == high {
		high = low + 1
	}
	step := round((high - low) / math.Floor(steps))
	if counts {
		step = max(step, 1)
	}
	for i := math.Floor(low / step); ; i++ {
		all = append(all, plot.Tick{Value: i * step, Label: short(i * step)})
		if i*step >= high {
			return all
		}
	}
}

// round is the next of 1, 2, 5, 10, 20, 50 and so on.
func round(step float64) float64 {
	ten := math.Pow10(int(math.Floor(math.Log10(step))))
	for _, n := range []float64{1, 2, 5} {
		if n*ten >= step {
			return n * ten
		}
	}
	return 10 * ten
}

// short is a number as an axis shows it, in four digits.
func short(v float64) string {
	for _, s := range []struct {
		size float64
		sign string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if math.Abs(v) >= s.size {
			return strconv.FormatFloat(v/s.size, 'g', 4, 64) + s.sign
		}
	}
	if v != 0 && math.Abs(v) < 0.001 {
		return strconv.FormatFloat(v, 'g', 2, 64)
	}
	return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64)
}
