package slack

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"interlock/config"
)

// problems are what is wrong, each with its key below "slack", or without one
// when it is about the section.
func (c Config) problems() (wrong config.Problems) {
	say := func(bad bool, key, text string) {
		if bad {
			wrong = append(wrong, config.Problem{Key: key, Text: text})
		}
	}
	c.missing(say)
	c.mistaken(say)
	if err := address(c.APIURL); err != nil {
		say(true, "api_url", err.Error())
	}
	say(c.Connections < 1 || c.Connections > 10, "connections", "must be 1 to 10: Slack allows no more for one app")
	say(c.Follow != FollowAlways && c.Follow != FollowAsker && c.Follow != FollowMention, "follow", "must be always, asker or mention")
	say(c.FileLimit <= 0, "file_limit", "must be more than 0, for example 10MiB")
	return wrong
}

// missing wants one way in, and what each way needs. Of what replaces a bot
// token that expires it wants all or nothing.
func (c Config) missing(say func(bad bool, key, text string)) {
	say(!c.Socket() && !c.HTTP(), "", "has no way in: set app_token for Socket Mode, or signing_secret for events over HTTP")
	say(c.AppID == "", "app_id", "is missing: it is on the page Basic Information of your app, and begins with A")
	say(!c.BotToken.Set(), "bot_token", "is missing: it is on the page OAuth & Permissions of your app, and begins with xoxb-")
	if !strings.HasPrefix(c.BotToken.Reveal(), "xoxe.") && !c.Rotates() && c.ClientID == "" && !c.ClientSecret.Set() {
		return
	}
	const all = "is missing: a bot token that rotates needs client_id, client_secret and refresh_token"
	say(c.ClientID == "", "client_id", all)
	say(!c.ClientSecret.Set(), "client_secret", all)
	say(!c.RefreshToken.Set(), "refresh_token", all)
}

// mistaken finds a token in the place of another. It never repeats one.
func (c Config) mistaken(say func(bad bool, key, text string)) {
	say(c.AppID != "" && !isAppID(c.AppID), "app_id", "must be A and then capital letters and digits, as on the page Basic Information of your app")
	say(!begins(c.BotToken, "xoxb-", "xoxe.xoxb-"), "bot_token", "must begin with xoxb- (with xoxe.xoxb- when it rotates): take the Bot User OAuth Token on the page OAuth & Permissions")
	say(!begins(c.AppToken, "xapp-"), "app_token", "must begin with xapp-: make an app-level token with connections:write on the page Basic Information")
	say(!begins(c.RefreshToken, "xoxe-"), "refresh_token", "must begin with xoxe-: take the one that came with the bot token")
}

// begins lets pass what is not set, and what was not read: a process that needs
// no secret has each of them hidden.
func begins(s config.Secret, prefixes ...string) bool {
	v := s.Reveal()
	return !s.Set() || v == s.String() || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(v, p) })
}

func isAppID(id string) bool {
	rest, ok := strings.CutPrefix(id, "A")
	return ok && rest != "" && !strings.ContainsFunc(rest, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') })
}

// address refuses to send a token in the clear to another machine.
func address(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("must be an address such as https://slack.com/api/")
	}
	ip, err := netip.ParseAddr(u.Hostname())
	local := u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return errors.New("must be https: only an address of this machine may be http")
	}
	return nil
}
