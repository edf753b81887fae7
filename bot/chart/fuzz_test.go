package chart

import (
	"bytes"
	"fmt"
	"image/png"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"interlock/bot"
)

// samplePair is a picture of two points.
func samplePair(from, long int64, a, b float64) bot.Picture {
	return bot.Picture{Title: "pair", Lines: []bot.Series{{Points: []bot.Point{{At: time.Unix(from, 0).UTC(), Value: a}, {At: time.Unix(from+long, 0).UTC(), Value: b}}}}}
}

// Nothing that a picture can hold keeps it from being drawn.
func FuzzPNG(f *testing.F) {
	f.Add("Stacks", "open", int64(1772355600), int64(86400), 1.0, 2.0, uint8(30), uint8(2))
	f.Add("\x00\u202e", "\x1b[31m", int64(0), int64(-1), math.NaN(), math.Inf(1), uint8(255), uint8(255))
	f.Add("", "", int64(-62135596800), int64(1<<40), -1e300, 1e-300, uint8(0), uint8(9))
	f.Add("x", "…", int64(1<<62), int64(1), 1e12, -1e12, uint8(1), uint8(1))
	f.Fuzz(func(t *testing.T, title, name string, from, long int64, a, b float64, points, lines uint8) {
		p := bot.Picture{Title: title, Unit: name, From: time.Unix(from, 0), Until: time.Unix(from+long, 0)}
		for i := range int(lines) {
			s := bot.Series{Name: fmt.Sprint(name, i)}
			for j := range int64(points) {
				s.Points = append(s.Points, bot.Point{At: time.Unix(from+j*(long/256), j), Value: a + float64(j)*b})
			}
			p.Lines = append(p.Lines, s)
		}
		b1, err := PNG(p, Size{300, 150})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(bytes.NewReader(b1)); err != nil {
			t.Fatal(err)
		}
	})
}

// large is more than anybody should draw: noise, in no order.
func large() bot.Picture {
	r := rand.New(rand.NewPCG(1, 2))
	p := bot.Picture{Title: "Noise", From: day(1), Until: day(30)}
	for i := range 3 {
		s := bot.Series{Name: fmt.Sprint(i)}
		for range 100_000 {
			s.Points = append(s.Points, bot.Point{At: day(1).Add(time.Duration(r.Int64N(int64(29 * 24 * time.Hour)))), Value: r.Float64() * 100})
		}
		p.Lines = append(p.Lines, s)
	}
	return p
}

// A peak is seen however many points there are, and the work is bounded.
func TestManyPoints(t *testing.T) {
	t.Parallel()
	p := large()
	p.Lines[0].Points[77_777].Value = 1e6
	d := taken(p)
	if d.high != 1e6 {
		t.Errorf("the peak is lost: %v", d.high)
	}
	for _, l := range d.lines {
		if n := len(l.points); n < columns || n > 2*columns+2 {
			t.Errorf("%d points are drawn", n)
		}
	}
}

func BenchmarkPNG(b *testing.B) {
	all := samples()
	all["large"] = large()
	for _, name := range []string{"drift", "approve", "many", "hostile", "large"} {
		for _, s := range []Size{card, {1200, 440}} {
			b.Run(fmt.Sprintf("%s/%d", name, s.Width), func(b *testing.B) {
				for b.Loop() {
					b.ReportMetric(float64(len(drawn(b, all[name], s))), "bytes")
				}
			})
		}
	}
}
