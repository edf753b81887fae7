package slack

import (
	"errors"
	"fmt"
	"strings"

	"github.com/slack-go/slack"
)

// meanings are Slack's own words for what is wrong with a token, in ours.
var meanings = map[string]string{
	"token_revoked":           "the token was revoked: the app was uninstalled, or somebody took its access away",
	"account_inactive":        "the app was uninstalled, or the workspace is gone",
	"invalid_auth":            "unknown to Slack: the token is not one of its own",
	"not_authed":              "no token came to Slack",
	"token_expired":           "the token has expired and was not replaced",
	"not_allowed_token_type":  "this is another kind of token than is needed here",
	"team_access_not_granted": "the app may not be used in this workspace",
}

// explained puts an error of Slack's into words, and keeps it.
func explained(err error) error {
	var (
		told    slack.SlackErrorResponse
		limited *slack.RateLimitedError
		status  slack.StatusCodeError
	)
	switch {
	case errors.As(err, &told) && told.Err == "missing_scope":
		return fmt.Errorf("the token lacks the scope %s (%w)", strings.ReplaceAll(told.Needed, ",", " or "), err)
	case errors.As(err, &told) && meanings[told.Err] != "":
		return fmt.Errorf("%s (%w)", meanings[told.Err], err)
	case errors.As(err, &told):
		return fmt.Errorf("refused by Slack (%w)", err)
	case errors.As(err, &limited):
		return fmt.Errorf("asked too often, again in %s: %w", limited.RetryAfter, err)
	case errors.As(err, &status):
		return fmt.Errorf("no answer from slack.api_url that Slack would give: %w", err)
	}
	return fmt.Errorf("no answer from Slack: %w", err)
}
