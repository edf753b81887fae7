package chart

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

const (
	fewPoints = 16 // are so few that each is marked
	piece     = 32 // points are stroked at once: the rasterizer is slow with more
)

// plotters draw one line. Of a line alone the last value is told.
func (l line) plotters(at int, alone bool) (all []plot.Plotter) {
	m, last := marks[at], l.points[len(l.points)-1:]
	marked := last
	if len(l.points) <= fewPoints {
		marked = l.points
	}
	all = append(all, stroke{l.points, m.line()}, &plotter.Scatter{XYs: marked, GlyphStyle: m.point()})
	if alone {
		all = append(all, &plotter.Labels{
			XYs: last, Labels: []string{short(last[0].Y)}, Offset: vg.Point{X: vg.Points(4)},
			TextStyle: []text.Style{words(strong, ink, draw.XLeft, draw.YCenter)},
		})
	}
	return all
}

// stroke is a line through points, drawn piece by piece.
type stroke struct {
	points plotter.XYs
	style  draw.LineStyle
}

var _ plot.Plotter = stroke{}

// Plot draws the line. Each piece begins where the one before ended, and so do its dashes.
func (s stroke) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var part []vg.Point
	for i, at := range s.points {
		part = append(part, vg.Point{X: x(at.X), Y: y(at.Y)})
		if len(part) < piece && i < len(s.points)-1 {
			continue
		}
		c.StrokeLines(s.style, part)
		s.style.DashOffs += length(part)
		part = part[len(part)-1:]
	}
}

// length is how long a line is on paper.
func length(all []vg.Point) (sum vg.Length) {
	for i := 1; i < len(all); i++ {
		d := all[i].Sub(all[i-1])
		sum += vg.Length(math.Hypot(float64(d.X), float64(d.Y)))
	}
	return sum
}
