package slack

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"text/template"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// ManifestOptions say what the app is made for. The zero value is Socket Mode.
type ManifestOptions struct {
	Name   string // at most 35 characters; empty is Interlock
	URL    string // where Slack reaches this server; when it is set, events come by HTTP
	Rotate bool   // the bot token expires, and is replaced by us
	JSON   bool   // instead of YAML
}

//go:embed manifest.tmpl
var manifestText string

var manifestTemplate = template.Must(template.New("manifest").Parse(manifestText))

// longestName is Slack's limit for an app's name, in characters.
const longestName = 35

// Manifest is the app manifest: paste it where Slack makes a new app. It holds
// no secret. The error says what is wrong with the options.
func Manifest(o ManifestOptions) ([]byte, error) {
	if o.Name = strings.TrimSpace(o.Name); o.Name == "" {
		o.Name = "Interlock"
	}
	if n := utf8.RuneCountInString(o.Name); n > longestName {
		return nil, fmt.Errorf("the name has %d characters: Slack takes %d", n, longestName)
	}
	if strings.ContainsFunc(o.Name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return nil, errors.New("the name holds a character that cannot be seen")
	}
	if err := reachable(o.URL); err != nil {
		return nil, err
	}
	name, err := json.Marshal(o.Name) // is YAML as well, whatever the name holds
	if err != nil {
		return nil, fmt.Errorf("write the name: %w", err)
	}
	var out bytes.Buffer
	err = manifestTemplate.Execute(&out, map[string]any{
		"Name": string(name), "BotName": botName(o.Name), "URL": strings.TrimRight(o.URL, "/"), "Rotate": o.Rotate,
		"Shortcut": shortcutAsk, "Command": slashCommand, "Scopes": scopes, "Events": events,
	})
	if err != nil {
		return nil, fmt.Errorf("write the manifest: %w", err)
	}
	if o.JSON {
		return asJSON(out.Bytes())
	}
	return out.Bytes(), nil
}

// asJSON is the same without the comments.
func asJSON(text []byte) ([]byte, error) {
	var v map[string]any
	if err := yaml.Unmarshal(text, &v); err != nil {
		return nil, fmt.Errorf("read the manifest: %w", err)
	}
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the manifest: %w", err)
	}
	return append(b, '\n'), nil
}

// reachable refuses what Slack would not send events to. Empty is Socket Mode.
func reachable(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.String() != text {
		return errors.New("the address must be https://HOST, as Slack reaches this server from outside; without one, use Socket Mode")
	}
	return nil
}

// botName is a name of the letters that Slack takes for a bot's: people mention
// it by this.
func botName(app string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '-'
	}, strings.ToLower(app))
	if name = strings.Trim(name, "-"); name == "" {
		return "interlock"
	}
	return name
}
