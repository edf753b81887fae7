package slack

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"interlock/config"
)

// The environment of tests; the values stand nowhere else.
var configEnv = []string{"BOT=xoxb-hush", "APP=xapp-hush", "SIGN=0123hush", "TURN=xoxe.xoxb-hush", "FRESH=xoxe-1-hush", "CLIENT=hush", "AGAIN=xoxe-1-again"}

func configLoad(t testing.TB, section string, environ ...string) (Config, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "interlock.yaml")
	if err := os.WriteFile(file, []byte(section), 0o600); err != nil {
		t.Fatal(err)
	}
	all, _, err := config.Load(file, append(environ, configEnv...))
	if err != nil {
		t.Fatal(err)
	}
	return Load(all.Slack)
}

const configSocket = "slack:\n  app_id: A1\n  bot_token: env:BOT\n  app_token: env:APP\n"

func TestConfig(t *testing.T) {
	t.Parallel()
	c, err := configLoad(t, "")
	if err != nil || c.On() || c.APIURL != "https://slack.com/api/" {
		t.Errorf("without a section: %+v, %v", c, err)
	}
	c, err = configLoad(t, configSocket)
	if err != nil || !c.On() || !c.Socket() || c.HTTP() || c.Rotates() {
		t.Errorf("a socket: %+v, %v", c, err)
	}
	if c.Connections != 2 || c.Follow != FollowAsker || !c.Assistant || c.FileLimit != 10<<20 {
		t.Errorf("defaults: %+v", c)
	}
	c, err = configLoad(t, "slack: {app_id: A1, bot_token: env:TURN, signing_secret: env:SIGN, client_id: 1.2, client_secret: env:CLIENT, refresh_token: env:FRESH, "+
		"api_url: 'http://127.0.0.1:1/api', connections: 10, follow: mention, assistant: false, file_limit: 1MB}")
	if err != nil || !c.On() || c.Socket() || !c.HTTP() || !c.Rotates() || c.RefreshToken.Reveal() != "xoxe-1-hush" {
		t.Errorf("all keys: %+v, %v", c, err)
	}
	if c.APIURL != "http://127.0.0.1:1/api/" || c.Connections != 10 || c.Follow != FollowMention || c.Assistant || c.FileLimit != 1e6 {
		t.Errorf("all keys: %+v", c)
	}
	if c.AppID = ""; c.On() || (Config{}).On() {
		t.Error("on without an app")
	}
}

func TestConfigByVariables(t *testing.T) {
	t.Parallel()
	c, err := configLoad(t, "", "INTERLOCK_SLACK_APP_ID=A1", "INTERLOCK_SLACK_BOT_TOKEN=xoxb-1", "INTERLOCK_SLACK_APP_TOKEN=xapp-1",
		"INTERLOCK_SLACK_SIGNING_SECRET=s", "INTERLOCK_SLACK_API_URL=http://localhost:1/api/", "INTERLOCK_SLACK_FILE_LIMIT=1KiB")
	if err != nil || !c.On() || !c.Socket() || !c.HTTP() || c.BotToken.Reveal() != "xoxb-1" || c.FileLimit != 1024 {
		t.Errorf("%+v: %v", c, err)
	}
}

