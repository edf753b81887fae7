package notify

import (
	"slices"
	"strings"

	"interlock/bot"
)

// Mutes tells whether a wish counts for what went to a target by a way: to the room where
// it was pressed, to the one who pressed, or to their own room in place of another person.
func Mutes(m bot.Mute, target, way string) bool {
	id, own := person(target)
	return target == m.Room || own && (m.By.Platform == "person" && m.By.ID == id || way == m.Direct())
}

// Topics takes what is muted apart, each once.
func Topics(all []string) (muted []bot.Muted) {
	for _, topic := range all {
		typ, stack, _ := strings.Cut(topic, "/")
		if m := (bot.Muted{Type: typ, Stack: stack}); !slices.Contains(muted, m) {
			muted = append(muted, m)
		}
	}
	return muted
}
