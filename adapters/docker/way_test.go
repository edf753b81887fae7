package docker

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"interlock/agent"
	"interlock/agent/egress"
	"interlock/agent/frames"
)

// A fresh container with a scope goes out with its credential, which it never
// holds; a session's container, with the same words, does not.
func TestWayOfAScope(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Egress: filepath.Join(t.TempDir(), "egress.sock")})
	w, err := openWorld(t.Context(), s.o.Egress)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("hunter2-of-this-test"), 0o600); err != nil {
		t.Fatal(err)
	}
	policy, err := egress.NewPolicy(egress.Rule{Host: "path.example.com", Scope: "forge"})
	if err != nil {
		t.Fatal(err)
	}
	w.Rules = map[string]egress.Rules{probeOrg: {Policy: policy, Injector: egress.BearerFile{Scope: "forge", Path: secret}}}
	ask, err := json.Marshal(frames.Ask{Tunnel: owned.Tunnel, Name: owned.Name, Text: strings.Replace(owned.Text, "/own/x", "/secret", 1)})
	if err != nil {
		t.Fatal(err)
	}
	exec := func(in agent.Container, argv ...string) string {
		seen := &watched{}
		c := agent.Command{Org: probeOrg, Session: probeSession, Call: t.Name() + argv[len(argv)-1], In: in, Argv: argv, Stdin: ask, Out: true, Profile: probeProfile}
		if in == agent.InFresh {
			c.Scope = "forge"
		}
		way, closed, err := w.Open(t.Context(), c, seen)
		if err != nil {
			t.Fatal(err)
		}
		defer closed()
		c.Way = way
		out, err := s.Exec(t.Context(), c)
		if err != nil || out.Code != 0 {
			t.Fatal(out.Code, string(out.Stderr), err)
		}
		return strings.TrimSpace(string(out.Stdout))
	}
	if got := exec(agent.InFresh, insideRun, "part", "ask"); got != "200" {
		t.Errorf("fresh, with its scope: %s", got)
	}
	if got := exec(agent.InSession, insideRun, "part", "ask"); got != "none" {
		t.Errorf("a session's: %s", got)
	}
	if got := exec(agent.InFresh, "env"); strings.Contains(got, "hunter2") || !strings.Contains(got, "HTTPS_PROXY=") {
		t.Errorf("its environment: %s", got)
	}
}
