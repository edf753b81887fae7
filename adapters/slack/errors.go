package slack

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/slack-go/slack"

	"interlock/bot"
)

// never is what Slack answers when a message will not be posted however often it
// is tried: somebody has to change something first.
var never = map[string]bool{
	"channel_not_found": true, "not_in_channel": true, "is_archived": true, "restricted_action": true,
	"msg_too_long": true, "msg_blocks_too_long": true, "invalid_blocks": true, "invalid_blocks_format": true, "no_text": true,
	"message_not_found": true, "cant_update_message": true, "edit_window_closed": true, "thread_locked": true,
	"restricted_action_thread_only_channel": true, "restricted_action_read_only_channel": true, "user_not_found": true, "user_disabled": true,
	"cannot_dm_bot": true, "team_access_not_granted": true, "messages_tab_disabled": true,
}

// says is why nobody is reached there, in words: the bot tells it to those who can mend it.
var says = map[string]string{
	"is_archived": "the channel was archived", "channel_not_found": "there is no such channel, or the bot is not in it",
	"not_in_channel": "the bot is not in the channel", "user_not_found": "the person is not there any more", "user_disabled": "the person is not there any more",
}

// unclear is what Slack answers when it may have done it all the same.
var unclear = map[string]bool{
	"internal_error": true, "fatal_error": true, "request_timeout": true, "service_unavailable": true, "msg_update_failed": true, "": true,
}

// access are the answers that say that the token is no longer good.
var access = map[string]bool{
	"invalid_auth": true, "not_authed": true, "token_revoked": true, "token_expired": true, "account_inactive": true,
	"missing_scope": true, "no_permission": true, "ekm_access_denied": true, "not_allowed_token_type": true,
}

// posted says what is known of a request to Slack that failed. Without access
// everything waits: it is posted when the app is installed again.
func posted(err error) *bot.PostError {
	var (
		limited *slack.RateLimitedError
		told    slack.SlackErrorResponse
		status  slack.StatusCodeError
		held    *heldError
		expired *ExpiredError
	)
	switch {
	case errors.As(err, &expired):
		return &bot.PostError{Refused: true, After: time.Minute, Err: err}
	case errors.As(err, &held):
		return &bot.PostError{Refused: true, After: held.wait, Err: err}
	case errors.As(err, &limited):
		return &bot.PostError{Refused: true, After: limited.RetryAfter, Err: err}
	case errors.As(err, &told) && never[told.Err]:
		return &bot.PostError{Refused: true, Permanent: true, Says: says[told.Err], Err: err}
	case errors.As(err, &told) && access[told.Err]:
		return &bot.PostError{Refused: true, After: time.Minute, Err: err}
	case errors.As(err, &told):
		return &bot.PostError{Refused: !unclear[told.Err], Err: err}
	case errors.As(err, &status):
		return &bot.PostError{Refused: status.Code < http.StatusInternalServerError, Err: err}
	}
	var op *net.OpError
	dialled := errors.As(err, &op) && op.Op == "dial" // nothing was ever sent
	return &bot.PostError{Refused: dialled && !errors.Is(err, context.DeadlineExceeded), Err: err}
}

// code is Slack's own word for what went wrong, if it gave one.
func code(err error) string {
	var told slack.SlackErrorResponse
	if errors.As(err, &told) {
		return told.Err
	}
	return ""
}
