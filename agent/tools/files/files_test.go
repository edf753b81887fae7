package files_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"interlock/agent"
	"interlock/agent/tools/files"
	"interlock/agent/tools/files/list"
	"interlock/agent/tools/files/read"
	"interlock/agent/tools/files/search"
	"interlock/agent/tools/files/write"
	"interlock/rbac"
)

// stacks has one stack, "web", of the Org "acme".
type stacks struct{}

func (stacks) Stack(_ context.Context, org, name string) (agent.Stack, error) {
	if org != "acme" || name != "web" {
		return agent.Stack{}, fmt.Errorf("stack %q: %w", name, agent.ErrNotFound)
	}
	return agent.Stack{Org: org, Name: name, Environment: "prod"}, nil
}

func (stacks) Head(context.Context, string, string) (string, error) { return "c0ffee", nil }

func (stacks) Files(_ context.Context, _, _, commit string) (map[string][]byte, error) {
	return map[string][]byte{
		"main.tf":       []byte("resource \"x\" \"y\" {\n  a = 1\n}\n"),
		"-rf":           []byte("dash\n"),
		"mod/a/main.tf": []byte("variable \"a.b\" {}\n"), "empty.tf": nil, "bin": {0, 1, 2}, "commit": []byte(commit),
	}, nil
}

// box records Commands. With a folder it seeds that and runs them there, where
// /work would be; otherwise it answers out and err.
type box struct {
	dir  string
	out  agent.Output
	err  error
	seen []agent.Command
}

func (b *box) Collect(context.Context, agent.Command) (agent.Output, error) {
	return agent.Output{}, agent.ErrNotFound
}
func (b *box) Image(context.Context, string) (string, error) { return "", agent.ErrNotFound }

func (b *box) Exec(ctx context.Context, c agent.Command) (agent.Output, error) {
	b.seen = append(b.seen, c)
	if err := c.Check(); err != nil || b.dir == "" {
		return b.out, errors.Join(err, b.err)
	}
	dir := filepath.Join(b.dir, c.Dir)
	if _, err := os.Stat(dir); err != nil {
		if err := seed(dir, c.Seed); err != nil {
			return agent.Output{}, err
		}
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, bytes.NewReader(c.Stdin), &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		return agent.Output{}, err
	}
	return agent.Output{Code: cmd.ProcessState.ExitCode(), Stdout: stdout.Bytes(), Stderr: stderr.Bytes()}, nil
}

func seed(dir string, s *agent.Seed) error {
	all, err := s.Files()
	for name, content := range all {
		name = filepath.Join(dir, name)
		err = errors.Join(err, os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, content, 0o600))
	}
	return err
}

func tools() map[string]agent.Tool {
	s := stacks{}
	return map[string]agent.Tool{"list_files": list.Tool{Stacks: s}, "read_file": read.Tool{Stacks: s}, "search_files": search.Tool{Stacks: s}, "write_file": write.Tool{Stacks: s}}
}

func run(t *testing.T, b *box, tool, args string) agent.ToolResult {
	t.Helper()
	env := agent.Env{Org: "acme", Session: "s1", Box: b}
	r, err := tools()[tool].Run(t.Context(), env, agent.ToolCall{ID: "c1", Tool: tool, Args: json.RawMessage(args)})
	if err != nil {
		t.Fatal(err)
	}
	if want := (rbac.Label{Integrity: rbac.Trusted, Confidentiality: rbac.Internal}); !reflect.DeepEqual(r.Label, want) {
		t.Errorf("%s %s: label %+v", tool, args, r.Label)
	}
	return r
}

func TestActions(t *testing.T) {
	t.Parallel()
	for name, tool := range tools() {
		want := rbac.Action{Tool: name, Stack: "web", Environment: "prod", Effect: rbac.Read}
		if name == "write_file" {
			want.Effect = rbac.Edit
		}
		args := json.RawMessage(`{"stack": "web", "path": "main.tf", "pattern": "x", "content": ""}`)
		if got, err := tool.Action(t.Context(), "acme", args); err != nil || !reflect.DeepEqual(got, want) || tool.Spec().Name != name {
			t.Errorf("%s: %+v %v", name, got, err)
		}
		if _, err := tool.Action(t.Context(), "other", args); err == nil || !strings.Contains(err.Error(), "there is no stack") {
			t.Errorf("%s of another Org: %v", name, err)
		}
		for _, p := range []string{"../x", "a/../../x", "/etc/passwd", "a\u0000b", "a\nb", "x/.."} {
			raw, _ := json.Marshal(map[string]string{"stack": "web", "path": p, "pattern": "x"})
			if _, err := tool.Action(t.Context(), "acme", raw); err == nil {
				t.Errorf("%s takes %q", name, p)
			}
			b := &box{}
			if r := run(t, b, name, string(raw)); !r.Failed || len(b.seen) > 0 {
				t.Errorf("%s runs for %q", name, p)
			}
		}
	}
}