// Every problem is told at once, with its line or its variable, and no secret.
func TestConfigProblems(t *testing.T) {
	t.Parallel()
	rotating := strings.Replace(configSocket, "BOT", "TURN", 1)
	for _, tc := range []struct {
		name, section string
		environ, want []string
	}{
		{"no way in", "slack: {app_id: A1, bot_token: env:BOT}", nil, []string{"slack: has no way in: set app_token"}},
		{"nothing but the way in", "slack: {app_token: env:APP}", nil, []string{"slack.app_id: is missing", "slack.bot_token: is missing"}},
		{"each in the place of another", "slack:\n  app_id: B1\n  bot_token: env:APP\n  app_token: env:BOT\n", nil, []string{
			":2: slack.app_id: must be A and then", ":3: slack.bot_token: must begin with xoxb-", ":4: slack.app_token: must begin with xapp-",
		}},
		{"small letters", strings.Replace(configSocket, "A1", "Ab", 1), nil, []string{":2: slack.app_id: must be A"}},
		{"one letter", strings.Replace(configSocket, "A1", "A", 1), nil, []string{":2: slack.app_id: must be A"}},
		{"a variable", configSocket, []string{"INTERLOCK_SLACK_BOT_TOKEN=hush"}, []string{"INTERLOCK_SLACK_BOT_TOKEN: must begin with"}},
		{"too many", configSocket + "  connections: 11\n", nil, []string{":5: slack.connections: must be 1 to 10"}},
		{"too few", configSocket + "  connections: 0\n", nil, []string{":5: slack.connections: must be 1 to 10"}},
		{"follow", configSocket + "  follow: never\n", nil, []string{":5: slack.follow: must be always, asker or mention"}},
		{"no file", configSocket + "  file_limit: 0\n", nil, []string{":5: slack.file_limit: must be more than 0"}},
		{"in the clear", configSocket + "  api_url: http://slack.com/api/\n", nil, []string{":5: slack.api_url: must be https"}},
		{"looks local", configSocket + "  api_url: http://127.0.0.1.example.com/\n", nil, []string{":5: slack.api_url: must be https"}},
		{"no address", configSocket + "  api_url: slack.com\n", nil, []string{":5: slack.api_url: must be an address"}},
		{"a password", configSocket + "  api_url: https://a:b@slack.com/\n", nil, []string{":5: slack.api_url: must be an address"}},
		{"expires", rotating, nil, []string{"slack.client_id: is missing", "slack.client_secret: is missing", "slack.refresh_token: is missing"}},
		{"half of it", configSocket + "  client_id: '1'\n", nil, []string{"slack.client_secret: is missing", "slack.refresh_token: is missing"}},
		{"no refresh token", rotating + "  client_id: '1'\n  client_secret: env:CLIENT\n  refresh_token: env:BOT\n", nil, []string{":7: slack.refresh_token: must begin with xoxe-"}},
		{"read and judged", "slack:\n  app_id: B1\n  app_token: xapp-hush\n  bot_token: env:NOT\n  colour: red\n", nil, []string{
			":2: slack.app_id: must be A", `:3: slack.app_token: must be "env:NAME"`, ":4: slack.bot_token: the environment variable NOT", ":5: slack.colour: unknown key",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, err := configLoad(t, tc.section, tc.environ...)
			var all config.Problems
			if !errors.As(err, &all) || c.On() {
				t.Fatalf("%+v: %v", c, err)
			}
			configCompare(t, all, tc.want)
		})
	}
}

func configCompare(t *testing.T, all config.Problems, want []string) {
	t.Helper()
	if len(all) != len(want) {
		t.Errorf("%d problems, not %d:\n%v", len(all), len(want), all)
	}
	for _, w := range want {
		if !slices.ContainsFunc(all, func(p config.Problem) bool { return strings.Contains(p.String(), w) }) {
			t.Errorf("%q is not in\n%v", w, all)
		}
	}
	if strings.Contains(all.Error(), "hush") {
		t.Errorf("a secret is repeated:\n%v", all)
	}
}

// A process that reads no secret cannot judge them, and must start.
func TestConfigBlind(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "interlock.yaml")
	if err := os.WriteFile(file, []byte(configSocket+"  client_id: '1'\n  client_secret: env:X\n  refresh_token: env:Y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	all, _, err := config.LoadBlind(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := Load(all.Slack); err != nil || !c.On() {
		t.Errorf("%+v: %v", c, err)
	}
}

// Load never panics, and neither what it says nor what it gives shows a secret.
func FuzzConfig(f *testing.F) {
	for _, s := range []string{
		configSocket, "slack: {}", "slack: {app_id: [A1]}", "slack: {api_url: 'http://[::1]:1/'}", "slack: {api_url: '%'}", "slack: {connections: -1, file_limit: 1TiB}",
		"slack:\n  bot_token: env:TURN\n  bot_token: env:BOT\n", "slack: {client_id: &a 1}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, section string) {
		file := filepath.Join(t.TempDir(), "interlock.yaml")
		if err := os.WriteFile(file, []byte(section), 0o600); err != nil {
			t.Fatal(err)
		}
		all, _, err := config.Load(file, configEnv)
		if err != nil || strings.Contains(section, "hush") {
			return
		}
		c, err := Load(all.Slack)
		if said := fmt.Sprintf("%v %+v %#v", err, c, c); strings.Contains(said, "hush") {
			t.Error(said)
		}
		if err != nil && c.On() {
			t.Error("on, in spite of ", err)
		}
	})
}
