package slack

import (
	"fmt"
	"slices"

	"github.com/slack-go/slack"

	"interlock/bot"
)

// alt is what a picture says, in words. It is never empty.
func alt(p bot.Picture) string { return plainText(orElse(p.Alt, p.Title), mostAlt).Text }

// soundPictures are as many of a card's pictures as are looked at.
func soundPictures(all []bot.Picture, short func(s string, most int) string) []bot.Picture {
	all = slices.Clone(all[:min(len(all), mostPictures)])
	for i, p := range all {
		all[i] = bot.Picture{Alt: short(orElse(p.Alt, p.Title), mostAlt)}
	}
	return all
}

// pictures are the card's, each with its words below. Without its file a picture has
// the words alone.
func (l *layout) pictures() (all []slack.Block) {
	for i, p := range l.card.Pictures {
		words := l.short(p.Alt, 2)
		if i < len(l.files) {
			all = append(all, slack.NewImageBlockSlackFile(&slack.SlackFileObject{ID: l.files[i]}, plainText(words, mostAlt).Text, "", nil))
		}
		if words != "" {
			all = append(all, aside(words, mostSection))
		}
	}
	if l.charts > len(l.card.Pictures) {
		l.cut = true
		all = append(all, aside(fmt.Sprintf("and %d more charts", l.charts-len(l.card.Pictures)), mostLabel))
	}
	return all
}
