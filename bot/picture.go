package bot

import "time"

// Picture is a chart of a card, as data: package chart draws it, and platforms show it
// as they can. Alt says the same in words, with its numbers; it stands beside it, and is
// all that a screen reader has.
type Picture struct {
	Title, Alt, Unit string
	From, Until      time.Time // of the axis
	Lines            []Series
}

// Series is one line of a Picture, oldest point first.
type Series struct {
	Name   string
	Points []Point
}

// Point is a value at a moment.
type Point struct {
	At    time.Time
	Value float64
}
