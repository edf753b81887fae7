package bot

import "slices"

// open tells whether a card waits for somebody: there is something to do with it, and it
// will be redrawn. What has ended can only be asked for again.
func open(c Card, key string) bool {
	waits := c.Tone == Waiting || c.Tone == Bad
	return key != "" && waits && slices.ContainsFunc(c.Buttons, func(b Button) bool { return b.Verb != verbAgain })
}
