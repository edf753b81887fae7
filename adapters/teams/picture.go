package teams

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"interlock/bot"
	"interlock/bot/chart"
)

const (
	mostPictures = 4    // of one card; of others the words are shown
	mostAlt      = 1000 // bytes of what a picture says in words
)

// pictureSizes are tried from the largest. A picture stands within the card, so that
// it takes of the card's own room; it reads the same in each of them.
var pictureSizes = [...]chart.Size{{Width: 800, Height: 300}, {Width: 600, Height: 230}, {Width: 440, Height: 180}, {Width: 320, Height: 150}}

// expand offers to see an image large.
type expand struct {
	Allowed bool `json:"allowExpand"`
}

// soundPictures are as many of a card's pictures as are looked at, with their words.
func soundPictures(all []bot.Picture, short func(s string, most int) string) []bot.Picture {
	all = slices.Clone(all[:min(len(all), mostPictures)])
	for i, p := range all {
		all[i].Alt = short(cmp.Or(bot.Sound(p.Alt), p.Title), mostAlt)
	}
	return all
}

// pictures are the card's, each with its words below. One for which there is no room
// has the words alone.
func (l *layout) pictures() (all []element) {
	for i, p := range l.card.Pictures {
		words := l.short(p.Alt, 2)
		if i < len(l.images) {
			all = append(all, spaced("Medium", []element{{Type: "Image", URL: l.images[i], Alt: spokenAlt(words), Expand: &expand{true}}})...)
		}
		all = append(all, aside(words)...)
	}
	if n := l.charts - len(l.card.Pictures); n > 0 {
		l.cut = true
		all = append(all, aside(fmt.Sprintf("and %d more charts", n))...)
	}
	return all
}

// spokenAlt is what a screen reader says of a picture. It is never empty, and begins no
// function of Teams'.
func spokenAlt(s string) string {
	return cmp.Or(strings.ReplaceAll(bot.OneRow(bot.Moments(s, nil)), "{{", "{ {"), "Chart")
}

// illustrated puts the pictures into a body that was drawn without, all in the largest
// size for which there is room, or none of them: the words are there in any case.
func (l *layout) illustrated(body []element, bytes int) []element {
	if len(l.card.Pictures) == 0 {
		return body
	}
	for _, s := range pictureSizes {
		images, ok := images(l.card.Pictures, s)
		if !ok {
			return body
		}
		l.images = images
		if large := l.body(); size(large) <= bytes {
			return large
		}
	}
	return body
}

// images are pictures as addresses that hold them.
func images(all []bot.Picture, s chart.Size) (urls []string, ok bool) {
	for _, p := range all {
		b, err := chart.PNG(p, s)
		if err != nil {
			return nil, false
		}
		urls = append(urls, "data:image/png;base64,"+base64.StdEncoding.EncodeToString(b))
	}
	return urls, true
}
