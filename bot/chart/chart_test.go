package chart

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"interlock/bot"
)

var update = flag.Bool("update", false, "write the golden pictures anew")

// card is the size of a picture on a card.
var card = Size{600, 220}

func drawn(t testing.TB, p bot.Picture, s Size) []byte {
	t.Helper()
	b, err := PNG(p, s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decoded(t testing.TB, b []byte) *image.Paletted {
	t.Helper()
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return m.(*image.Paletted)
}

// The pixels are compared: how they are packed may change with the library.
func TestGoldenPictures(t *testing.T) {
	t.Parallel()
	for name, p := range samples() {
		got, file := drawn(t, p, card), filepath.Join("testdata", name+".png")
		if *update {
			if err := os.WriteFile(file, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("%v; run the test with -update and look at the pictures", err)
		}
		a, b := decoded(t, got), decoded(t, want)
		if a.Rect != b.Rect || !bytes.Equal(a.Pix, b.Pix) {
			t.Errorf("%s looks different; run the test with -update and look at it", name)
		}
		if len(got) > 12<<10 && name != "many" {
			t.Errorf("%s has %d bytes", name, len(got))
		}
	}
}

// Many cards are drawn at once, and a card that is drawn again is the same card.
func TestSamePictureSameBytes(t *testing.T) {
	t.Parallel()
	p := samples()["approve"]
	want := drawn(t, p, card)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if got, err := PNG(p, card); err != nil || !bytes.Equal(got, want) {
				t.Errorf("other bytes, %v", err)
			}
		})
	}
	all.Wait()
	p.Lines[0].Points[3].Value++
	if bytes.Equal(drawn(t, p, card), want) {
		t.Error("another value is the same picture")
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	for _, s := range []Size{{}, {600, 0}, {239, 220}, {1201, 220}, {600, 119}, {600, 501}, {-600, -220}} {
		if _, err := PNG(samples()["drift"], s); err == nil {
			t.Errorf("%v is drawn", s)
		}
	}
	for _, s := range []Size{{leastWidth, leastHeight}, {leastWidth, mostHeight}, {601, 221}, {mostWidth, leastHeight}, {mostWidth, mostHeight}} {
		for _, name := range []string{"many", "hostile", "odd"} {
			if r := decoded(t, drawn(t, samples()[name], s)).Rect; r.Dx() != s.Width || r.Dy() != s.Height {
				t.Errorf("%s is %v, not %v", name, r, s)
			}
		}
	}
}

// What a card says of nothing is a picture of nothing, with words in it.
func TestNothingToDraw(t *testing.T) {
	t.Parallel()
	want := drawn(t, bot.Picture{Title: "Stacks"}, card)
	for name, lines := range map[string][]bot.Series{
		"no points": {{Name: "a"}, {Name: "b"}}, "no moment": {{Points: []bot.Point{{Value: 1}}}},
		"no number": {series("a", math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64)},
	} {
		if got := drawn(t, bot.Picture{Title: "Stacks", Lines: lines}, card); !bytes.Equal(got, want) {
			t.Errorf("%s is something", name)
		}
	}
	if used := colors(decoded(t, want)); !used[ink] || used[marks[0].color] {
		t.Error("the words are not there, or a line is")
	}
}

func colors(m *image.Paletted) map[color.Color]bool {
	all := map[color.Color]bool{}
	for _, i := range m.Pix {
		all[color.RGBAModel.Convert(m.Palette[i])] = true
	}
	return all
}

// Every line of a picture is seen in it, in its own colour.
func TestEachLineIsSeen(t *testing.T) {
	t.Parallel()
	used := colors(decoded(t, drawn(t, samples()["many"], card)))
	for i, m := range marks {
		if !used[m.color] {
			t.Errorf("line %d is not there", i)
		}
	}
}

// A picture is read on a white page and on a dark one, which shines through. Lines have the
// 3 of the Web Content Accessibility Guidelines 2.2, 1.4.11. Words cannot have the 4.5 of
// 1.4.3 on both: they have what there is, and stand beside the picture once more.
func TestContrast(t *testing.T) {
	t.Parallel()
	all := []color.RGBA{ink}
	for _, m := range marks {
		all = append(all, m.color)
	}
	for _, page := range []color.RGBA{{0xff, 0xff, 0xff, 0xff}, {0x1a, 0x1d, 0x21, 0xff}, {0x1a, 0x21, 0x26, 0xff}, {0x29, 0x29, 0x29, 0xff}, {0, 0, 0, 0xff}} {
		for _, c := range all {
			if r := contrast(c, page); r < 3.5 {
				t.Errorf("%v has %.2f on %v", c, r, page)
			}
		}
	}
}

// The page shines through wherever nothing is drawn.
func TestNoGround(t *testing.T) {
	t.Parallel()
	m := decoded(t, drawn(t, samples()["many"], card))
	bare := 0
	for _, i := range m.Pix {
		if _, _, _, a := m.Palette[i].RGBA(); a == 0 {
			bare++
		}
	}
	if bare < len(m.Pix)/2 {
		t.Errorf("%d of %d pixels are clear", bare, len(m.Pix))
	}
}

func contrast(a, b color.RGBA) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(c color.RGBA) (sum float64) {
	for i, v := range []uint8{c.R, c.G, c.B} {
		part := float64(v) / 255
		if part <= 0.04045 {
			part /= 12.92
		} else {
			part = math.Pow((part+0.055)/1.055, 2.4)
		}
		sum += part * []float64{0.2126, 0.7152, 0.0722}[i]
	}
	return sum
}
