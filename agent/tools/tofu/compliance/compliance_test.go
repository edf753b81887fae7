package compliance

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"interlock/agent"
	"interlock/rbac"
)

// world is one stack, and a sandbox that answers as it is told.
type world struct {
	t     testing.TB
	stack agent.Stack
	files map[string][]byte
	exec  func(agent.Command) (agent.Output, error)
	ran   []agent.Command
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return &world{
		t: t, stack: agent.Stack{Org: "acme", Name: "web", Environment: "prod", Directory: "stacks/web", Image: "scanners:1", Scope: "cloud", Mounts: []agent.Mount{{From: "/host", To: "/world"}}},
		files: map[string][]byte{"stacks/web/main.tf": []byte("# code\n"), "stacks/web/.tflint.hcl": []byte("plugin_dir"), ".checkov.yaml": []byte("external-checks-dir"), "trivy.yaml": []byte("x")},
	}
}

func (w *world) Stack(_ context.Context, org, name string) (agent.Stack, error) {
	if org != "acme" || name != "web" {
		return agent.Stack{}, agent.ErrNotFound
	}
	return w.stack, nil
}

func (*world) Head(context.Context, string, string) (string, error) { return "c1", nil }

func (w *world) Files(context.Context, string, string, string) (map[string][]byte, error) {
	return w.files, nil
}

func (w *world) Exec(_ context.Context, c agent.Command) (agent.Output, error) {
	if err := c.Check(); err != nil {
		w.t.Error(err)
	}
	w.ran = append(w.ran, c)
	return w.exec(c)
}

func (*world) Collect(context.Context, agent.Command) (agent.Output, error) {
	return agent.Output{}, agent.ErrNotFound
}

func (*world) Image(context.Context, string) (string, error) { return "sha256:1", nil }

func (w *world) scan(scanner string) agent.ToolResult {
	w.t.Helper()
	res, err := w.call(map[string]string{"stack": "web", "scanner": scanner})
	if err != nil {
		w.t.Fatal(err)
	}
	if res.Label.Integrity != rbac.Foreign || res.Failed != (res.Scan == nil) {
		w.t.Errorf("result %+v", res)
	}
	return res
}

func (w *world) call(args map[string]string) (agent.ToolResult, error) {
	w.t.Helper()
	b, err := json.Marshal(args)
	if err != nil {
		w.t.Fatal(err)
	}
	return Tool{w}.Run(w.t.Context(), agent.Env{Org: "acme", Session: "s", Box: w, Tell: func(string) {}}, agent.ToolCall{ID: "1", Tool: name, Args: b})
}

// left is what the script leaves of a scanner that came to its end.
func left(code, report string) agent.Output {
	return agent.Output{Files: map[string][]byte{"out/began": []byte("began\n"), "out/code": []byte(code + "\n"), "out/report": []byte(report), "out/err": []byte("warning: x\n")}}
}

