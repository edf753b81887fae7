package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"testing"

	"interlock/adapters/docker/dockertest"
	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/agent/tools/shell"
	"interlock/rbac"
)

// host runs Git on this machine.
func host(ctx context.Context, tb testing.TB, dir, script string) string {
	tb.Helper()
	c := osexec.CommandContext(ctx, "sh", "-ec", script)
	c.Dir = dir
	c.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org",
	}
	out, err := c.CombinedOutput()
	if err != nil {
		tb.Fatalf("%s: %v: %s", script, err, out)
	}
	return strings.TrimSpace(string(out))
}

// repos are stacks with a history, each a repository on this machine by its name.
type repos struct {
	testing.TB
	dirs map[string]string
}

func newRepos(tb testing.TB, names ...string) repos {
	tb.Helper()
	r := repos{tb, map[string]string{}}
	for _, name := range names {
		dir := tb.TempDir()
		host(tb.Context(), tb, dir, `git init -q -b master .; for i in 1 2 3; do echo "`+name+` $i" >>main.tf; git add main.tf; git commit -qm "commit $i"; done`)
		r.dirs[name] = dir
	}
	return r
}

func (r repos) Stack(_ context.Context, org, name string) (agent.Stack, error) {
	if r.dirs[name] == "" {
		return agent.Stack{}, agent.ErrNotFound
	}
	return agent.Stack{Org: org, Name: name, Environment: "prod"}, nil
}

func (r repos) Head(ctx context.Context, _, name string) (string, error) {
	return host(ctx, r, r.dirs[name], "git rev-parse HEAD"), nil
}

func (r repos) Files(ctx context.Context, _, name, commit string) (map[string][]byte, error) {
	return map[string][]byte{"main.tf": []byte(host(ctx, r, r.dirs[name], "git show "+commit+":main.tf") + "\n")}, nil
}

func (r repos) Reviewed(ctx context.Context, _, name, commit string) error {
	if len(commit) != 40 || strings.Contains(host(ctx, r, r.dirs[name], "git merge-base --is-ancestor "+commit+" HEAD || echo no"), "no") {
		return agent.ErrNotFound
	}
	return nil
}

// History is that of a clone.
func (r repos) History(ctx context.Context, _, name, commit string) (map[string][]byte, error) {
	dir := r.TempDir()
	host(ctx, r, dir, `git clone -q --no-hardlinks `+r.dirs[name]+` .; git checkout -q -B interlock/work `+commit+`
git remote remove origin; git branch -q -D master; rm -rf .git/hooks .git/logs .git/info
git config core.checkstat minimal; git config core.trustctime false; git config core.filemode false; git config user.name x; git config user.email x@localhost
touch -d @1000000000 main.tf; git update-index -q --refresh
git update-ref `+agent.BaseRef+` HEAD; mkdir .git/interlock; echo `+commit+` >.git/`+agent.BaseFile)
	files := map[string][]byte{}
	err := filepath.WalkDir(filepath.Join(dir, ".git"), func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(filepath.Join(dir, ".git"), p)
		files[name], err = os.ReadFile(p)
		return err
	})
	return files, err
}

// allowing lets everything happen.
type allowing struct{}

func (allowing) Decide(context.Context, rbac.Request) rbac.Decision {
	return rbac.Decision{Outcome: rbac.Allow}
}

func (allowing) May(context.Context, rbac.Actor, rbac.Verb, rbac.Request) rbac.Decision {
	return rbac.Decision{Outcome: rbac.Allow}
}
func (allowing) Missing(context.Context, rbac.Request, []rbac.Actor) []rbac.Need { return nil }

// working is one session that works in stacks.
type working struct {
	testing.TB
	store     *agenttest.Memory
	runner    *agent.Runner
	box       *Sandbox
	discarded []string
	n         int
}