// Every command is for the session's container, with an argument vector in
// which no argument of the model is part of a script.
func TestCommands(t *testing.T) {
	t.Parallel()
	for tool, args := range map[string]string{
		"list_files": `{"stack": "web", "path": "$(x)"}`, "read_file": `{"stack": "web", "path": "$(x)"}`,
		"search_files": `{"stack": "web", "path": "$(x)", "pattern": "-e"}`, "write_file": `{"stack": "web", "path": "$(x)", "content": "x"}`,
	} {
		b := &box{}
		run(t, b, tool, args)
		c := b.seen[0]
		if c.Org != "acme" || c.Session != "s1" || c.Call != "c1" || c.In != agent.InSession || c.Dir != "web" || c.Seed.Dir != "web" || c.Scope != "" {
			t.Errorf("%s: %+v", tool, c)
		}
		for i, word := range c.Argv {
			if strings.Contains(word, "$(x)") && (word != "./$(x)" || c.Argv[i-1] == "-c") {
				t.Errorf("%s: %q", tool, c.Argv)
			}
		}
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	b := &box{dir: t.TempDir()}
	many := strings.Repeat("line\n", 900)
	for _, c := range []struct {
		tool, args, want string
		failed           bool
	}{
		{"list_files", `{"stack": "web"}`, "-rf\nbin\ncommit\nempty.tf\nmain.tf\nmod/\nmod/a/\nmod/a/main.tf", false},
		{"list_files", `{"stack": "web", "depth": 1}`, "-rf\nbin\ncommit\nempty.tf\nmain.tf\nmod/", false},
		{"list_files", `{"stack": "web", "path": "none"}`, "not done: ", true},
		{"read_file", `{"stack": "web", "path": "main.tf", "from": 2, "lines": 1}`, "  a = 1\n(cut: lines 2 to 2; read on with \"from\": 3)", false},
		{"read_file", `{"stack": "web", "path": "commit"}`, "c0ffee", false},
		{"read_file", `{"stack": "web", "path": "-rf"}`, "dash\n", false},
		{"read_file", `{"stack": "web", "path": "main.tf", "from": 9}`, "(the file has fewer than 9 lines)", false},
		{"read_file", `{"stack": "web", "path": "empty.tf"}`, "(empty)", false},
		{"read_file", `{"stack": "web", "path": "bin"}`, "(not a text file)", false},
		{"read_file", `{"stack": "web", "path": "none"}`, "not done: ", true},
		{"search_files", `{"stack": "web", "pattern": "a.b"}`, "mod/a/main.tf:1:variable \"a.b\" {}", false},
		{"search_files", `{"stack": "web", "pattern": "a = [0-9]", "regex": true}`, "main.tf:2:  a = 1", false},
		{"search_files", `{"stack": "web", "pattern": "a = [0-9]"}`, "nothing matches", false},
		{"search_files", `{"stack": "web", "pattern": "-v"}`, "nothing matches", false},
		{"search_files", `{"stack": "web", "pattern": "DASH", "ignore_case": true, "path": "-rf"}`, "-rf:1:dash", false},
		{"search_files", `{"stack": "web", "pattern": "(", "regex": true}`, "not done: ", true},
		{"write_file", `{"stack": "web", "path": "new/-x.tf", "content": "1\n"}`, "wrote new/-x.tf (2 bytes)", false},
		{"write_file", `{"stack": "web", "path": "new/-x.tf", "content": "2\n"}`, "wrote new/-x.tf (2 bytes)", false},
		{"read_file", `{"stack": "web", "path": "new/-x.tf"}`, "2\n", false},
		{"list_files", `{"stack": "web", "path": "new"}`, "new/-x.tf", false},
		{"write_file", `{"stack": "web", "path": "mod", "content": ""}`, "not done: ./mod is a folder", true},
		{"write_file", `{"stack": "web", "path": "many", "content": ` + fmt.Sprintf("%q", many) + `}`, "wrote many", false},
		{"search_files", `{"stack": "web", "pattern": "line", "path": "many"}`, "(cut: 700 more; ", false},
		{"read_file", `{"stack": "web", "path": "many"}`, "(cut: lines 1 to 400; ", false},
		{"read_file", `{"stack": "none", "path": "x"}`, `there is no stack "none"`, true},
	} {
		r := run(t, b, c.tool, c.args)
		got := r.Text
		cut := strings.HasPrefix(c.want, "not done: ") && strings.HasPrefix(got, c.want) || strings.HasPrefix(c.want, "(cut: ") && strings.Contains(got, c.want) || strings.HasPrefix(c.want, "wrote many")
		if got != c.want && !cut || r.Failed != c.failed {
			t.Errorf("%s %.80s: %q (failed %v), want %q", c.tool, c.args, got, r.Failed, c.want)
		}
	}
}

// An answer is cut by the tool, at whole lines, and stays below what the agent
// would cut in the middle; what it says of reading on comes to the end.
func TestSizes(t *testing.T) {
	t.Parallel()
	var long strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&long, "%s line %d\n", strings.Repeat("x", 200), i+1)
	}
	b := &box{dir: t.TempDir()}
	put := func(name, content string) {
		raw, _ := json.Marshal(map[string]string{"stack": "web", "path": name, "content": content})
		run(t, b, "write_file", string(raw))
	}
	put("long", long.String())
	put("wide", "a\n"+strings.Repeat("\u00e9", 10_000)+"\nz\n")
	for i := range 90 {
		put(fmt.Sprintf("many/%s%03d", strings.Repeat("n", 200), i), "")
	}
	for args, tool := range map[string]string{`{"stack": "web", "path": "many"}`: "list_files", `{"stack": "web", "path": "long", "pattern": "line"}`: "search_files", `{"stack": "web", "path": "long"}`: "read_file"} {
		if r := run(t, b, tool, args); len(r.Text) > 16<<10 || len(r.Text) < 14<<10 || !strings.Contains(r.Text, "\n(cut: ") {
			t.Errorf("%s: %d bytes, ends %q", tool, len(r.Text), r.Text[len(r.Text)-80:])
		}
	}
	var got strings.Builder
	for from, more := 1, true; more; {
		var text string
		text, more = run(t, b, "read_file", fmt.Sprintf(`{"stack": "web", "path": "long", "from": %d}`, from)).Text, false
		if at := strings.LastIndex(text, "(cut: lines "); at >= 0 {
			if _, err := fmt.Sscanf(text[strings.LastIndex(text, ":")+1:], "%d)", &from); err != nil {
				t.Fatal(err)
			}
			text, more = text[:at], true
		}
		got.WriteString(text)
	}
	if got.String() != long.String() {
		t.Errorf("read %d bytes of %d", got.Len(), long.Len())
	}
	text := run(t, b, "read_file", `{"stack": "web", "path": "wide", "from": 2}`).Text
	if !strings.HasSuffix(text, "\u00e9\n(line 2 is cut: it is longer than 15360 bytes)\n(cut: lines 2 to 2; read on with \"from\": 3)") {
		t.Errorf("a wide line ends %q", text[len(text)-120:])
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	for _, p := range []string{".git/config", "a/.GIT/hooks/x", ".terraform/x", "terraform.tfstate", "a/x.tfstate", "x.tfstate.backup", "a/", ".", "./.git/x", ".terraform"} {
		raw, _ := json.Marshal(map[string]string{"stack": "web", "path": p, "content": "x"})
		b := &box{}
		if _, err := (write.Tool{Stacks: stacks{}}).Action(t.Context(), "acme", raw); err == nil || !run(t, b, "write_file", string(raw)).Failed || len(b.seen) > 0 {
			t.Errorf("%q is written", p)
		}
	}
}

