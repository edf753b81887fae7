package slack

import (
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
	err := config.Section(n, &c, func(c *Config) config.Problems {
		if !strings.HasSuffix(c.APIURL, "/") {
			c.APIURL += "/"
		}
		return c.problems()
	})
	if err != nil {
		return Config{}, err
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
