package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"interlock/adapters/docker/dockertest"
	"interlock/agent"
	"interlock/config"
	"interlock/rbac"
)

// A sweep between two calls leaves a session what it has, and takes what belongs to
// no session.
func TestSweepLeavesSessions(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "interlock.yaml")
	if err := os.WriteFile(file, []byte("data_dir: data\nsandbox: {runner: "+dockertest.Runner(t)+"}\norgs: {acme: {}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, _, err := config.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := wire(t.Context(), cfg, slog.New(slog.DiscardHandler), options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	}()
	s, err := a.db.Open(t.Context(), "acme", agent.Thread{Platform: "console", Channel: "c", ID: "1"})
	if err != nil {
		t.Fatal(err)
	}
	ev := agent.Event{
		Schema: agent.Schema, ID: "e1", Org: "acme", Session: s.ID, Turn: "t", Run: "t", At: time.Now(), Kind: agent.KindAnswer,
		Actor: rbac.Actor{Org: "acme", Platform: "console", ID: "alice"}, Label: rbac.Clean(),
	}
	if err := a.db.Append(t.Context(), "acme", agent.Batch{Events: []agent.Event{ev}}); err != nil {
		t.Fatal(err)
	}
	run := func(session, text string) string {
		out, err := a.box.Exec(t.Context(), agent.Command{Org: "acme", Session: session, Call: text, In: agent.InSession, Argv: []string{"sh", "-c", text}})
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out.Stdout))
	}
	run(s.ID, "echo kept > a")
	run("nobody's", "echo kept > a")
	if _, err := a.box.Sweep(t.Context(), a.keep); err != nil {
		t.Fatal(err)
	}
	if got := run(s.ID, "cat a"); got != "kept" {
		t.Errorf("the session reads %q", got)
	}
	if got := run("nobody's", "cat a 2>/dev/null || echo gone"); got != "gone" {
		t.Errorf("what is nobody's reads %q", got)
	}
	if _, err := a.box.Sweep(t.Context(), func(context.Context, string, string, string) bool { return false }); err != nil {
		t.Error(err)
	}
}