func newWorking(tb testing.TB, r repos, o Options) *working {
	tb.Helper()
	o.Image = dockertest.GitImage(tb, testImage())
	w := &working{TB: tb, store: &agenttest.Memory{}, box: open(tb, o)}
	tools, err := agent.NewToolset(shell.Tool{Stacks: r})
	if err != nil {
		tb.Fatal(err)
	}
	w.runner = &agent.Runner{
		Control: &agent.Control{Store: w.store, Gate: allowing{}, Tools: tools}, Box: w.box, Artifacts: w.store,
		Patience: func(string) agent.Patience { return agent.Patience{} },
		Profile: func(string, string) agent.Profile {
			return agent.Profile{Budget: agent.Budget{Steps: 99, Calls: 99, Tokens: 99, Cost: 99, Wall: 1 << 50}}
		},
		Discard: func(_ context.Context, _, id string) error { w.discarded = append(w.discarded, id); return nil },
	}
	return w
}

// run is one run of one command, and what it said.
func (w *working) run(stack, command string) string {
	w.Helper()
	say := map[string]string{"stack": stack, "command": command}
	if stack == "" {
		delete(say, "stack")
	}
	args, err := json.Marshal(say)
	if err != nil {
		w.Fatal(err)
	}
	w.n++
	c := w.store.Claim(agent.Job{
		ID: fmt.Sprint("job", w.n), Org: "acme", Thread: agent.Thread{Platform: "console", Channel: "c", ID: "1"},
		Actor: rbac.Actor{Org: "acme", Platform: "person", ID: "alice"}, Text: "do it", Calls: []agent.ToolCall{{Tool: "shell", Args: args}},
	})
	if err := w.runner.Run(w.Context(), c); err != nil {
		w.Fatal(err)
	}
	for _, ev := range w.events() {
		if ev.Run == c.ID && ev.Kind == agent.KindResult {
			return ev.Payload.Result.Text
		}
	}
	w.Fatalf("no result of %q", command)
	return ""
}

func (w *working) events() []agent.Event {
	w.Helper()
	s, err := w.store.Open(w.Context(), "acme", agent.Thread{Platform: "console", Channel: "c", ID: "1"})
	if err != nil {
		w.Fatal(err)
	}
	return s.Events
}

// of are the events of a kind.
func (w *working) of(k agent.Kind) (all []agent.Event) {
	w.Helper()
	for _, ev := range w.events() {
		if ev.Kind == k {
			all = append(all, ev)
		}
	}
	return all
}

// lose takes the workspace away, as after a week.
func (w *working) lose() {
	w.Helper()
	w.box.mu.Lock()
	for _, r := range w.box.residents {
		r.end()
	}
	w.box.mu.Unlock()
	if _, err := w.box.Sweep(w.Context(), drop); err != nil {
		w.Fatal(err)
	}
}

func (w *working) want(got string, parts ...string) {
	w.Helper()
	for _, p := range parts {
		if !strings.Contains(got, p) {
			w.Errorf("%q is not in %q", p, got)
		}
	}
}

func TestHistoryInSandbox(t *testing.T) {
	t.Parallel()
	w := newWorking(t, newRepos(t, "web"), Options{})
	got := w.run("web", "git status --porcelain | wc -l; git log --format=%s; git blame -s main.tf; git diff --stat; echo more >>main.tf; git diff --stat")
	w.want(got, "0\ncommit 3\ncommit 2\ncommit 1\n", "3) web 3", "main.tf | 1 +")
	if got := w.run("web", "grep -rl commit . ; find . -type f"); strings.Contains(got, "pack") {
		t.Errorf("a search meets the history: %q", got)
	}
}

// What only was looked at is not put apart, and nothing runs for it.
func TestNothingIsKeptOfReading(t *testing.T) {
	t.Parallel()
	w := newWorking(t, newRepos(t, "web"), Options{})
	w.run("web", "cat main.tf")
	w.run("web", "sh -c true")
	if n := len(w.of(agent.KindKept)) + len(w.of(agent.KindNotice)); n != 0 {
		t.Errorf("%d events", n)
	}
}

