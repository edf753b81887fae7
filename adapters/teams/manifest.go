package teams

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ManifestOptions say what the app is made for. The zero value is refused: an app
// is always of one registration.
type ManifestOptions struct {
	AppID string // of the bot's registration in Entra, a GUID
	Name  string // at most 30 characters; empty is Interlock
	URL   string // https://HOST where this server is reached; empty leaves the app's links at example.com
}

// What the manifest says of itself. Teams takes an upload of a known app as an
// update only when the version is another one: raise it with every change.
const (
	manifestSchema = "1.19"
	appVersion     = "1.0.0"
	accent         = "#173F5F"
)

// longestName is Teams' limit for an app's name, in characters.
const longestName = 30

// Manifest is manifest.json of the app package. It holds no secret. The error says
// what is wrong with the options.
func Manifest(o ManifestOptions) ([]byte, error) {
	if o.Name = strings.TrimSpace(o.Name); o.Name == "" {
		o.Name = "Interlock"
	}
	host, err := o.checked()
	if err != nil {
		return nil, err
	}
	b, err := json.MarshalIndent(o.manifest(host), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the manifest: %w", err)
	}
	return append(b, '\n'), nil
}

// checked gives the host of the address, or what is wrong.
func (o ManifestOptions) checked() (host string, err error) {
	switch n := utf8.RuneCountInString(o.Name); {
	case o.AppID == "":
		return "", errors.New("the app's id is needed: it is the Application (client) ID of the bot's registration in Entra")
	case !isGUID(o.AppID):
		return "", errors.New("the app's id must be a GUID such as 11111111-2222-3333-4444-555555555555")
	case n > longestName:
		return "", fmt.Errorf("the name has %d characters: Teams takes %d", n, longestName)
	case !utf8.ValidString(o.Name) || strings.ContainsFunc(o.Name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", errors.New("the name holds a character that cannot be seen")
	case o.URL == "":
		return "", nil
	}
	return publicHost(o.URL)
}

// publicHost is the host of an address at which Teams could reach this server.
func publicHost(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || !isHost(u.Hostname()) || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.String() != text {
		return "", errors.New("the address must be https://HOST, as Teams reaches this server from outside")
	}
	return u.Hostname(), nil
}

// isHost knows names of machines: net/url takes nearly everything for one.
func isHost(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '.' && r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// fields are a part of the manifest.
type fields = map[string]any

func (o ManifestOptions) manifest(host string) fields {
	id := strings.ToLower(o.AppID)
	site := strings.TrimRight(o.URL, "/")
	if site == "" {
		site = "https://example.com"
	}
	m := fields{
		"$schema":         "https://developer.microsoft.com/json-schemas/teams/v" + manifestSchema + "/MicrosoftTeams.schema.json",
		"manifestVersion": manifestSchema, "version": appVersion, "id": id,
		"name":        fields{"short": o.Name, "full": o.Name + ": infrastructure work, under guard"},
		"description": fields{"short": shortText, "full": fullText},
		"developer":   fields{"name": "Interlock", "websiteUrl": site, "privacyUrl": site, "termsOfUseUrl": site},
		"icons":       fields{"color": colorFile, "outline": outlineFile}, "accentColor": accent,
		"bots":                []fields{botFields(id)},
		"composeExtensions":   []fields{messageAction(id, o.Name)},
		"defaultInstallScope": "team", "defaultGroupCapability": fields{"team": "bot", "groupchat": "bot"},
		"webApplicationInfo": fields{"id": id, "resource": "api://" + id},
		"authorization":      fields{"permissions": fields{"resourceSpecific": consentFields()}},
	}
	if host != "" {
		m["validDomains"] = []string{host}
	}
	return m
}
