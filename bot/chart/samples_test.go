package chart

import (
	"math"
	"strings"
	"time"

	"interlock/bot"
)

// day is a day of the month that the samples are about, at nine.
func day(n int) time.Time { return time.Date(2026, 3, n, 9, 0, 0, 0, time.UTC) }

// series has one value a day, from the first on.
func series(name string, values ...float64) bot.Series {
	s := bot.Series{Name: name}
	for i, v := range values {
		s.Points = append(s.Points, bot.Point{At: day(1 + i), Value: v})
	}
	return s
}

var drifting = []float64{1, 1, 2, 2, 3, 3, 3, 2, 4, 5, 5, 5, 4, 4, 4, 3, 3, 2, 2, 2, 3, 3, 4, 6, 7, 7, 5, 4, 4, 3}

// samples are pictures as cards have them, and pictures that are hard to draw.
func samples() map[string]bot.Picture {
	month := func(title, unit string, lines ...bot.Series) bot.Picture {
		return bot.Picture{Title: title, Alt: "In words.", Unit: unit, From: day(1), Until: day(30), Lines: lines}
	}
	shifted := func(by float64) (all []float64) {
		for _, v := range drifting {
			all = append(all, math.Mod(v+by, 8))
		}
		return all
	}
	many := month("Cost of a run", "USD")
	for i, name := range []string{"payments-prod", "payments-staging", "a very long name of a stack that nobody can read on a phone at all", "web", "network", "dns", "logs", "audit"} {
		many.Lines = append(many.Lines, series(name, shifted(float64(i)*1.3)...))
	}
	odd := month("Values that are none", "", series("odd", math.NaN(), 3, math.Inf(1), 1, math.Inf(-1), 2, 1e300, 4))
	odd.Lines[0].Points = append(odd.Lines[0].Points, bot.Point{}, bot.Point{At: time.Unix(1<<60, 0), Value: 1}, bot.Point{At: day(90), Value: 9})
	return map[string]bot.Picture{
		"drift":   month("Stacks that drift", "", series("open", drifting...)),
		"approve": month("Time to approve", "minutes", series("median", 4.5, 6, 5, 12.25, 3, 4, 8, 7, 6.5, 9, 5, 4), series("slowest", 22, 41, 18, 63, 9, 12, 30, 28, 25, 33, 19, 15)),
		"many":    many,
		"none":    month("Stacks that drift", "", bot.Series{Name: "open"}),
		"one":     {Title: "Stacks that drift", Lines: []bot.Series{series("open", 3)}},
		"equal":   month("Stacks that drift", "", series("open", 5, 5, 5, 5)),
		"zero":    month("Changes without an approval", "", series("changes", 0, 0, 0, 0)),
		"below":   month("Change of the bill", "USD", series("bill", -12, 8.5, -3, 4, 15000, 12000)),
		"hostile": month("<b>\x00\u202eX</b>\n"+strings.Repeat("long ", 80), "\x1b[31m", series("\u202e\x07a\nb", 1, 2), series(strings.Repeat("w", 5000), 2, 1)),
		"odd":     odd,
	}
}