func TestWorkSurvives(t *testing.T) {
	t.Parallel()
	r := newRepos(t, "web", "db")
	w := newWorking(t, r, Options{})
	w.run("web", "echo committed >>main.tf; git commit -qam mine; git branch other; git checkout -q other; echo x >o; git add o; git commit -qm two; git checkout -q interlock/work; echo edited >>main.tf; echo new >new.tf; printf 'ignored\n' >.gitignore; echo no >ignored")
	if got := w.run("web", "git log --all --format=%s"); strings.Contains(got, "refs/") {
		t.Errorf("what was put apart is in the history: %q", got)
	}
	w.run("db", "rm main.tf; echo db >other.tf")
	w.run("", "cd web; echo from above >>new.tf")
	kept := w.of(agent.KindKept)
	if len(kept) != 3 || len(w.discarded) != 1 || w.discarded[0] != kept[0].Payload.Kept.Artifact {
		t.Fatalf("kept %d times, discarded %v, %s", len(kept), w.discarded, notices(w))
	}
	host(t.Context(), t, r.dirs["web"], "echo later >>main.tf; git commit -qam later") // the stack moves on
	w.lose()
	got := w.run("web", "cat main.tf new.tf; git status --porcelain; git log --all --format=%s; ls -A; git symbolic-ref HEAD")
	w.want(got, "web 3\ncommitted\nedited\nnew\nfrom above\n", "mine", "two", "refs/heads/interlock/work", "was put back")
	if strings.Contains(got, "later") || strings.Contains(got, "\nignored\n") {
		t.Errorf("%q", got)
	}
	w.want(w.run("web", "git status --porcelain | sort | tr '\\n' ' '"), " M main.tf ?? .gitignore ?? new.tf")
	if got := w.run("web", "true"); strings.Contains(got, "put back") {
		t.Errorf("twice: %q", got)
	}
	w.want(w.run("db", "ls; cat other.tf; git status --porcelain"), "other.tf\ndb\n D main.tf\n?? other.tf", "was put back")
	if n := len(w.of(agent.KindKept)); n != 3 {
		t.Errorf("the same work was kept again: %d", n)
	}
	w.run("web", "git checkout -q -f -B interlock/work refs/interlock/base; git branch -D other; git clean -fdq")
	if kept := w.of(agent.KindKept); len(kept) != 4 || kept[3].Payload.Kept.Artifact != "" || len(w.discarded) != 2 {
		t.Errorf("what was taken back stays: %d, %v", len(kept), w.discarded)
	}
	w.lose()
	w.want(w.run("web", "cat main.tf"), "web 3\nlater")
}

// A run that ends at rest and is delivered again keeps what it made then.
func TestKeptAfterACrash(t *testing.T) {
	t.Parallel()
	w := newWorking(t, newRepos(t, "web"), Options{})
	w.store.Fail = agent.KindKept
	args := `{"stack":"web","command":"echo x >x"}`
	c := w.store.Claim(agent.Job{
		ID: "job", Org: "acme", Thread: agent.Thread{Platform: "console", Channel: "c", ID: "1"}, Text: "do it",
		Actor: rbac.Actor{Org: "acme", Platform: "person", ID: "alice"}, Calls: []agent.ToolCall{{Tool: "shell", Args: []byte(args)}},
	})
	if err := w.runner.Run(t.Context(), c); err == nil {
		t.Fatal("it did not fail")
	}
	w.store.Fail = ""
	if err := w.runner.Run(t.Context(), c); err != nil || len(w.of(agent.KindKept)) != 1 {
		t.Errorf("%v, kept %d times", err, len(w.of(agent.KindKept)))
	}
}

