package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"interlock/config"
)

// interlock runs the command line in this process.
func interlock(ctx context.Context, stdin string, args ...string) (code int, out string) {
	var b bytes.Buffer
	c := command() //nolint:contextcheck // cobra carries it to the subcommand
	c.SetArgs(args)
	c.SetIn(strings.NewReader(stdin))
	c.SetOut(&b)
	err := c.ExecuteContext(ctx)
	if err != nil {
		b.WriteString(err.Error())
	}
	return exit(err), b.String()
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	broken := write("broken.yaml", "orgs: {acme: {stacks: {web: {path: nowhere, environment: prdo}}}}\nnonsense: 1\n")
	empty := write("empty.yaml", "data_dir: "+filepath.Join(dir, "none")+"\n")
	notYAML := write("not.yaml", "a: [1\n")
	notPlan := write("state.json", `{"format_version":"1.0","values":{}}`)
	plan := filepath.Join("testdata", "tfplan", "hashicorp", "basic__plan.json")
	for name, c := range map[string]struct {
		stdin string
		args  []string
		code  int
		want  string
	}{
		"version":             {"", []string{"version"}, 0, "interlock dev"},
		"unknown command":     {"", []string{"nonsense"}, 2, "nonsense"},
		"unknown flag":        {"", []string{"scan", "--nonsense"}, 2, "nonsense"},
		"broken config":       {"", []string{"doctor", "--config", broken}, 2, "nonsense"},
		"all at once":         {"", []string{"doctor", "--config", broken}, 2, "prdo"},
		"not YAML":            {"", []string{"doctor", "--config", notYAML}, 2, "not.yaml:"},
		"no file":             {"", []string{"doctor", "--config", filepath.Join(dir, "none.yaml")}, 2, "none.yaml"},
		"explain one command": {``, []string{"explain", "command", "rm -rf /"}, 0, `{"effect":"`},
		"explain command":     {`{"command":"ls -l"}`, []string{"explain", "command"}, 0, `{"effect":"read","reasons":[`},
		"explain not JSON":    {"ls", []string{"explain", "command"}, 2, "line 1"},
		"explain plan":        {"", []string{"explain", "plan", plan}, 0, `"create":7`},
		"explain no plan":     {"", []string{"explain", "plan", notPlan}, 2, "state.json"},
		"explain cron":        {"", []string{"explain", "cron", "0 6 * * 1", "--after", "2026-11-24T00:00:00Z", "--count", "1"}, 0, `{"next":["2026-11-30T06:00:00Z"]}`},
		"explain panic cron":  {"", []string{"explain", "cron", "TZ=0"}, 2, "time zone"},
		"explain never":       {"", []string{"explain", "cron", "0 0 30 2 *"}, 2, "never"},
		"init nowhere":        {"", []string{"init", filepath.Join(dir, "nowhere")}, 2, "nowhere is no folder"},
		"verify nothing":      {"", []string{"audit", "verify", "--config", empty}, 3, "there is no trail in"},
		"init without code":   {"", []string{"init", t.TempDir()}, 2, "no stack"},
		"other role":          {"", []string{"serve", "--role", "worker"}, 2, "worker"},
		"not the demo's":      {"", []string{"demo", "--dir", dir}, 3, "not a folder of the demo"},
	} {
		code, out := interlock(t.Context(), c.stdin, c.args...)
		if code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("%s: exit %d, want %d with %q: %s", name, code, c.code, c.want, out)
		}
	}
}

