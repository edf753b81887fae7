package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"interlock/adapters/docker/dockertest"
	"interlock/agent/redact"
	"interlock/config"
)

func newAviary(t *testing.T, seed uint64) *aviary {
	t.Helper()
	runner := dockertest.Runner(t) // before the home moves
	if os.Getenv("INTERLOCK_CACHE") == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("INTERLOCK_CACHE", filepath.Join(cache, "interlock"))
	}
	all := newCanaries(seed)
	control := (&mint{Rand: rand.New(rand.NewPCG(seed, 0))}).make(ofControl, "plain") //nolint:gosec // to be repeated
	a := &aviary{
		T: t, all: all, planted: control, log: &tap{}, search: newSearch(append(slices.Clone(all), control)),
		found: map[string]*leak{}, looks: map[string]int{},
	}
	a.settle()
	a.furnishHost()
	a.script(*canarySessions)
	a.wire(fmt.Sprintf("model: {script: %q}\nsandbox: {runner: %q}", filepath.Join(a.world.dir, "script"), runner))
	return a
}

// settle makes the world: code, and state with sensitive values of before; then
// other values in the code, others in the world, and files that should not be there.
func (a *aviary) settle() {
	a.Helper()
	w, err := newDemoWorld(a.TempDir())
	if err != nil {
		a.Fatal(err)
	}
	a.world = w
	planned, remarks := of(a.all, ofPlan), of(a.all, ofRepo)[60:]
	old, now, phrases, drifted := planned[:10], planned[10:20], planned[20:26], planned[26:]
	before := peers(old, phrases, nil)
	a.commit(before)
	app := w.wired(a)
	if err := errors.Join(w.build(a.Context(), app, func(string) {}), app.close(), w.open("api"), os.RemoveAll(filepath.Join(w.dir, "data"))); err != nil {
		a.Fatal(err)
	}
	for i, c := range drifted {
		a.token(fmt.Sprint("token-", i), c.value)
	}
	a.files = leakedFiles(a.all)
	maps.Copy(a.files, peers(now, phrases, remarks))
	a.commit(a.files)
	for _, text := range slices.Concat(slices.Collect(maps.Values(before)), slices.Collect(maps.Values(a.files))) { // its history too
		for _, c := range a.all {
			c.inRepo = c.inRepo || strings.Contains(text, c.value)
		}
	}
}

// token changes one in the world, behind the code's back.
func (a *aviary) token(name, token string) {
	a.Helper()
	rule, err := a.world.rule(name)
	if err != nil {
		a.Fatal(err)
	}
	rule["token"] = token
	b, err := json.Marshal(rule)
	if err != nil {
		a.Fatal(err)
	}
	a.write(filepath.Join(a.world.world, name+".json"), string(b), 0o666)
}

func (a *aviary) commit(files map[string]string) {
	a.Helper()
	for name, text := range files {
		a.write(filepath.Join(a.world.repo, name), text, 0o644)
	}
	if err := a.world.commit("as the canaries have it"); err != nil {
		a.Fatal(err)
	}
}

func (a *aviary) write(path, text string, mode os.FileMode) {
	a.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), mode)
	}
	if err := errors.Join(err, os.Chmod(path, mode)); err != nil { // whatever the umask
		a.Fatal(err)
	}
}

