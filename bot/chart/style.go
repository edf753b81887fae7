package chart

import (
	"image/color"
	"sort"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The picture has no ground of its own, because nobody knows the colour of the page that
// it stands on, and a white one glares on a dark page. So everything is about half-way from
// black to white: it has a contrast of at least 3.5 to white and to the dark grounds of
// chats. Words beside the picture tell its numbers with the contrast of the page.
var (
	paper = color.RGBA{}
	ink   = color.RGBA{0x76, 0x7e, 0x87, 0xff}
	edge  = color.RGBA{0x3b, 0x3f, 0x43, 0x80} // half of ink
)

// mark is how one line differs from the others: by its colour, which people see
// differently, and by its dashes and the shape of its points, which all can tell.
type mark struct {
	color  color.RGBA
	dashes []vg.Length
	shape  draw.GlyphDrawer
}

var marks = [mostLines]mark{
	{color.RGBA{0x2f, 0x81, 0xd0, 0xff}, nil, draw.CircleGlyph{}},
	{color.RGBA{0xd4, 0x65, 0x1a, 0xff}, []vg.Length{4, 2}, draw.BoxGlyph{}},
	{color.RGBA{0x1f, 0x8f, 0x6c, 0xff}, []vg.Length{1.2, 1.5}, draw.PyramidGlyph{}},
	{color.RGBA{0xc2, 0x55, 0x9a, 0xff}, []vg.Length{5, 1.5, 1.2, 1.5}, draw.CrossGlyph{}},
	{color.RGBA{0x96, 0x7a, 0x1a, 0xff}, []vg.Length{7, 2}, draw.SquareGlyph{}},
	{color.RGBA{0x76, 0x7e, 0x87, 0xff}, []vg.Length{2.5, 1.2}, draw.PlusGlyph{}},
}

func (m mark) line() draw.LineStyle {
	return draw.LineStyle{Color: m.color, Width: vg.Points(1.5), Dashes: m.dashes}
}

func (m mark) point() draw.GlyphStyle {
	return draw.GlyphStyle{Color: m.color, Radius: vg.Points(2.2), Shape: m.shape}
}

func thin(c color.Color) draw.LineStyle { return draw.LineStyle{Color: c, Width: vg.Points(0.5)} }

// weight is how strong words are.
type weight bool

const (
	normal weight = false
	strong weight = true
)

// words are texts in the font that comes with us.
func words(w weight, c color.Color, x draw.XAlignment, y draw.YAlignment) text.Style {
	f := font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, 9)
	if w == strong {
		f.Weight, f.Size = xfont.WeightBold, 10
	}
	return text.Style{Color: c, Font: f, XAlign: x, YAlign: y, Handler: plot.DefaultTextHandler}
}

// fitting is as much of a text as there is room for.
func fitting(s text.Style, all string, room vg.Length) string {
	if s.Width(all) <= room {
		return all
	}
	r := []rune(all)
	n := sort.Search(len(r), func(n int) bool { return s.Width(string(r[:n+1])+"…") > room })
	return string(r[:n]) + "…"
}
