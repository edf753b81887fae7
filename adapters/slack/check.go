package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

// checkTimeout bounds each question to Slack.
const checkTimeout = 10 * time.Second

// Check is one thing that was looked at. A nil Err is right; a Warning should be
// known and may be meant; Fix is what to do.
type Check struct {
	Name, Found, Fix string
	Err              error
}

// Warning is an error of a Check that works nevertheless.
type Warning string

func (w Warning) Error() string { return string(w) }

// Checks asks Slack whether it would all work: the token, the app, its scopes,
// each room (a channel's id), the socket and the clock. It posts nothing, and it
// opens no socket: what Slack sent there while it looks would be lost. A bot
// token that rotates is read from tokens, and not replaced; nil has none.
func Checks(ctx context.Context, c Config, tokens Tokens, rooms []string) []Check {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout*time.Duration(4+len(rooms)))
	defer cancel()
	token, err := keptToken(ctx, c, tokens)
	if err != nil {
		return []Check{{Name: "slack token", Err: err, Fix: "check the database"}}
	}
	e := &exam{cfg: c}
	e.api = slack.New(token,
		slack.OptionAPIURL(c.APIURL), slack.OptionAppLevelToken(c.AppToken.Reveal()), slack.OptionHTTPClient(&http.Client{
			Timeout: checkTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}), slack.OptionRetryConfig(slack.DefaultRetryConfig()), slack.OptionOnResponseHeaders(e.answered))
	me, all := e.token(ctx)
	if me != nil {
		all = append(all, e.app(ctx, me), checkScopes(me.Header.Values("X-OAuth-Scopes")))
		for _, id := range rooms {
			all = append(all, e.room(ctx, me.User, id))
		}
	}
	if c.Socket() {
		all = append(all, e.socket(ctx))
	}
	if e.dated {
		all = append(all, checkClock(e.ahead))
	}
	return all
}

func keptToken(ctx context.Context, c Config, tokens Tokens) (string, error) {
	if !c.Rotates() || tokens == nil {
		return c.BotToken.Reveal(), nil
	}
	t, err := NewRotor(c, tokens, nil, nil).kept(ctx)
	return t.Access, err
}

// exam is one round of questions.
type exam struct {
	cfg   Config
	api   *slack.Client
	dated bool
	ahead time.Duration // our clock before Slack's
}

func (e *exam) answered(_ string, h http.Header) {
	if t, err := http.ParseTime(h.Get("Date")); err == nil {
		e.dated, e.ahead = true, time.Since(t)
	}
}

func (e *exam) token(ctx context.Context) (*slack.AuthTestResponse, []Check) {
	me, err := e.api.AuthTestContext(ctx)
	c := Check{Name: "slack token"}
	if err != nil {
		c.Err, c.Fix = explained(err), "see that this machine reaches "+e.cfg.APIURL
		if code(err) != "" {
			c.Fix = "install the app again, and copy the Bot User OAuth Token on its page OAuth & Permissions into slack.bot_token"
		}
		return nil, []Check{c}
	}
	c.Found = fmt.Sprintf("workspace %s (%s), bot @%s (%s)", me.Team, me.TeamID, me.User, me.UserID)
	return me, []Check{c}
}

// app finds a token that is of another app: events of the configured one would
// then be refused.
func (e *exam) app(ctx context.Context, me *slack.AuthTestResponse) Check {
	c := Check{Name: "slack app", Found: e.cfg.AppID}
	b, err := e.api.GetBotInfoContext(ctx, slack.GetBotInfoParameters{Bot: me.BotID})
	switch {
	case err != nil:
		c.Err = fmt.Errorf("ask which app the token is of: %w", explained(err))
	case b.AppID != e.cfg.AppID:
		c.Err = fmt.Errorf("slack.bot_token is of the app %s, slack.app_id is %s", b.AppID, e.cfg.AppID)
		c.Fix = "take app_id and bot_token from the same app"
	}
	return c
}

// checkScopes compares what the token may with what is in use.
func checkScopes(headers []string) Check {
	var has, missing, more []string
	for name := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		if name = strings.TrimSpace(name); name != "" {
			has = append(has, name)
		}
	}
	for _, s := range scopes {
		if !slices.Contains(has, s.Name) {
			missing = append(missing, s.Name+" (lost: "+s.Lost+")")
		}
	}
	for _, name := range has {
		if !slices.ContainsFunc(scopes[:], func(s scope) bool { return s.Name == name }) {
			more = append(more, name)
		}
	}
	c := Check{Name: "slack scopes", Found: fmt.Sprintf("all %d", len(scopes))}
	switch {
	case len(missing) > 0:
		c.Err = errors.New("missing: " + strings.Join(missing, ", "))
		c.Fix = "paste the output of interlock manifest slack on the page App Manifest, then install the app again"
	case len(more) > 0:
		c.Err = Warning("the token permits more than is used: " + strings.Join(more, ", "))
		c.Fix = "remove them on the page OAuth & Permissions, then install the app again"
	}
	return c
}

// room looks at one channel.
func (e *exam) room(ctx context.Context, bot, id string) Check {
	c := Check{Name: "slack " + id}
	r, err := e.api.GetConversationInfoContext(ctx, &slack.GetConversationInfoInput{ChannelID: id})
	invite := "in the channel, say /invite @" + bot
	switch {
	case code(err) == "channel_not_found":
		c.Err, c.Fix = errors.New("there is no such channel, or it is private and the bot is not in it"), invite+"; or mend the id (it stands at the end of the channel's details)"
	case err != nil:
		c.Err = explained(err)
	case r.IsArchived:
		c.Err, c.Fix = fmt.Errorf("#%s is archived", r.Name), "unarchive it, or take it out of the configuration"
	case !r.IsMember:
		c.Err, c.Fix = fmt.Errorf("the bot is not in #%s: it hears and says nothing there", r.Name), invite
	default:
		c.Found = "#" + r.Name + ", the bot is in it"
	}
	return c
}

func (e *exam) socket(ctx context.Context) Check {
	c := Check{Name: "slack socket", Found: "the app-level token may open one"}
	if _, _, err := e.api.StartSocketModeContext(ctx); err != nil {
		c.Err, c.Fix = explained(err), "switch Socket Mode on, and make an app-level token with "+socketScope+" on the page Basic Information of the app"
	}
	return c
}

// checkClock compares with Slack's clock. A signature that is five minutes old
// is refused, so with such a clock all of them are.
func checkClock(ahead time.Duration) Check {
	c := Check{Name: "slack clock", Found: fmt.Sprintf("%s from Slack's", ahead.Abs().Round(time.Second)), Fix: "switch on the time service of this machine"}
	off := "fast"
	if ahead < 0 {
		off = "slow"
	}
	text := fmt.Sprintf("this machine's clock is %s %s", ahead.Abs().Round(time.Second), off)
	switch {
	case ahead.Abs() > window:
		c.Err = errors.New(text + ": events over HTTP are refused as too old")
	case ahead.Abs() > time.Minute:
		c.Err = Warning(text)
	}
	return c
}
