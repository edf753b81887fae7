package chart

import (
	"fmt"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// legend names the lines in rows below the title. What is left is for the rest.
func legend(c draw.Canvas, d data) draw.Canvas {
	const sample, gap vg.Length = 18, 8
	sty := words(normal, ink, draw.XLeft, draw.YCenter)
	high := sty.FontExtents().Height + 1
	at := vg.Point{X: c.Min.X, Y: c.Max.Y - high/2}
	room := (c.Max.X-c.Min.X)/2 - sample - gap
	for i := range len(d.lines) + 1 {
		name, wide := fmt.Sprintf("and %d more", d.more), vg.Length(0)
		switch {
		case i < len(d.lines):
			name, wide = fitting(sty, d.lines[i].name, room), sample
		case d.more == 0:
			continue
		}
		wide += sty.Width(name) + gap
		if at.X > c.Min.X && at.X+wide > c.Max.X {
			at = vg.Point{X: c.Min.X, Y: at.Y - high}
		}
		next := at.X + wide
		if i < len(d.lines) {
			c.StrokeLine2(marks[i].line(), at.X, at.Y, at.X+sample-3, at.Y)
			c.DrawGlyphNoClip(marks[i].point(), vg.Point{X: at.X + (sample-3)/2, Y: at.Y})
			at.X += sample
		}
		c.FillText(sty, at, name)
		at.X = next
	}
	return draw.Crop(c, 0, 0, 0, at.Y-high/2-c.Max.Y-2)
}
