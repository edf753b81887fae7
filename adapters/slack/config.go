package slack

import (
	"cmp"
	"errors"
	"reflect"
	"slices"
	"strings"

	"interlock/config"
)

// What Config.Follow can be.
const (
	FollowAlways  = "always"  // answers whatever is said in a thread that it is in
	FollowAsker   = "asker"   // answers in such a thread whoever asked it something there before
	FollowMention = "mention" // answers only where it is mentioned
)

// Config is the section "slack". The zero value is off.
type Config struct {
	AppID         string        `yaml:"app_id"`
	SigningSecret config.Secret `yaml:"signing_secret"` // the way in by HTTP
	BotToken      config.Secret `yaml:"bot_token"`
	AppToken      config.Secret `yaml:"app_token"`   // the way in by Socket Mode
	APIURL        string        `yaml:"api_url"`     // ends in a slash
	Connections   int           `yaml:"connections"` // sockets at once, 1 to 10
	Follow        string        `yaml:"follow"`
	Assistant     bool          `yaml:"assistant"` // may stream, and show what it is doing
	ClientID      string        `yaml:"client_id"` // this and the next two: of a bot token that expires
	ClientSecret  config.Secret `yaml:"client_secret"`
	RefreshToken  config.Secret `yaml:"refresh_token"`
	FileLimit     config.Size   `yaml:"file_limit"` // most bytes of a file that is read
}

// Load reads the section. One that is not there is a Config that is off; in any
// other the error is a config.Problems with everything that is wrong.
func Load(n config.Node) (Config, error) {
	c := Config{
		APIURL: "https://slack.com/api/", Connections: 2, Follow: FollowAsker, Assistant: true, FileLimit: 10 << 20,
	}
	if !n.Set() {
		return c, nil
	}
	var wrong config.Problems
	if err := n.Decode(&c); err != nil && !errors.As(err, &wrong) {
		return Config{}, err
	}
	if !strings.HasSuffix(c.APIURL, "/") {
		c.APIURL += "/"
	}
	if wrong = joined(wrong, placed(n, c.problems())); len(wrong) > 0 {
		return Config{}, wrong
	}
	return c, nil
}

// On tells whether there is all that the platform needs.
func (c Config) On() bool { return c.AppID != "" && c.BotToken.Set() && (c.Socket() || c.HTTP()) }

// Socket tells whether events come over sockets that we open.
func (c Config) Socket() bool { return c.AppToken.Set() }

// HTTP tells whether events are accepted that Slack sends us, signed.
func (c Config) HTTP() bool { return c.SigningSecret.Set() }

// Rotates tells whether the bot token expires, and is replaced by us.
func (c Config) Rotates() bool { return c.RefreshToken.Set() }

// spot refuses every value, so that the decoder tells where each stands.
type spot struct{}

var errSpot = errors.New("stands here")

// UnmarshalText refuses.
func (*spot) UnmarshalText([]byte) error { return errSpot }

// placed gives problems their file, line and whole key, or their variable. What
// is found by looking at several keys is found after decoding, when the lines
// are gone; so the section is decoded once more, into spots.
func placed(n config.Node, wrong config.Problems) config.Problems {
	var keys []reflect.StructField
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		keys = append(keys, reflect.StructField{Name: f.Name, Type: reflect.TypeFor[spot](), Tag: f.Tag})
	}
	var spots config.Problems
	_ = errors.As(n.Decode(reflect.New(reflect.StructOf(keys)).Interface()), &spots)
	for i, p := range wrong {
		if p.Key == "" {
			wrong[i].Key = "slack"
			continue
		}
		wrong[i].Key = "slack." + p.Key
		// Variables come before the file there, as they win over it.
		at := slices.IndexFunc(spots, func(at config.Problem) bool {
			return at.Key == "slack."+p.Key || at.Key == "INTERLOCK_SLACK_"+strings.ToUpper(p.Key)
		})
		if at >= 0 {
			wrong[i] = spots[at]
			wrong[i].Text = p.Text
		}
	}
	return wrong
}

// joined are problems of reading and of judging. What could not be read is not
// judged by its default as well, nor is the section as a whole then.
func joined(read, judged config.Problems) config.Problems {
	judged = slices.DeleteFunc(judged, func(p config.Problem) bool {
		return len(read) > 0 && p.Key == "slack" || slices.ContainsFunc(read, func(r config.Problem) bool { return r.Key == p.Key })
	})
	all := append(read, judged...)
	slices.SortStableFunc(all, func(a, b config.Problem) int { return cmp.Or(a.Line-b.Line, strings.Compare(a.Key, b.Key)) })
	return all
}