func TestEnds(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"list_files", "read_file", "search_files", "write_file"} {
		args := `{"stack": "web", "path": "x", "pattern": "x"}`
		if r := run(t, &box{out: agent.Output{Stopped: true, Code: 137}}, tool, args); !r.Failed || !strings.Contains(r.Text, "stopped") {
			t.Errorf("%s stopped: %+v", tool, r)
		}
		lost := errors.New("engine is gone")
		_, err := tools()[tool].Run(t.Context(), agent.Env{Org: "acme", Session: "s", Box: &box{err: lost}}, agent.ToolCall{ID: "c", Args: json.RawMessage(args)})
		if !errors.Is(err, lost) {
			t.Errorf("%s: %v", tool, err)
		}
		if tool != "write_file" {
			if r := run(t, &box{out: agent.Output{Stdout: []byte("./x\n"), Truncated: true}}, tool, args); !strings.Contains(r.Text, "(cut:") {
				t.Errorf("%s cut: %+v", tool, r)
			}
		}
	}
}

// What a path becomes stays below the repository and is never an option.
func FuzzClean(f *testing.F) {
	for _, p := range []string{"", ".", "a/b", "../x", "-rf", "a//b/./c", "/x", "~", "a/..b"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		c, err := files.Clean(p)
		if err == nil && (c != "." && !strings.HasPrefix(c, "./") || c != "." && !filepath.IsLocal(c) || strings.ContainsRune(c, 0)) {
			t.Fatalf("%q becomes %q", p, c)
		}
	})
}