// What is too large, what Git cannot read and what has gone is said; nothing is lost
// of the run.
func TestWorkThatIsNotKept(t *testing.T) {
	t.Parallel()
	r := newRepos(t, "web")
	w := newWorking(t, r, Options{})
	w.run("web", "head -c 3000000 /dev/urandom >big")
	w.want(notices(w), "larger than an artifact may be")
	w.run("web", "head -c 80000000 /dev/urandom >big")
	w.want(notices(w), "more than 64 MiB")
	w.run("web", "rm big; rm -r ../.history/web/objects")
	w.want(notices(w), "Git could not read it")
	if n := len(w.of(agent.KindKept)); n != 0 {
		t.Errorf("kept %d times", n)
	}
}

func notices(w *working) (text string) {
	for _, ev := range w.of(agent.KindNotice) {
		text += ev.Payload.Text + "\n"
	}
	return text
}

// The session itself says what it stands on: a commit that nobody reviewed is not
// given, and what it claims about another stack is its own.
func TestWorkIsNotTrusted(t *testing.T) {
	t.Parallel()
	r := newRepos(t, "web", "db")
	side := host(t.Context(), t, r.dirs["web"], "git checkout -q -b side; echo secret >>main.tf; git commit -qam side; git rev-parse HEAD; git checkout -q master")
	w := newWorking(t, r, Options{})
	w.run("web", "echo edited >>main.tf; echo "+side+" >../.history/web/interlock/base; mkdir -p '../.history/a\nb/interlock' ../.history/../x; cp -r ../.history/web ../.history/db; cp -r . ../db")
	w.lose()
	got := w.run("web", "cat main.tf")
	w.want(got, "web 3", "is gone")
	if strings.Contains(got, "secret") {
		t.Errorf("%q", got)
	}
	got = w.run("db", "cat main.tf")
	if strings.Contains(got, "secret") || !strings.Contains(got, "db 3") {
		t.Errorf("%q", got)
	}
}

// A bundle that is none stays in its sandbox.
func TestHostileBundle(t *testing.T) {
	t.Parallel()
	w := newWorking(t, newRepos(t, "web"), Options{})
	w.run("web", "echo edited >>main.tf")
	k := w.of(agent.KindKept)
	if len(k) != 1 {
		t.Fatalf("kept %d times", len(k))
	}
	w.lose()
	w.runner.Artifacts = forged{w.store, k[0].Payload.Kept.Artifact}
	w.want(w.run("web", "cat main.tf"), "web 3", "could not be put back")
	if got := w.run("web", "echo newer >>main.tf; echo x >new"); strings.Contains(got, "put back") {
		t.Errorf("tried again: %q", got)
	}
	if kept := w.of(agent.KindKept); len(w.discarded) != 0 || len(kept) != 3 || kept[2].Payload.Kept.Artifact == "" {
		t.Errorf("newer work took the place of what was never put back: %v, kept %d times", w.discarded, len(kept))
	}
}

// A seed that no call was about is not put apart, whatever the workspace claims.
func TestMadeUpSeedsAreNotKept(t *testing.T) {
	t.Parallel()
	w := newWorking(t, newRepos(t, "web"), Options{})
	w.run("web", "echo x >x; for i in 1 2 3; do cp -r ../.history/web ../.history/a$i; cp -r . ../a$i; done")
	kept := w.of(agent.KindKept)
	if len(kept) != 1 || kept[0].Payload.Kept.Stack != "web" {
		t.Errorf("kept %d times", len(kept))
	}
}

type forged struct {
	agent.Artifacts
	id string
}

func (f forged) Artifact(ctx context.Context, org, id string) (agent.Artifact, error) {
	a, err := f.Artifacts.Artifact(ctx, org, id)
	if err == nil && id == f.id {
		a.Bytes = []byte("# v2 git bundle\n-0000000000000000000000000000000000000000\nabc refs/heads/../../x\n\nPACK")
	}
	return a, errors.Join(err)
}