// From the terminal: a scan that finds drift, one that finds none, and the trail.
func TestScanAndAudit(t *testing.T) {
	t.Parallel()
	w := newKilledWorld(t)
	code, out := interlock(t.Context(), "", "scan", demoStack, "--json", "--config", w.config)
	var s struct {
		New []struct{ Resource, Attribute, Code, Real string }
	}
	if err := json.Unmarshal([]byte(strings.SplitN(out, "\n", 2)[0]), &s); err != nil || code != exitFound || len(s.New) != 1 || s.New[0].Real != "0.0.0.0/0" {
		t.Fatalf("exit %d: %v: %s", code, err, out)
	}
	const told = "wren-harbour-quartz-17" // a secret of the configuration, which the code tells too
	scope := filepath.Join(w.dir, "scope")
	if err := os.WriteFile(scope, []byte(told), 0o600); err != nil {
		t.Fatal(err)
	}
	edit(t, w.config, "  acme:\n", "  acme:\n    scopes: {forge: {file: "+scope+"}}\n")
	if code, out := interlock(t.Context(), "", "scan", "nonsense", "--config", w.config); code != exitUse {
		t.Errorf("an unknown stack: exit %d: %s", code, out)
	}
	if err := os.WriteFile(filepath.Join(w.repo, "stacks", demoStack, "broken-"+told+".tf"), []byte("resource {"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.commit("break it"); err != nil {
		t.Fatal(err)
	}
	code, out = interlock(t.Context(), "", "scan", demoStack, "--config", w.config)
	if code != exitFailed || !strings.Contains(out, "was not scanned") || !strings.Contains(out, "/broken-") || strings.Contains(out, told) {
		t.Errorf("broken code: exit %d: %s", code, out)
	}
	if n := containers(t, filepath.Join(w.dir, "data")); n != 0 {
		t.Errorf("%d containers are left", n)
	}
	code, out = interlock(t.Context(), "", "audit", "verify", "--config", w.config)
	if code != 0 || !strings.Contains(out, "the trail holds") {
		t.Errorf("audit: exit %d: %s", code, out)
	}
	code, out = interlock(t.Context(), "", "doctor", "--config", w.config)
	if code != exitFound || !strings.Contains(out, "WRONG  approvers") || strings.Count(out, "WRONG") != 1 {
		t.Errorf("doctor: exit %d: %s", code, out)
	}
}

func TestInitFindsStacks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"live/web/main.tf":        "terraform {\n  backend \"local\" {}\n}\n",
		"live/db/main.tf":         "provider \"x\" {}\n",
		"modules/net/main.tf":     "provider \"x\" {}\n",
		"shared/main.tf":          "variable \"a\" {}\n",
		".terraform/skip/main.tf": "provider \"x\" {}\n",
	} {
		p := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	code, out := interlock(t.Context(), "", "init", dir, "--no-scan")
	if code != 0 || !strings.Contains(out, "2 stack(s)") || !strings.Contains(out, "Next: interlock serve") {
		t.Fatalf("exit %d: %s", code, out)
	}
	cfg, _, err := config.Load(filepath.Join(dir, "interlock.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	o := cfg.Orgs["default"]
	if len(o.Stacks) != 2 || o.Stacks["web"].Directory != "live/web" || o.Environments["main"].Tier != "observe" || len(o.Schedules) != 2 {
		t.Errorf("%+v", o)
	}
	if code, out := interlock(t.Context(), "", "init", dir); code != exitUse || !strings.Contains(out, "there already") {
		t.Errorf("a second init: exit %d: %s", code, out)
	}
}

// The one-time code makes the first person admin, once, and the page is theirs.
func TestServeMakesTheFirstAdmin(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "interlock.yaml")
	conf := "data_dir: data\nhttp: {addr: \"127.0.0.1:0\"}\nlog: {level: error}\norgs: {acme: {channels: {\"console:ops\": {tier: observe}}}}\n"
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	out := &lines{came: make(chan string, 16)}
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, file, "all", out) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	said := regexp.MustCompile(`http://(\S+)/login the code (\S+) makes`).FindStringSubmatch(out.wait(t) + out.wait(t))
	if said == nil {
		t.Fatal("no code was printed")
	}
	v, err := newVisitor("x", "http://"+said[1])
	if err != nil {
		t.Fatal(err)
	}
	enter := func(code string) (*html.Node, error) {
		n, err := v.page(ctx, "/login")
		if err != nil {
			return nil, err
		}
		form := first(n, func(n *html.Node) bool { return n.DataAtom == atom.Form })
		if form == nil {
			return nil, errors.New("no form")
		}
		return v.send(ctx, form, url.Values{"code": {code}, "name": {"Dora Example"}})
	}
	if _, err := enter("wrong"); err == nil {
		t.Error("a wrong code was taken")
	}
	n, err := enter(said[2])
	if err != nil || !strings.Contains(text(n), "Dora Example") || !strings.Contains(text(n), "admin") {
		t.Fatalf("%v: %s", err, text(n))
	}
	w, err := newVisitor("y", "http://"+said[1])
	if err != nil {
		t.Fatal(err)
	}
	v = w
	if _, err := enter(said[2]); err == nil {
		t.Error("the code was taken twice")
	}
}

// lines hands out what is printed, a write at a time.
type lines struct{ came chan string }

func (l *lines) Write(p []byte) (int, error) {
	l.came <- string(p)
	return len(p), nil
}

func (l *lines) wait(t *testing.T) string {
	t.Helper()
	select {
	case s := <-l.came:
		return s
	case <-time.After(time.Minute):
		t.Fatal("nothing was printed")
		return ""
	}
}
