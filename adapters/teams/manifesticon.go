package teams

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
)

// Sizes of the icons in pixels, as Teams wants them.
const (
	colorSize   = 192
	outlineSize = 32
)

// The icon is two rings, each through the other, in a square from -1 to 1.
const (
	ringApart  = 0.30 // of a centre from the middle
	ringRadius = 0.42
	ringHalf   = 0.09 // of a ring's width
	ringGap    = 0.06 // left where one passes below the other
	grain      = 4    // samples of a pixel, each way
)

var (
	white    = color.NRGBA{0xff, 0xff, 0xff, 0xff}
	paper    = color.NRGBA{0x17, 0x3f, 0x5f, 0xff} // the accent
	skyBlue  = color.NRGBA{0x8e, 0xcd, 0xf2, 0xff}
	nothing  = color.NRGBA{0xff, 0xff, 0xff, 0} // white that is not there: its edge stays white
	coloured = palette{paper, white, skyBlue}
	outlined = palette{nothing, white, white}
)

// palette is what is painted: behind, the left ring, the right one.
type palette [3]color.NRGBA

// colorIcon leaves a border, for Teams cuts the corners; outlineIcon does not.
func colorIcon() ([]byte, error)   { return drawIcon(colorSize, 0.75, coloured) }
func outlineIcon() ([]byte, error) { return drawIcon(outlineSize, 1.15, outlined) }

// drawIcon paints a square of so many pixels.
func drawIcon(size int, scale float64, p palette) ([]byte, error) {
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			img.SetNRGBA(x, y, p.pixel(x, y, float64(size)*scale/2, size))
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, fmt.Errorf("draw icon: %w", err)
	}
	return b.Bytes(), nil
}

// pixel mixes what its samples hit.
func (p palette) pixel(x, y int, unit float64, size int) color.NRGBA {
	var hits [3]int
	middle := float64(size) / 2
	for i := range grain * grain {
		dx, dy := (float64(i%grain)+0.5)/grain, (float64(i/grain)+0.5)/grain
		hits[ring((float64(x)+dx-middle)/unit, (float64(y)+dy-middle)/unit)]++
	}
	mix := func(part func(color.NRGBA) uint8) uint8 {
		sum := 0
		for i, n := range hits {
			sum += n * int(part(p[i]))
		}
		return uint8(sum / (grain * grain))
	}
	return color.NRGBA{
		mix(func(c color.NRGBA) uint8 { return c.R }), mix(func(c color.NRGBA) uint8 { return c.G }),
		mix(func(c color.NRGBA) uint8 { return c.B }), mix(func(c color.NRGBA) uint8 { return c.A }),
	}
}

// ring tells what a point is on: 0 is nothing, 1 the left ring, 2 the right one.
// The left one passes above at the upper crossing, the right one at the lower.
func ring(x, y float64) int {
	above, below := 1, 2
	if y >= 0 {
		above, below = below, above
	}
	switch d := fromRing(above, x, y); {
	case d < ringHalf:
		return above
	case d < ringHalf+ringGap:
		return 0
	case fromRing(below, x, y) < ringHalf:
		return below
	}
	return 0
}

// fromRing is how far a point is from the middle line of a ring.
func fromRing(which int, x, y float64) float64 {
	centre := ringApart * float64(2*which-3)
	return math.Abs(math.Hypot(x-centre, y) - ringRadius)
}