func recorded(t testing.TB, file string) string {
	t.Helper()
	b, err := os.ReadFile("../../../../testdata/compliance/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var update = flag.Bool("update", false, "write what was found into the golden file")

// Reports of every kind become findings, or a failure that says why.
func TestReports(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	for _, c := range []struct{ scanner, code, file string }{
		{"checkov", "1", "checkov.json"},
		{"checkov", "1", "checkov-list.json"},
		{"checkov", "0", "checkov-none.json"},
		{"checkov", "0", "checkov-unread.json"},
		{"trivy", "0", "trivy.json"},
		{"trivy", "0", "trivy-none.json"},
		{"trivy", "0", "trivy-unread.json"},
		{"tflint", "2", "tflint.json"},
		{"tflint", "0", "tflint-none.json"},
		{"tflint", "1", "tflint-errors.json"},
		{"tflint", "0", "tflint-errors.json"},
	} {
		w := newWorld(t)
		w.exec = func(agent.Command) (agent.Output, error) { return left(c.code, recorded(t, c.file)), nil }
		res := w.scan(c.scanner)
		fmt.Fprintf(&got, "== %s, code %s, failed %v\n%s\n", c.file, c.code, res.Failed, res.Text)
		if res.Scan == nil {
			continue
		}
		if s := res.Scan; s.Scanner != c.scanner || s.Stack != "web" || s.Environment != "prod" || s.Commit != "c1" {
			t.Errorf("%s: %+v", c.file, s)
		}
		for _, f := range res.Scan.New {
			if f.Org != "acme" || f.Scanner != c.scanner || len(f.Fingerprint) != 64 || f.Attribute != "" {
				t.Errorf("%s: %+v", c.file, f)
			}
		}
	}
	const golden = "../../../../testdata/compliance/told.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want := recorded(t, "told.golden"); got.String() != want {
		t.Errorf("told:\n%s\nwanted:\n%s", got.String(), want)
	}
}

// A scanner that is missing, failed or is not understood is told as that.
func TestNeverClean(t *testing.T) {
	t.Parallel()
	none := recorded(t, "tflint-none.json")
	truncated := left("0", none)
	truncated.Truncated = true
	stopped := left("0", none)
	stopped.Stopped = true
	for name, c := range map[string]struct {
		scanner string
		out     agent.Output
		want    string
	}{
		"known to be missing": {"checkov", agent.Output{Code: 127, Stderr: []byte("the image has no checkov")}, "the image has no checkov; name one that has it in stacks.NAME.image or in sandbox.image, see docs/images.md"},
		"not started":         {"tflint", agent.Output{Code: 1, Stderr: []byte("no such folder")}, "did not start it: no such folder"},
		"nothing at all":      {"tflint", agent.Output{}, "did not start it"},
		"stopped":             {"tflint", stopped, "stopped before it ended"},
		"too much":            {"tflint", truncated, "too large"},
		"no end":              {"tflint", left("", none), "not seen to end"},
		"its own error":       {"tflint", left("1", none), "failed with code 1: warning: x"},
		"wrong use":           {"checkov", left("2", "usage: checkov"), "failed with code 2"},
		"killed":              {"trivy", left("137", recorded(t, "trivy-none.json")), "failed with code 137"},
		"trivy told to fail":  {"trivy", left("1", recorded(t, "trivy.json")), "failed with code 1"},
		"empty":               {"trivy", left("0", ""), "cannot be read"},
		"no JSON":             {"checkov", left("0", "By Prisma Cloud"), "cannot be read"},
		"other JSON":          {"checkov", left("0", "{}"), "it holds no result"},
		"null":                {"tflint", left("0", "null"), "it holds no result"},
		"an empty list":       {"checkov", left("0", "[]"), "it holds no result"},
		"two values":          {"tflint", left("0", none+none), "something follows"},
		"another form":        {"trivy", left("0", `{"SchemaVersion": 3}`), "form 3 is not known"},
		"findings, code 0":    {"checkov", left("0", recorded(t, "checkov.json")), "which does not fit"},
		"no findings, code 1": {"checkov", left("1", recorded(t, "checkov-none.json")), "which does not fit"},
	} {
		w := newWorld(t)
		w.exec = func(agent.Command) (agent.Output, error) { return c.out, nil }
		if res := w.scan(c.scanner); !res.Failed || !strings.Contains(res.Text, c.want) {
			t.Errorf("%s: %+v", name, res)
		}
	}
	w := newWorld(t)
	w.exec = func(agent.Command) (agent.Output, error) { return agent.Output{}, errors.New("no engine") }
	if res, err := w.call(map[string]string{"stack": "web", "scanner": "trivy"}); err == nil {
		t.Errorf("a broken sandbox: %+v", res)
	}
	for _, args := range []map[string]string{{"stack": "db", "scanner": "trivy"}, {"stack": "web", "scanner": "nessus"}, {"stack": "web"}} {
		if res, err := w.call(args); err != nil || !res.Failed || len(w.ran) != 1 {
			t.Errorf("%v: %+v, %v", args, res, err)
		}
	}
}

// The command is fixed, sees code alone, and nothing of it comes from the repository.
func TestCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stack.VarFile = "eu.tfvars"
	w.exec = func(agent.Command) (agent.Output, error) { return left("0", recorded(t, "trivy-none.json")), nil }
	w.scan("trivy")
	c := w.ran[0]
	if c.In != agent.InFresh || c.Out || c.Scope != "" || len(c.Mounts) > 0 || c.Image != "scanners:1" || c.Needs[1] != "trivy" || c.Limit == 0 {
		t.Errorf("%+v", c)
	}
	if got := strings.Join(c.Argv[3:], " "); got != "run.sh trivy stacks/web eu.tfvars" || len(c.Files) != 2 || c.Files["src/stacks/web/main.tf"] == nil || c.Files["tflint.hcl"] == nil {
		t.Errorf("%q with %v", got, c.Files)
	}
	if act, err := (Tool{w}).Action(t.Context(), "acme", json.RawMessage(`{"stack": "web", "scanner": "trivy"}`)); err != nil || act.Tool != name || act.Stack != "web" || act.Environment != "prod" || act.Effect != rbac.Read {
		t.Errorf("action %+v, %v", act, err)
	}
}

// Code that cannot be read is no clean code: trivy would leave the file out, and end well.
func TestUnreadableCode(t *testing.T) {
	t.Parallel()
	for want, files := range map[string]map[string][]byte{
		`stacks/web/b.tf:1: Unclosed configuration block`: {"stacks/web/a.tf": nil, "stacks/web/b.tf": []byte("resource \"a\" \"b\" {\n")},
		`stacks/web/m/c.tofu:1:`:                          {"stacks/web/a.tf": nil, "stacks/web/m/c.tofu": []byte("= 1\n")},
		`there is no code in "stacks/web"`:                {"stacks/db/a.tf": nil, "stacks/web/readme.md": nil},
	} {
		w := newWorld(t)
		w.files = files
		if res := w.scan("trivy"); !res.Failed || res.Scan != nil || !strings.Contains(res.Text, want) || len(w.ran) > 0 {
			t.Errorf("%s: %+v", want, res)
		}
	}
	w := newWorld(t)
	w.files["stacks/db/a.tf"] = []byte("{{{") // another stack's
	w.exec = func(agent.Command) (agent.Output, error) { return left("0", recorded(t, "trivy-none.json")), nil }
	if res := w.scan("trivy"); res.Failed {
		t.Errorf("%+v", res)
	}
}

