// Package chart draws a picture of a card as a PNG. It holds how lines, axes and words
// look, and must never know a platform, a session or where the numbers come from.
package chart

import (
	"bytes"
	"fmt"
	"image/png"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"interlock/bot"
)

// Size is how large a picture is, in pixels. Words and lines grow with the width, so
// that a large picture that is shown small reads like a small one.
type Size struct{ Width, Height int }

// The sizes that can be drawn.
const (
	leastWidth, leastHeight = 240, 120
	mostWidth, mostHeight   = 1200, 500
)

// wide is the width of every picture in points; one point is 1/72 of its inch.
const wide vg.Length = 300

// PNG draws a picture. The same picture gives the same bytes. It needs nothing of the
// machine that it runs on, is safe for concurrent use, and takes what cannot be drawn
// for missing: a picture without any point says so. It fails for a size alone.
func PNG(p bot.Picture, s Size) ([]byte, error) {
	if s.Width < leastWidth || s.Width > mostWidth || s.Height < leastHeight || s.Height > mostHeight {
		return nil, fmt.Errorf("draw chart: it is %d x %d pixels, from %d x %d to %d x %d can be drawn",
			s.Width, s.Height, leastWidth, leastHeight, mostWidth, mostHeight)
	}
	dpi := s.Width * 72 / int(wide)
	c := vgimg.NewWith(
		vgimg.UseWH(vg.Length(s.Width*72)/vg.Length(dpi), vg.Length(s.Height*72)/vg.Length(dpi)),
		vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(paper),
	)
	paint(draw.New(c), taken(p))
	var out bytes.Buffer
	if err := png.Encode(&out, flat(c.Image())); err != nil {
		return nil, fmt.Errorf("encode chart: %w", err)
	}
	return out.Bytes(), nil
}

const margin vg.Length = 5

// paint puts title, legend and lines below each other.
func paint(c draw.Canvas, d data) {
	border(c)
	c = draw.Crop(c, margin, -margin, margin-1, -margin)
	c = title(c, d.title)
	if len(d.lines) > 1 || d.more > 0 {
		c = legend(c, d)
	}
	if len(d.lines) == 0 {
		c.FillText(words(normal, ink, draw.XCenter, draw.YCenter), c.Center(), "no data")
		return
	}
	p := plot.New()
	p.BackgroundColor = nil
	axes(p, d, c.Max.Y-c.Min.Y)
	for i, l := range d.lines {
		p.Add(l.plotters(i, len(d.lines) == 1)...)
	}
	p.Draw(c)
}

// border tells where the picture ends, on a page of any colour.
func border(c draw.Canvas) {
	half := vg.Points(0.25)
	c.StrokeLines(draw.LineStyle{Color: edge, Width: 2 * half}, []vg.Point{
		{X: c.Min.X + half, Y: c.Min.Y + half},
		{X: c.Max.X - half, Y: c.Min.Y + half},
		{X: c.Max.X - half, Y: c.Max.Y - half},
		{X: c.Min.X + half, Y: c.Max.Y - half},
		{X: c.Min.X + half, Y: c.Min.Y},
	})
}

// title is the first row. What is left is for the rest.
func title(c draw.Canvas, s string) draw.Canvas {
	if s == "" {
		return c
	}
	sty := words(strong, ink, draw.XLeft, draw.YTop)
	c.FillText(sty, vg.Point{X: c.Min.X, Y: c.Max.Y}, fitting(sty, s, c.Max.X-c.Min.X))
	return draw.Crop(c, 0, 0, 0, -sty.FontExtents().Height-2)
}
