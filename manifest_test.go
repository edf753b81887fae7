package main

import (
	archive "archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
)

func TestManifestCommand(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args string
		has  string
		code int
	}{
		{"slack", "socket_mode_enabled: true", 0},
		{"slack --url https://bot.example.com", "request_url: https://bot.example.com/slack/events", 0},
		{"slack --url https://bot.example.com", "socket_mode_enabled: false", 0},
		{"slack --rotate", "token_rotation_enabled: true", 0},
		{"slack --name Ops", `name: "Ops"`, 0},
		{"slack --url http://bot.example.com", "", exitUse},
		{"slack --name " + strings.Repeat("x", 36), "", exitUse},
	} {
		out, err := manifestOut(tc.args)
		code := 0
		if e := (*coded)(nil); errors.As(err, &e) {
			code = e.code
		}
		if code != tc.code || !strings.Contains(out, tc.has) || code != 0 && out != "" {
			t.Errorf("%s: code %d (%v), and the output lacks %q:\n%s", tc.args, code, err, tc.has, out)
		}
	}
	out, err := manifestOut("slack --json")
	var v struct {
		Settings struct {
			Socket bool `json:"socket_mode_enabled"`
		} `json:"settings"`
	}
	if err != nil || json.Unmarshal([]byte(out), &v) != nil || !v.Settings.Socket {
		t.Errorf("%v: %s", err, out)
	}
}

// The package is of the app that is named, or else of the configured one.
func TestManifestTeams(t *testing.T) {
	const named, configured = "11111111-2222-3333-4444-555555555555", "66666666-7777-8888-9999-000000000000"
	t.Chdir(t.TempDir())
	for _, tc := range []struct {
		args, app string
		env       bool
		code      int
	}{
		{"--app-id " + named, named, false, 0},
		{"--app-id " + named + " --url https://bot.example.com --name Ops", named, true, 0},
		{"", configured, true, 0},
		{"", "", false, exitUse},
		{"--app-id interlock", "", true, exitUse},
		{"--app-id " + named + " --url http://bot.example.com", "", false, exitUse},
		{"--app-id " + named + " --name " + strings.Repeat("x", 31), "", false, exitUse},
		{"--config absent.yaml", "", true, exitUse},
		{"--app-id " + named + " --out absent/app.zip", "", false, exitFailed},
	} {
		args := strings.Fields("manifest teams --out app.zip " + tc.args)
		_ = os.Remove("app.zip")
		for _, key := range []string{"APP_ID", "APP_PASSWORD", "TENANT_ID"} {
			if t.Setenv("INTERLOCK_TEAMS_"+key, configured); !tc.env {
				_ = os.Unsetenv("INTERLOCK_TEAMS_" + key)
			}
		}
		c := command()
		var out bytes.Buffer
		c.SetOut(&out)
		c.SetErr(&out)
		c.SetArgs(args)
		err := c.Execute()
		code := 0
		if e := (*coded)(nil); errors.As(err, &e) {
			code = e.code
		}
		if app := packedApp(t, "app.zip"); code != tc.code || app != tc.app || (code == 0) != strings.Contains(out.String(), "app.zip is written") {
			t.Errorf("%q: code %d (%v), a package of %q\n%s", tc.args, code, err, app, out.String())
		}
	}
}

// packedApp is the app that a package is of, or nothing.
func packedApp(t *testing.T, file string) string {
	t.Helper()
	z, err := archive.OpenReader(file)
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = z.Close() }()
	f, err := z.Open("manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var m struct{ ID string }
	if err := json.NewDecoder(f).Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m.ID
}

func manifestOut(args string) (string, error) {
	var out bytes.Buffer
	c := manifestCommand()
	c.SilenceUsage, c.SilenceErrors = true, true
	c.SetOut(&out)
	c.SetErr(&out)
	c.SetArgs(strings.Fields(args))
	err := c.Execute()
	return out.String(), err
}