// The script itself, with a stand-in for the scanner.
func TestScript(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ scanner, want string }{
		{"checkov", "--directory . --framework terraform --output json --compact --quiet --skip-download --var-file eu.tfvars"},
		{"trivy", "config --format json --quiet --exit-code 0 --tf-vars eu.tfvars ."},
		{"tflint", "--config WORK/tflint.hcl --format json --no-color --var-file eu.tfvars"},
	} {
		work, bin := t.TempDir(), t.TempDir()
		text := strings.ReplaceAll(script, "/work", work)
		stub := "#!/bin/sh\necho \"$*\"; pwd; echo \"$TRIVY_OFFLINE_SCAN$TRIVY_SKIP_CHECK_UPDATE\" >&2; exit 7\n"
		err := errors.Join(os.MkdirAll(filepath.Join(work, "src/stacks/web"), 0o700), os.WriteFile(filepath.Join(bin, c.scanner), []byte(stub), 0o700))
		if err != nil {
			t.Fatal(err)
		}
		run := exec.CommandContext(t.Context(), "sh", "-c", text, "run.sh", c.scanner, "stacks/web", "eu.tfvars")
		run.Env = []string{"PATH=" + bin + ":/usr/bin:/bin"}
		if out, err := run.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		for file, want := range map[string]string{
			"began": "began\n", "code": "7\n", "err": "truetrue\n", "report": strings.ReplaceAll(c.want, "WORK", work) + "\n" + work + "/src/stacks/web\n",
		} {
			if b, err := os.ReadFile(filepath.Join(work, "out", file)); err != nil || string(b) != want {
				t.Errorf("%s: %s is %q, %v; want %q", c.scanner, file, b, err, want)
			}
		}
		run = exec.CommandContext(t.Context(), "sh", "-c", text, "run.sh", "absent-scanner", "stacks/web", "")
		var exit *exec.ExitError
		if err := run.Run(); !errors.As(err, &exit) || exit.ExitCode() != missing {
			t.Errorf("a missing scanner: %v", err)
		}
	}
}

// The same breach is one finding in the next scan, wherever its lines went.
func TestFingerprints(t *testing.T) {
	t.Parallel()
	a := args{Stack: "web", Scanner: "tflint"}
	one := breach{rule: "r", title: "t", file: "main.tf", line: 3, severity: "NOTICE"}
	moved, other, address := one, one, breach{rule: "r", resource: "a.b", title: "t", file: "main.tf", severity: "High"}
	moved.line, other.title = 30, "t2"
	got := findings("acme", a, "stacks/web", []breach{one, moved, other, address, address})
	if len(got) != 3 || got[0].Resource != "a.b" || got[1].Resource != "stacks/web/main.tf:3" || got[1].Severity != "notice" {
		t.Fatalf("%+v", got)
	}
	again := findings("acme", a, "stacks/web", []breach{moved})
	if again[0].Fingerprint != got[1].Fingerprint && again[0].Fingerprint != got[2].Fingerprint {
		t.Error("a moved line is another finding")
	}
	if elsewhere := findings("acme", args{Stack: "db", Scanner: "tflint"}, "stacks/web", []breach{moved}); elsewhere[0].Fingerprint == again[0].Fingerprint {
		t.Error("two stacks share a finding")
	}
	odd := findings("acme", a, ".", []breach{{rule: "r\x1b[31m\nx", title: strings.Repeat("long ", 200), resource: "\u202e"}})[0]
	if odd.Rule != "r[31m x" || len(odd.Title) > titleLimit+3 || odd.Resource != ".:0" {
		t.Errorf("%+v", odd)
	}
}

// Whatever a scanner prints, it is findings or an error.
func FuzzReports(f *testing.F) {
	for _, file := range []string{"checkov.json", "checkov-list.json", "checkov-unread.json", "trivy.json", "tflint.json", "tflint-errors.json"} {
		f.Add([]byte(recorded(f, file)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for name, s := range scanners {
			found, err := s.read(b)
			if err != nil && len(found) > 0 {
				t.Errorf("%s: an error and %d findings", name, len(found))
			}
			for _, g := range findings("acme", args{Stack: "web", Scanner: name}, ".", found) {
				if g.Resource == "" || strings.ContainsAny(g.Rule+g.Title+g.Severity+g.Resource, "\n\x1b") {
					t.Errorf("%s: %+v", name, g)
				}
			}
		}
	})
}
