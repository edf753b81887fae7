package teams

import (
	"fmt"
	"net/url"
	"strings"

	"interlock/config"
)

// problems are what is wrong, each with its key below "teams", or without one when
// it is about the section. Addresses that end in a folder get their slash.
func (c *Config) problems() (wrong config.Problems) {
	say := func(bad bool, key, text string) {
		if bad {
			wrong = append(wrong, config.Problem{Key: key, Text: text})
		}
	}
	say(c.AppID == "", "app_id", "is missing: it is the Application (client) ID of the bot's registration in Entra")
	say(c.AppID != "" && !isGUID(c.AppID), "app_id", "must be a GUID such as 11111111-2222-3333-4444-555555555555")
	say(!c.AppPassword.Set(), "app_password", "is missing: make a client secret for the registration, and give its value, not its id")
	say(c.TenantID != "" && !isGUID(c.TenantID), "tenant_id", "must be a GUID: it is the Directory (tenant) ID in Entra")
	for i, t := range c.Tenants {
		say(!isGUID(t), "tenants", fmt.Sprintf("must be GUIDs: number %d is none", i+1))
	}
	say(c.CatalogID != "" && !isGUID(c.CatalogID), "catalog_id", "must be a GUID: Teams' admin center shows it as the app's ID")
	c.AppID, c.TenantID = strings.ToLower(c.AppID), strings.ToLower(c.TenantID) // as Microsoft writes them
	for i, t := range c.Tenants {
		c.Tenants[i] = strings.ToLower(t)
	}
	c.LoginURL, c.GraphURL = folder(c.LoginURL), folder(c.GraphURL)
	for key, text := range map[string]string{"openid_url": c.OpenIDURL, "login_url": c.LoginURL, "graph_url": c.GraphURL} {
		if err := address(text); err != "" {
			say(true, key, err)
		}
	}
	say(len(c.ServiceURLs) == 0, "service_urls", "is empty: then no message could be sent")
	for _, text := range c.ServiceURLs {
		u, ok := serviceAt(text)
		say(!ok || !guarded(u), "service_urls", "must be https addresses with nothing but a host and a path: only one of this machine may be http")
	}
	say(c.Issuer == "", "issuer", "is empty")
	say(c.Follow != FollowAlways && c.Follow != FollowAsker && c.Follow != FollowMention, "follow", "must be always, asker or mention")
	return wrong
}

func folder(text string) string {
	if text == "" || strings.HasSuffix(text, "/") {
		return text
	}
	return text + "/"
}

// address refuses to send a password or a token in the clear to another machine.
func address(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "must be an address such as https://login.example.com/"
	case !guarded(u):
		return "must be https: only an address of this machine may be http"
	}
	return ""
}

// isGUID knows the 36 characters that Entra names everything by.
func isGUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i, r := range text {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (r == '-') || !dash && !strings.ContainsRune("0123456789abcdefABCDEF", r) {
			return false
		}
	}
	return true
}
