package chart

import (
	"image"
	"image/color"
	"image/draw"
)

// shades is in how many steps a colour becomes clear, at the borders of lines and letters.
const shades = 6

// palette is what is clear and every colour of ours in all of its shades.
func palette() color.Palette {
	all := color.Palette{paper}
	colors := []color.RGBA{ink, edge}
	for _, m := range marks[:mostLines-1] { // the last is ink
		colors = append(colors, m.color)
	}
	for _, c := range colors {
		for i := 1; i <= shades; i++ {
			all = append(all, color.RGBA{shade(c.R, i), shade(c.G, i), shade(c.B, i), shade(c.A, i)})
		}
	}
	return all
}

func shade(c uint8, i int) uint8 {
	return uint8((int(c)*i + shades/2) / shades) // at most c
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
