package teams

import "interlock/config"

// What Config.Follow can be.
const (
	FollowAlways  = "always"  // answers whatever is said in a thread that it is in
	FollowAsker   = "asker"   // answers in such a thread whoever asked it something there before
	FollowMention = "mention" // answers only where it is mentioned
)

// Config is the section "teams". The zero value is off.
type Config struct {
	AppID       string        `yaml:"app_id"`       // of the bot's registration: a GUID, and the audience of every token that we take
	AppPassword config.Secret `yaml:"app_password"` // a client secret of that registration
	TenantID    string        `yaml:"tenant_id"`    // whose registration it is; empty is an old registration for many tenants
	Tenants     []string      `yaml:"tenants"`      // whose people are heard; empty is TenantID alone
	OpenIDURL   string        `yaml:"openid_url"`   // metadata of who signs what we are sent
	Issuer      string        `yaml:"issuer"`       // of the tokens that we are sent
	LoginURL    string        `yaml:"login_url"`    // where our own tokens come from; the tenant and the rest of the path are put behind it
	Scope       string        `yaml:"scope"`        // of our own tokens
	ServiceURLs []string      `yaml:"service_urls"` // where our own tokens may go: the beginnings of addresses, each with a host and a path
	GraphURL    string        `yaml:"graph_url"`    // Microsoft Graph: by it a message is looked up, and the app installed for a person
	GraphScope  string        `yaml:"graph_scope"`
	CatalogID   string        `yaml:"catalog_id"` // of the app in the organisation's catalog; empty installs it for nobody
	Follow      string        `yaml:"follow"`
}

// Load reads the section. One that is not there is a Config that is off; in any
// other the error is a config.Problems with everything that is wrong.
func Load(n config.Node) (Config, error) {
	c := Config{
		OpenIDURL: "https://login.botframework.com/v1/.well-known/openidconfiguration",
		Issuer:    "https://api.botframework.com",
		LoginURL:  "https://login.microsoftonline.com/", Scope: "https://api.botframework.com/.default",
		ServiceURLs: []string{"https://smba.trafficmanager.net/", "https://smba.infra.gcc.teams.microsoft.com/"},
		GraphURL:    "https://graph.microsoft.com/v1.0/", GraphScope: "https://graph.microsoft.com/.default",
		Follow: FollowAsker,
	}
	if !n.Set() {
		return c, nil
	}
	if err := config.Section(n, &c, (*Config).problems); err != nil {
		return Config{}, err
	}
	return c, nil
}

// On tells whether there is all that the platform needs.
func (c Config) On() bool { return c.AppID != "" && c.AppPassword.Set() }
