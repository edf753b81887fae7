package slack

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/slack-go/slack"
	"gopkg.in/yaml.v3"
)

func TestManifest(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		file string
		o    ManifestOptions
	}{
		{"socket.yaml", ManifestOptions{}},
		{"http.yaml", ManifestOptions{Name: "Ops Bot 2", URL: "https://bot.example.com/", Rotate: true}},
		{"socket.json", ManifestOptions{JSON: true}},
	} {
		got, err := Manifest(tc.o)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", "manifest", tc.file)
		if *renderUpdate {
			if err := os.WriteFile(file, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(file); err != nil || string(want) != string(got) {
			t.Errorf("%s: %v, now\n%s", file, err, got)
		}
	}
}

// The library's own types read the manifest, and find what the table asks for.
func TestManifestAgrees(t *testing.T) {
	t.Parallel()
	text, err := Manifest(ManifestOptions{URL: "https://bot.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	var m slack.Manifest
	if err := yaml.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range scopes {
		names = append(names, s.Name)
	}
	if !slices.Equal(m.OAuthConfig.Scopes.Bot, names) || len(m.OAuthConfig.Scopes.User) > 0 || len(m.OAuthConfig.Scopes.BotOptional) > 0 {
		t.Errorf("scopes: %+v", m.OAuthConfig.Scopes)
	}
	s := m.Settings
	if s.SocketModeEnabled || s.TokenRotationEnabled || s.OrgDeployEnabled || len(m.Features.UnfurlDomains) > 0 || !s.Interactivity.IsEnabled {
		t.Errorf("settings: %+v", s)
	}
	if !slices.Equal(s.EventSubscriptions.BotEvents, events[:]) {
		t.Errorf("events: %v", s.EventSubscriptions.BotEvents)
	}
	urls := []string{s.EventSubscriptions.RequestUrl, s.Interactivity.RequestUrl, m.Features.SlashCommands[0].Url}
	if want := []string{"https://bot.example.com/slack/events", "https://bot.example.com/slack/interactions", "https://bot.example.com/slack/commands"}; !slices.Equal(urls, want) {
		t.Errorf("addresses: %v", urls)
	}
	if c := m.Features.SlashCommands[0]; c.Command != slashCommand || !c.ShouldEscape {
		t.Errorf("command: %+v", c)
	}
	if c := m.Features.Shortcuts[0]; c.CallbackID != shortcutAsk || c.Type != slack.MessageShortcut {
		t.Errorf("shortcut: %+v", c)
	}
	if h := m.Features.AppHome; !h.HomeTabEnabled || !h.MessagesTabEnabled || h.MessagesTabReadOnlyEnabled {
		t.Errorf("home: %+v", h)
	}
}

// Slack refuses a manifest in which a text is too long.
func TestManifestLimits(t *testing.T) {
	t.Parallel()
	text, err := Manifest(ManifestOptions{Name: strings.Repeat("ä", longestName), JSON: true})
	if err != nil {
		t.Fatal(err)
	}
	var m slack.Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	for _, l := range []struct {
		what string
		text string
		most int
	}{
		{"description", m.Display.Description, 140},
		{"bot name", m.Features.BotUser.DisplayName, 80},
		{"assistant", m.Features.AssistantView.AssistantDescription, 300},
		{"shortcut", m.Features.Shortcuts[0].Name, 24},
		{"shortcut's description", m.Features.Shortcuts[0].Description, 150},
		{"command", m.Features.SlashCommands[0].Command, 32},
		{"command's description", m.Features.SlashCommands[0].Description, 2000},
		{"command's hint", m.Features.SlashCommands[0].UsageHint, 1000},
	} {
		if l.text == "" || len(l.text) > l.most {
			t.Errorf("%s: %d of %d: %q", l.what, len(l.text), l.most, l.text)
		}
	}
	if n := len(m.Features.AssistantView.SuggestedPrompts); n == 0 || n > 4 {
		t.Errorf("%d prompts", n)
	}
}

func TestManifestRefuses(t *testing.T) {
	t.Parallel()
	for _, o := range []ManifestOptions{
		{Name: strings.Repeat("x", longestName+1)},
		{Name: "a\x7f"},
		{Name: "a\u200b"},
		{URL: "http://bot.example.com"},
		{URL: "bot.example.com"},
		{URL: "https://"},
		{URL: "https://a:b@bot.example.com"},
		{URL: "https://bot.example.com/?a=b"},
		{URL: "https://bot.example.com/#a"},
		{URL: "https://bot.example.com/a b"},
		{URL: "https://bot.example.com/\nsettings:"},
	} {
		if text, err := Manifest(o); err == nil {
			t.Errorf("%+v:\n%s", o, text)
		}
	}
}

// Whatever the name is, it is a name and nothing else.
func FuzzManifest(f *testing.F) {
	for _, name := range []string{"Interlock", "a: b", "\"", "x\nsettings: {}", "ä # b", "{{.}}", "\\u0000", "<b>&", "\x7f"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		text, err := Manifest(ManifestOptions{Name: name})
		if err != nil {
			return
		}
		var m slack.Manifest
		if err := yaml.Unmarshal(text, &m); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		want := strings.TrimSpace(strings.ToValidUTF8(name, "\uFFFD"))
		if want != "" && m.Display.Name != want && utf8.ValidString(name) {
			t.Errorf("%q became %q", name, m.Display.Name)
		}
		if !m.Settings.SocketModeEnabled || len(m.OAuthConfig.Scopes.Bot) != len(scopes) {
			t.Errorf("%+v", m)
		}
	})
}
