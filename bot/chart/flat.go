package chart

import (
	"image"
	"image/color"
	"image/draw"
)

// shades is into how many steps a colour runs into the ground, at the borders of lines
// and letters.
const shades = 6

// palette is the ground and every colour of ours in all of its shades.
func palette() color.Palette {
	all := color.Palette{paper}
	colors := []color.RGBA{ink, muted, edge}
	for _, m := range marks[:mostLines-1] { // the last is ink
		colors = append(colors, m.color)
	}
	for _, c := range colors {
		for i := 1; i <= shades; i++ {
			all = append(all, color.RGBA{blend(c.R, paper.R, i), blend(c.G, paper.G, i), blend(c.B, paper.B, i), 0xff})
		}
	}
	return all
}

func blend(c, ground uint8, i int) uint8 {
	return uint8((int(c)*i + int(ground)*(shades-i) + shades/2) / shades) // between the two
}

// flat is a picture in the colours of our palette, which is a third as large.
func flat(drawn image.Image) *image.Paletted {
	m := image.NewRGBA(drawn.Bounds())
	draw.Draw(m, m.Rect, drawn, m.Rect.Min, draw.Src)
	out := image.NewPaletted(m.Rect, palette())
	known := map[color.RGBA]uint8{}
	var last color.RGBA // most pixels are as the one before
	var at uint8
	for i := range out.Pix {
		c := color.RGBA{m.Pix[4*i], m.Pix[4*i+1], m.Pix[4*i+2], m.Pix[4*i+3]}
		if c != last {
			var ok bool
			if at, ok = known[c]; !ok {
				at = uint8(out.Palette.Index(c)) // there are fewer than 256
				known[c] = at
			}
			last = c
		}
		out.Pix[i] = at
	}
	return out
}
