package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"

	"interlock/agent"
)

//go:embed all:testdata/demo/infra
var demoInfra embed.FS

const (
	demoOrg   = "acme"
	demoStack = "payments-prod"
)

// demoConfig is what the demo serves; %s is where its folders are.
const demoConfig = `# The demo's configuration, made anew at each start.
data_dir: data
log: {level: warn}
orgs:
  acme:
    people:
      alice: {name: Alice, roles: [operator]}
      bob: {name: Bob, roles: [approver]}
      carol: {name: Carol, roles: [viewer]}
      dana: {name: Dana, roles: [approver, breakglass, admin]}
    environments:
      prod: {tier: gated}
    channels:
      "console:payments": {tier: gated, title: payments}
    stacks:
      payments-prod:
        repository: infra
        directory: stacks/payments-prod
        environment: prod
        channel: "console:payments"
        owners: [alice]
        state: state
        mounts: [{from: world, to: /world, write: true}]
        chain: platform
    schedules:
      payments-drift: {kind: drift, stack: payments-prod, cron: "@hourly", timezone: UTC}
      payments-morning: {kind: digest, channel: "console:payments", cron: "0 8 * * *", timezone: UTC}
    rotas:
      platform: {people: [bob, dana], starts: "2026-01-05T09:00", every: 168h, timezone: UTC}
    chains:
      platform:
        - {after: 10m, to: ["console:payments"]}
        - {after: 15m, to: ["oncall:platform"]}
        - {after: 30m, to: ["person:dana"]}
`

// demoWorld is the demo's folders: the code as a Git repository, the state, and
// a directory of JSON files that stands in for a cloud.
type demoWorld struct{ dir, config, repo, state, world string }

// newDemoWorld makes the folders anew. It removes only a folder that it made.
func newDemoWorld(dir string) (*demoWorld, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	w := &demoWorld{
		dir: dir, config: filepath.Join(dir, "interlock.yaml"), repo: filepath.Join(dir, "infra"),
		state: filepath.Join(dir, "state"), world: filepath.Join(dir, "world"),
	}
	if err := w.clear(); err != nil {
		return nil, err
	}
	for _, d := range []string{w.dir, w.repo, w.state, w.world} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, fmt.Errorf("make demo folder: %w", err)
		}
	}
	for _, d := range []string{w.state, w.world} { // the sandbox is no user of this host
		if err := os.Chmod(d, 0o777); err != nil { //nolint:gosec // a demo's folder, below one that only its owner writes
			return nil, fmt.Errorf("open demo folder: %w", err)
		}
	}
	if err := os.WriteFile(w.config, []byte(demoConfig), 0o600); err != nil {
		return nil, fmt.Errorf("write demo configuration: %w", err)
	}
	return w, w.commitInfra()
}

func (w *demoWorld) clear() error {
	entries, err := os.ReadDir(w.dir)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read demo folder: %w", err)
	}
	if b, err := os.ReadFile(w.config); err != nil || !strings.HasPrefix(string(b), demoConfig[:40]) {
		return fmt.Errorf("%s is not a folder of the demo: choose another with --dir", w.dir)
	}
	return os.RemoveAll(w.dir)
}

func (w *demoWorld) commitInfra() error {
	sub, err := fs.Sub(demoInfra, "testdata/demo/infra")
	if err != nil {
		return err
	}
	if err := os.CopyFS(w.repo, sub); err != nil {
		return fmt.Errorf("copy demo stack: %w", err)
	}
	if _, err := git.PlainInit(w.repo, false); err != nil {
		return fmt.Errorf("make demo repository: %w", err)
	}
	return w.commit("the firewall of payments")
}

// commit records all that is in the repository's folder.
func (w *demoWorld) commit(message string) error {
	r, err := git.PlainOpen(w.repo)
	if err != nil {
		return fmt.Errorf("open demo repository: %w", err)
	}
	t, err := r.Worktree()
	if err != nil {
		return fmt.Errorf("open demo worktree: %w", err)
	}
	if err := t.AddWithOptions(&git.AddOptions{All: true}); err != nil {
		return fmt.Errorf("add demo files: %w", err)
	}
	who := &object.Signature{Name: "Interlock demo", Email: "demo@interlock.invalid", When: time.Now()}
	if _, err := t.Commit(message, &git.CommitOptions{Author: who}); err != nil {
		return fmt.Errorf("commit demo files: %w", err)
	}
	return nil
}

// rule reads one attribute of a firewall rule in the world.
func (w *demoWorld) rule(name string) (map[string]any, error) {
	b, err := os.ReadFile(filepath.Join(w.world, name+".json"))
	if err != nil {
		return nil, fmt.Errorf("read the world: %w", err)
	}
	var v map[string]any
	return v, json.Unmarshal(b, &v)
}

// open changes the world behind the code's back, as somebody in a hurry would.
func (w *demoWorld) open(name string) error {
	v, err := w.rule(name)
	if err != nil {
		return err
	}
	v["source"] = "0.0.0.0/0"
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(w.world, name+".json")
	if err := os.WriteFile(path+".new", b, 0o666); err != nil { //nolint:gosec // the sandbox must be able to mend it
		return fmt.Errorf("change the world: %w", err)
	}
	if err := os.Chmod(path+".new", 0o666); err != nil { //nolint:gosec // as above, whatever the umask
		return fmt.Errorf("change the world: %w", err)
	}
	return os.Rename(path+".new", path)
}

// build applies the code once, as if last week, so that there is something to
// drift. It is the demo's set-up, so no policy is asked.
func (w *demoWorld) build(ctx context.Context, a *app, tell func(string)) error {
	env := agent.Env{Org: demoOrg, Session: "demo-setup", Box: a.box, Tell: tell}
	plan, err := a.direct(ctx, env, "tofu_plan", map[string]string{"stack": demoStack})
	if err != nil {
		return err
	}
	_, err = a.direct(ctx, env, "tofu_apply", map[string]string{"plan": plan.Artifact})
	return err
}

func (a *app) direct(ctx context.Context, env agent.Env, tool string, args map[string]string) (agent.ToolResult, error) {
	t, ok := a.toolset.Tool(tool)
	if !ok {
		return agent.ToolResult{}, fmt.Errorf("no tool %s", tool)
	}
	b, err := json.Marshal(args)
	if err != nil {
		return agent.ToolResult{}, err
	}
	env.Tell(tool)
	res, err := t.Run(ctx, env, agent.ToolCall{ID: "demo-" + tool, Tool: tool, Args: b})
	if err == nil && res.Failed {
		err = errors.New(res.Text)
	}
	return res, err
}