// furnishHost puts canaries where a host has secrets: its environment, a home,
// the key of an organisation, the settings of the repository.
func (a *aviary) furnishHost() {
	a.Helper()
	for i, c := range of(a.all, ofHost) {
		name, value, ok := strings.Cut(c.text, "=")
		if !ok || strings.Contains(name, " ") || i >= 10 {
			name, value = fmt.Sprint("CANARY_", i), c.text
		}
		a.Setenv(name, value)
	}
	a.home = a.TempDir()
	a.Setenv("HOME", a.home)
	c := of(a.all, ofFiles)
	for i, name := range homeFiles {
		a.write(filepath.Join(a.home, name), texts(c[4*i:4*i+4]), 0o600)
	}
	f, err := os.OpenFile(filepath.Join(a.world.repo, ".git", "config"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = fmt.Fprintf(f, "[remote \"origin\"]\n\turl = https://bot:%s@git.example.com/infra.git\n", c[32].value)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		a.Fatal(err)
	}
}

var homeFiles = [...]string{
	".aws/credentials", ".netrc", ".ssh/id_rsa", ".kube/config", ".git-credentials", ".config/gcloud/key.json", ".npmrc", "notes.txt",
}

// wire builds the product on a configuration with secrets, and listens at its ends.
func (a *aviary) wire(more string) {
	a.Helper()
	c := of(a.all, ofConfig)
	a.Setenv("CANARY_ORG_KEY", c[0].value)
	a.Setenv("CANARY_REDIS", "redis://:"+c[1].value+"@127.0.0.1:6379/0")
	a.Setenv("INTERLOCK_MODEL_API_KEY", c[2].value)
	a.Setenv("INTERLOCK_SLACK_BOT_TOKEN", "xoxb-"+c[4].value)
	a.Setenv("INTERLOCK_SLACK_SIGNING_SECRET", c[4].value)
	a.Setenv("INTERLOCK_SLACK_APP_ID", "A0CANARY")
	a.Setenv("INTERLOCK_SLACK_API_URL", "http://127.0.0.1:1/")
	a.Setenv("INTERLOCK_TEAMS_APP_PASSWORD", c[5].value)
	a.Setenv("INTERLOCK_TEAMS_APP_ID", "11111111-2222-3333-4444-555555555555")
	a.Setenv("INTERLOCK_TEAMS_TENANT_ID", "66666666-7777-8888-9999-000000000000")
	for _, key := range []string{"OPENID_URL", "LOGIN_URL", "GRAPH_URL", "SERVICE_URLS"} {
		a.Setenv("INTERLOCK_TEAMS_"+key, "http://127.0.0.1:1/")
	}
	a.write(filepath.Join(a.world.dir, "fallback.key"), c[3].value+"\n", 0o600)
	old, err := os.ReadFile(a.world.config)
	if err != nil {
		a.Fatal(err)
	}
	b, err := merged(old, []byte(canaryConfig), []byte(more))
	if err != nil {
		a.Fatal(err)
	}
	a.write(a.world.config, string(b), 0o600)
	cfg, warnings, err := config.Load(a.world.config, os.Environ())
	if err != nil {
		a.Fatal(err)
	}
	a.write(filepath.Join(cfg.DataDir, "keys", "other.key"), of(a.all, ofFiles)[33].value, 0o600)
	log := slog.New(slog.NewJSONHandler(a.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	for _, w := range warnings {
		log.WarnContext(a.Context(), "configuration", "warning", w.String())
	}
	app, err := wire(a.Context(), cfg, log, options{})
	if err != nil {
		a.Fatal(err)
	}
	a.Cleanup(func() { _ = app.close() })
	a.app = app
	a.issue()
	a.app.runner.Model = overheard{a.app.runner.Model, a}
	a.app.out.Platforms["console"] = bugged{a.app.console, a}
}

const canaryConfig = `
log: {level: debug, format: json}
redis: {url: "env:CANARY_REDIS"}
model: {fallback: {provider: openai, name: other, api_key: "file:fallback.key"}}
sandbox: {shared_kernel: true, parallel: 4, disk: 128MiB}
orgs: {acme: {key: "env:CANARY_ORG_KEY"}, other: {}}
`

// issue makes secrets known, as whoever gives out credentials would, beside those
// that the wiring knows. They are looked for in the way in which the redactor looks
// the furthest.
func (a *aviary) issue() {
	a.Helper()
	var values []string
	for _, c := range of(a.all, ofIssue) {
		values = append(values, c.value)
	}
	issued, err := (&redact.Redactor{}).With(values...)
	if err != nil {
		a.Fatal(err)
	}
	wired, text := a.app.runner.Redact, issued.Text
	if all, ok := any(issued).(interface{ Through(string) string }); ok {
		text = all.Through
	}
	a.app.runner.Redact = func(s string) string { return wired(text(s)) }
}
