package slack

import (
	"context"
	"strings"

	"github.com/slack-go/slack"
)

// direct is the channel that a message goes to: of a person, who is written "@U1",
// the direct one with them, which is opened when it is not there. An installation
// that may not open one posts to the person, and cannot look such a post up.
func (p *Platform) direct(ctx context.Context, channel string) (string, error) {
	user, ok := strings.CutPrefix(channel, "@")
	if !ok {
		return channel, nil
	}
	var opened *slack.Channel
	err := p.paced(ctx, methodOpen, "", func(api *slack.Client) (err error) {
		opened, _, _, err = api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{user}})
		return err
	})
	switch {
	case code(err) == "missing_scope":
		return user, nil
	case err != nil:
		return "", wrap("open direct conversation", err)
	}
	return opened.ID, nil
}
