package main

import (
	"bytes"
	"encoding/json"
	"errors"
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
