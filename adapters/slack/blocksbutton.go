package slack

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"interlock/bot"
)

// carried is what a button brings back: its label, too, which Slack may cut.
type carried struct {
	Verb  string `json:"verb"`
	Value string `json:"value,omitempty"`
	Label string `json:"label,omitempty"`
}

// button draws the i-th button of a message or view. It is nil for one that
// cannot be carried: a value is never cut.
func button(b bot.Button, i int, title string) *slack.ButtonBlockElement {
	value, err := json.Marshal(carried{b.Verb, b.Value, b.Label})
	if err != nil || len(value) > mostValue {
		return nil
	}
	id, _ := shortened(fmt.Sprintf("b/%d/%s", i, bot.Sound(b.Verb)), mostID)
	e := slack.NewButtonBlockElement(id, string(value), plainText(orElse(b.Label, b.Verb, "?"), mostLabel))
	e.AccessibilityLabel = plainText(strings.TrimSuffix(b.Label+": "+title, ": "), mostLabel).Text
	switch b.Style {
	case bot.Primary:
		e.Style = slack.StylePrimary
	case bot.Danger:
		e.Style = slack.StyleDanger
	}
	return e
}

// pressed reads what a button of ours brought back.
func pressed(a *slack.BlockAction) (verb, value string, ok bool) {
	c, ok := carriedBy(a)
	return c.Verb, c.Value, ok
}

// chosen is the whole label of a pressed button: the answer, where buttons are
// answers. It is empty when the button is not ours.
func chosen(a *slack.BlockAction) string {
	c, _ := carriedBy(a)
	return c.Label
}

func carriedBy(a *slack.BlockAction) (c carried, ok bool) {
	if a == nil || !strings.HasPrefix(a.ActionID, "b/") {
		return carried{}, false
	}
	if err := json.Unmarshal([]byte(a.Value), &c); err != nil || c.Verb == "" {
		return carried{}, false
	}
	return c, true
}

// orElse is the first text that is there.
func orElse(all ...string) string {
	for _, s := range all {
		if s = strings.TrimSpace(s); s != "" {
			return s
		}
	}
	return ""
}
