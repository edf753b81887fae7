package slacktest

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// shortestPatience is what an app that is well needs on a busy machine.
const shortestPatience = 500 * time.Millisecond

// complete fills in what a test did not care to say.
func (o Options) complete() Options {
	o.Addr = cmp.Or(o.Addr, "127.0.0.1:0")
	o.Team = cmp.Or(o.Team, "T0TEST")
	o.Domain = cmp.Or(o.Domain, "testteam")
	o.AppID = cmp.Or(o.AppID, "A0TEST")
	o.BotUser = cmp.Or(o.BotUser, "U0BOT")
	o.BotID = cmp.Or(o.BotID, "B0BOT")
	o.BotName = cmp.Or(o.BotName, "bot")
	o.SigningSecret = cmp.Or(o.SigningSecret, "signing-secret-of-the-test")
	o.BotToken = cmp.Or(o.BotToken, "xoxb-test")
	o.AppToken = cmp.Or(o.AppToken, "xapp-test")
	o.Scale = cmp.Or(o.Scale, 1)
	o.Patience = cmp.Or(o.Patience, max(shortestPatience, time.Duration(float64(3*time.Second)/o.Scale)))
	if o.Scopes == nil {
		o.Scopes = scopes()
	}
	return o
}

// scopes are all that a method or an event here asks for. To post into public
// channels without being a member takes chat:write.public, which a test must
// name: without it not_in_channel could not be seen.
func scopes() []string {
	var all []string
	for _, m := range methods {
		if m.scope != "" && !strings.HasPrefix(m.scope, ":") && !m.app {
			all = append(all, m.scope)
		}
	}
	for _, kind := range []string{"channels", "groups", "im"} {
		all = append(all, kind+":read", kind+":history")
	}
	all = append(all, "app_mentions:read", "commands", "users:read.email")
	slices.Sort(all)
	return slices.Compact(all)
}

// permits tells whether the bot token has a scope.
func (o Options) permits(scope string) bool {
	return scope == "" || slices.Contains(o.Scopes, scope)
}
