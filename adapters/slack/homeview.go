package slack

import (
	"fmt"

	"github.com/slack-go/slack"

	"interlock/bot"
)

const (
	mostHome  = 100  // blocks of a view
	mostShort = 4000 // bytes of one card of it
)

// home draws the tab of one person: cards one after another, each a little
// shorter than in its thread. Buttons work there too.
func home(title string, cards []bot.Card) slack.HomeTabViewRequest {
	all := []slack.Block{slack.NewHeaderBlock(plainText(orElse(bot.Sound(title), "Interlock"), mostTitle))}
	pressable := 0
	for i, c := range cards {
		blocks, _ := fitted(c, pressable, mostShort)
		if len(all)+1+len(blocks) >= mostHome {
			all = append(all, aside(fmt.Sprintf("and %d more", len(cards)-i), mostLabel))
			break
		}
		all = append(append(all, slack.NewDividerBlock()), blocks...)
		pressable += len(c.Buttons)
	}
	if len(cards) == 0 {
		all = append(all, aside("Nothing is here now.", mostLabel))
	}
	return slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: all}}
}
