package git_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"interlock/adapters/git"
	"interlock/agent"
	"interlock/config"
)

// laid writes a seed as a sandbox does: what is Git's has the time of now, all else
// that of seeds.
func laid(t testing.TB, s agent.Stacks, commit string) string {
	t.Helper()
	all, err := agent.Code(t.Context(), s, "acme", "web", commit).Files()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, b := range all {
		p := filepath.Join(dir, name)
		err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o700), os.WriteFile(p, b, 0o600))
		if !strings.HasPrefix(name, ".git/") {
			err = errors.Join(err, os.Chtimes(p, agent.SownAt(), agent.SownAt()))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// real is Git itself, with no settings but those of the folder.
func real(t testing.TB, dir string, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), "git", args...)
	c.Dir = dir
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GIT_CONFIG_NOSYSTEM=1", "TZ=UTC"}
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// grown is a repository with a few commits, packed by Git itself, so that there are
// differences to copy.
func grown(t testing.TB, commits int) (r *gogit.Repository, dir string) {
	t.Helper()
	r, dir = repository(t)
	text := ""
	for i := range commits {
		text += strings.Repeat(fmt.Sprintf("line %d of the file\n", i), 20)
		commit(t, r, dir, map[string]string{"main.tf": text, fmt.Sprintf("mod/a%d/b.tf", i%7): text[len(text)/2:]})
	}
	real(t, dir, "repack", "-q", "-a", "-d", "-f")
	r, err := gogit.PlainOpen(dir) // it must see the new pack
	if err != nil {
		t.Fatal(err)
	}
	return r, dir
}

func TestHistory(t *testing.T) {
	t.Parallel()
	r, dir := grown(t, 20)
	commit(t, r, dir, map[string]string{"loose.tf": "not packed"})
	want := real(t, dir, "log", "--format=%H %an %s", "--stat")
	blame := real(t, dir, "blame", "main.tf")
	ws := laid(t, source(config.Stack{Repository: dir}), "")
	real(t, ws, "fsck", "--strict", "--full")
	if got := real(t, ws, "status", "--porcelain"); got != "" {
		t.Errorf("status: %s", got)
	}
	if got := real(t, ws, "log", "--format=%H %an %s", "--stat"); got != want {
		t.Errorf("log:\n%s\nwanted:\n%s", got, want)
	}
	if got := real(t, ws, "blame", "main.tf"); got != blame {
		t.Errorf("blame:\n%s\nwanted:\n%s", got, blame)
	}
	if got := real(t, ws, "symbolic-ref", "HEAD"); got != "refs/heads/interlock/work" {
		t.Errorf("on %s", got)
	}
	if got := real(t, ws, "rev-parse", "refs/interlock/base"); got != real(t, dir, "rev-parse", "HEAD") {
		t.Errorf("base %s", got)
	}
	write(t, ws, map[string]string{"main.tf": "edited"})
	if got := real(t, ws, "status", "--porcelain"); got != "M main.tf" {
		t.Errorf("status after an edit: %q", got)
	}
	real(t, ws, "commit", "-qam", "mine")
	if got := real(t, ws, "log", "-1", "--format=%an %ae"); got != "Interlock interlock@localhost" {
		t.Errorf("author %s", got)
	}
}

// A clean status must not need to read a file: one that changes without any sign is
// taken for the old one.
func TestStatusReadsNothing(t *testing.T) {
	t.Parallel()
	_, dir := grown(t, 2)
	ws := laid(t, source(config.Stack{Repository: dir}), "")
	file := filepath.Join(ws, "main.tf")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1
	if err := errors.Join(os.WriteFile(file, b, 0o600), os.Chtimes(file, agent.SownAt(), agent.SownAt())); err != nil {
		t.Fatal(err)
	}
	if got := real(t, ws, "status", "--porcelain"); got != "" {
		t.Errorf("it was read: %s", got)
	}
}

// What a repository is set to do stays where it is.
func TestHistoryTakesNoSettings(t *testing.T) {
	t.Parallel()
	_, dir := grown(t, 2)
	mark := filepath.Join(t.TempDir(), "ran")
	write(t, filepath.Join(dir, ".git"), map[string]string{
		"hooks/post-checkout": "#!/bin/sh\ntouch " + mark, "hooks/pre-commit": "#!/bin/sh\ntouch " + mark, "info/attributes": "* filter=x\n",
		"config": "[core]\nrepositoryformatversion = 0\nfsmonitor = touch " + mark + "\n[remote \"origin\"]\nurl = https://user:secret@example.org/x\n[filter \"x\"]\nclean = touch " + mark + "\n",
	})
	files, err := agent.Code(t.Context(), source(config.Stack{Repository: dir}), "acme", "web", "").Files()
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range files {
		if strings.Contains(name, "hooks") || strings.Contains(name, "info/") || strings.Contains(string(b), "secret") || strings.Contains(string(b), mark) {
			t.Errorf("%s was taken over", name)
		}
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("it ran")
	}
}

// A history that is too long is cut between commits, and Git knows where.
func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	_, dir := grown(t, 60)
	for _, most := range []int64{1, 5_000, 10_000, 20_000} {
		files, err := git.HistoryWithin(t.Context(), source(config.Stack{Repository: dir}), dir, real(t, dir, "rev-parse", "HEAD"), most)
		if err != nil {
			t.Fatal(err)
		}
		ws := t.TempDir()
		for name, b := range files {
			write(t, ws, map[string]string{filepath.Join(".git", name): string(b)})
		}
		real(t, ws, "fsck", "--full")
		n := len(strings.Split(real(t, ws, "log", "--format=%H"), "\n"))
		if files["shallow"] == nil || n >= 60 || n < 1 || most > 1_000 && n < 2 {
			t.Errorf("%d bytes: %d commits", most, n)
		}
		t.Log(most, n, packSize(files))
		if size := int64(packSize(files)); size > most && n > 1 {
			t.Errorf("%d bytes: %d were written", most, size)
		}
		real(t, ws, "reset", "-q", "--hard")
		real(t, ws, "blame", "main.tf")
	}
}

func packSize(files map[string][]byte) (n int) {
	for name, b := range files {
		if strings.HasSuffix(name, ".pack") {
			n += len(b)
		}
	}
	return n
}

// Merges, names of branches and two packs that tell each other's objects by their own
// must come out whole.
func TestHistoryOfMerges(t *testing.T) {
	t.Parallel()
	r, dir := grown(t, 12)
	head, err := r.Head()
	if err != nil {
		t.Fatal(err)
	}
	real(t, dir, "config", "user.name", "a")
	real(t, dir, "config", "user.email", "a@example.org")
	real(t, dir, "checkout", "-q", "-b", "side", head.Hash().String()+"~5")
	commit(t, r, dir, map[string]string{"side.tf": strings.Repeat("side\n", 500)})
	real(t, dir, "checkout", "-q", "master")
	real(t, dir, "merge", "-q", "--no-edit", "side")
	real(t, dir, "repack", "-q", "-d")
	real(t, dir, "tag", "secret-tag")
	other := commitOn(t, dir, "elsewhere", "hidden.tf")
	ws := laid(t, source(config.Stack{Repository: dir, Branch: "master"}), "")
	real(t, ws, "fsck", "--strict", "--full")
	if got, want := real(t, ws, "rev-list", "--all"), real(t, dir, "rev-list", "master"); got != want {
		t.Errorf("commits\n%s\nwanted\n%s", got, want)
	}
	if got := real(t, ws, "for-each-ref", "--format=%(refname)"); got != "refs/heads/interlock/work\nrefs/interlock/base" {
		t.Errorf("names: %s", got)
	}
	c := exec.CommandContext(t.Context(), "git", "cat-file", "-e", other)
	if c.Dir = ws; c.Run() == nil {
		t.Error("a commit of another branch came along")
	}
}

// A branch that began long ago and was merged of late is cut off where it is too old;
// the line that it was merged into goes on.
func TestHistoryOfAnOldBranch(t *testing.T) {
	t.Parallel()
	_, dir := repository(t)
	real(t, dir, "config", "user.name", "a")
	real(t, dir, "config", "user.email", "a@example.org")
	at := func(day int, args ...string) {
		t.Helper()
		c := exec.CommandContext(t.Context(), "git", args...)
		date := fmt.Sprintf("2026-01-%02dT12:00:00Z", day)
		c.Dir, c.Env = dir, append(os.Environ(), "GIT_COMMITTER_DATE="+date, "GIT_AUTHOR_DATE="+date)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", args, out)
		}
	}
	big := func(file string, n int) string { // that does not pack
		var text strings.Builder
		for i := range n {
			fmt.Fprintf(&text, "%x\n", sha256.Sum256(fmt.Append(nil, file, i)))
		}
		return text.String()
	}
	edit := func(day int, file string) {
		t.Helper()
		write(t, dir, map[string]string{file: big(file, 40)})
		real(t, dir, "add", ".")
		at(day, "commit", "-qm", file)
	}
	edit(1, "first.tf")
	real(t, dir, "branch", "-M", "master")
	real(t, dir, "checkout", "-q", "-b", "old")
	edit(2, "old.tf")
	real(t, dir, "checkout", "-q", "master")
	for day := 10; day < 14; day++ {
		edit(day, fmt.Sprintf("new%d.tf", day))
	}
	at(14, "merge", "-q", "--no-edit", "old")
	real(t, dir, "repack", "-q", "-a", "-d", "-f")
	within := func(most int) map[string][]byte {
		t.Helper()
		files, err := git.HistoryWithin(t.Context(), source(config.Stack{Repository: dir}), dir, real(t, dir, "rev-parse", "HEAD"), int64(most))
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	files := within(1 << 20)
	for most := packSize(files) + 300; files["info/grafts"] == nil && most > 0; most -= 100 {
		files = within(most)
	}
	ws := t.TempDir()
	for name, b := range files {
		write(t, ws, map[string]string{filepath.Join(".git", name): string(b)})
	}
	real(t, ws, "fsck", "--full")
	log := real(t, ws, "log", "--format=%s")
	if !strings.Contains(log, "new11.tf") || strings.Contains(log, "old.tf") || files["info/grafts"] == nil {
		t.Errorf("%s\nshallow %s, grafts %s", log, files["shallow"], files["info/grafts"])
	}
}

// commitOn makes a commit on a branch of its own, and goes back.
func commitOn(t *testing.T, dir, branch, file string) string {
	t.Helper()
	real(t, dir, "checkout", "-q", "-b", branch)
	write(t, dir, map[string]string{file: "hidden"})
	real(t, dir, "add", file)
	real(t, dir, "commit", "-qm", "hidden")
	h := real(t, dir, "rev-parse", "HEAD")
	real(t, dir, "checkout", "-q", "master")
	return h
}

// A source that has lost the beginning of its own history gives what it has.
func TestHistoryOfShallowSource(t *testing.T) {
	t.Parallel()
	_, dir := grown(t, 10)
	clone := filepath.Join(t.TempDir(), "clone")
	real(t, t.TempDir(), "clone", "-q", "--depth", "3", "file://"+dir, clone)
	ws := laid(t, source(config.Stack{Repository: clone}), "")
	real(t, ws, "fsck", "--full")
	if n := len(strings.Split(real(t, ws, "log", "--format=%H"), "\n")); n != 3 {
		t.Errorf("%d commits", n)
	}
}

// What a repository borrows from another one is not its own to give.
func TestHistoryBorrowsNothing(t *testing.T) {
	t.Parallel()
	_, dir := grown(t, 4)
	clone := filepath.Join(t.TempDir(), "clone")
	real(t, t.TempDir(), "clone", "-q", "--shared", dir, clone)
	s := source(config.Stack{Repository: clone})
	head, err := s.Head(t.Context(), "acme", "web")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.History(t.Context(), "acme", "web", head); err == nil {
		t.Error("it gave what is another's")
	}
	if _, err := agent.Code(t.Context(), s, "acme", "web", "").Files(); err == nil {
		t.Error("it gave what is another's")
	}
}

// Links and the like are refused in the commit that is asked for, and harmless in
// those before it: they are no files yet.
func TestHistoryWithLinks(t *testing.T) {
	t.Parallel()
	r, dir := grown(t, 2)
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	linked := commit(t, r, dir, nil)
	s := source(config.Stack{Repository: dir})
	if _, err := agent.Code(t.Context(), s, "acme", "web", linked).Files(); err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Errorf("a link: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	commit(t, r, dir, map[string]string{"after.tf": "x"})
	ws := laid(t, s, "")
	real(t, ws, "fsck", "--full")
	if _, err := os.Lstat(filepath.Join(ws, "link")); err == nil {
		t.Error("there is a link")
	}
}

func TestFolderHasAHistory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, map[string]string{"main.tf": "1", "a/b/c.tf": "2", "a.tf": "3", "a-b/x": "4", "a/b.tf": "5"})
	s := source(config.Stack{Path: dir})
	head, err := s.Head(t.Context(), "acme", "web")
	if err != nil {
		t.Fatal(err)
	}
	ws := laid(t, s, "")
	real(t, ws, "fsck", "--strict", "--full")
	if got := real(t, ws, "status", "--porcelain"); got != "" {
		t.Errorf("status: %s", got)
	}
	if got := real(t, ws, "log", "--format=%an %s"); got != "Interlock The folder as it is" {
		t.Errorf("log: %s", got)
	}
	if first, again := real(t, ws, "rev-parse", "HEAD"), real(t, laid(t, s, head), "rev-parse", "HEAD"); first != again {
		t.Error("the same files are two commits")
	}
	if b, err := os.ReadFile(filepath.Join(ws, ".git", agent.BaseFile)); err != nil || strings.TrimSpace(string(b)) != head {
		t.Errorf("base %q %v", b, err)
	}
}

func TestReviewed(t *testing.T) {
	t.Parallel()
	r, dir := grown(t, 6)
	head, err := r.Head()
	if err != nil {
		t.Fatal(err)
	}
	old := real(t, dir, "rev-parse", "HEAD~4")
	first := real(t, dir, "rev-list", "--max-parents=0", "HEAD")
	real(t, dir, "config", "user.name", "a")
	real(t, dir, "config", "user.email", "a@example.org")
	side := commitOn(t, dir, "side", "side.tf")
	s := source(config.Stack{Repository: dir, Branch: "master"})
	for commit, want := range map[string]error{
		head.Hash().String(): nil, old: nil, first: nil, side: agent.ErrNotFound, strings.Repeat("a", 40): agent.ErrNotFound,
		"": agent.ErrNotFound, "HEAD": agent.ErrNotFound, old[:10]: agent.ErrNotFound,
	} {
		if err := s.Reviewed(t.Context(), "acme", "web", commit); !errors.Is(err, want) {
			t.Errorf("%q: %v", commit, err)
		}
		files, err := agent.Code(t.Context(), s, "acme", "web", "").At(commit)
		if (err == nil) != (want == nil) || want == nil && len(files) == 0 {
			t.Errorf("%q again: %d files, %v", commit, len(files), err)
		}
	}
	folder := t.TempDir()
	write(t, folder, map[string]string{"main.tf": "1"})
	f := source(config.Stack{Path: folder})
	was, err := f.Head(t.Context(), "acme", "web")
	if err != nil || f.Reviewed(t.Context(), "acme", "web", was) != nil {
		t.Errorf("folder: %v", err)
	}
	write(t, folder, map[string]string{"main.tf": "2"})
	if err := f.Reviewed(t.Context(), "acme", "web", was); !errors.Is(err, agent.ErrNotFound) {
		t.Errorf("a folder that has changed: %v", err)
	}
}

// The cache gives the same as the repository, and keeps two commits.
func TestCache(t *testing.T) {
	t.Parallel()
	r, dir := grown(t, 5)
	s := source(config.Stack{Repository: dir})
	s.Cache = filepath.Join(t.TempDir(), "packs")
	for i := range 4 {
		commit(t, r, dir, map[string]string{"n": fmt.Sprint(i)})
		for range 2 {
			real(t, laid(t, s, ""), "fsck", "--strict", "--full")
		}
		time.Sleep(10 * time.Millisecond) // so that their folders have an age
	}
	kept, err := filepath.Glob(filepath.Join(s.Cache, "*", "*"))
	if err != nil || len(kept) != 2 {
		t.Errorf("kept %v %v", kept, err)
	}
	for _, k := range kept {
		if err := os.Truncate(filepath.Join(k, "pack"), 3); err != nil {
			t.Fatal(err)
		}
	}
	real(t, laid(t, s, ""), "fsck", "--strict", "--full")
}

func TestHistoryOfNothing(t *testing.T) {
	t.Parallel()
	r, dir := grown(t, 1)
	s := source(config.Stack{Repository: dir})
	for _, c := range []string{"", "HEAD", strings.Repeat("a", 40)} {
		if _, err := s.History(t.Context(), "acme", "web", c); !errors.Is(err, agent.ErrNotFound) {
			t.Errorf("%q: %v", c, err)
		}
	}
	head, err := r.Head()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.History(ctx, "acme", "web", head.Hash().String()); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
	// A folder that names what is not there.
	h, _ := trees(t, r, []object.TreeEntry{{Name: "x", Mode: 0o100644, Hash: plumbing.NewHash(strings.Repeat("b", 40))}})
	if _, err := s.History(t.Context(), "acme", "web", h); err == nil {
		t.Error("a file that is not there was packed")
	}
}

// What a machine left half written, or somebody changed, is made anew; a cache that
// cannot be written is none.
func TestCacheIsChecked(t *testing.T) {
	t.Parallel()
	_, dir := grown(t, 5)
	s := source(config.Stack{Repository: dir})
	s.Cache = filepath.Join(t.TempDir(), "packs")
	want := laid(t, s, "")
	for _, name := range []string{"pack", "idx", "shallow", "grafts", "sum"} {
		kept, err := filepath.Glob(filepath.Join(s.Cache, "*", "*", name))
		if err != nil || len(kept) != 1 {
			t.Fatalf("%s: %v, %v", name, kept, err)
		}
		b, err := os.ReadFile(kept[0])
		if err == nil {
			err = errors.Join(os.Chmod(kept[0], 0o600), os.WriteFile(kept[0], append(b, 'x'), 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
		if ws := laid(t, s, ""); real(t, ws, "fsck", "--full") != real(t, want, "fsck", "--full") || real(t, ws, "log") != real(t, want, "log") {
			t.Errorf("%s: another history", name)
		}
		if again, err := os.ReadFile(kept[0]); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%s was not made anew: %v", name, err)
		}
	}
	s.Cache = filepath.Join(dir, "main.tf", "no folder")
	laid(t, s, "")
}

// A commit whose clock was ahead is on its branch all the same.
func TestReviewedAheadOfTime(t *testing.T) {
	t.Parallel()
	_, dir := grown(t, 3)
	real(t, dir, "config", "user.name", "a")
	real(t, dir, "config", "user.email", "a@example.org")
	c := exec.CommandContext(t.Context(), "git", "commit", "-q", "--allow-empty", "-m", "ahead")
	c.Dir, c.Env = dir, append(os.Environ(), "GIT_COMMITTER_DATE=2040-01-01T00:00:00Z")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s", out)
	}
	ahead := real(t, dir, "rev-parse", "HEAD")
	real(t, dir, "commit", "-q", "--allow-empty", "-m", "after")
	other := commitOn(t, dir, "elsewhere", "hidden.tf")
	s := source(config.Stack{Repository: dir, Branch: "master"})
	if err := s.Reviewed(t.Context(), "acme", "web", ahead); err != nil {
		t.Error(err)
	}
	if err := s.Reviewed(t.Context(), "acme", "web", other); !errors.Is(err, agent.ErrNotFound) {
		t.Errorf("of another branch: %v", err)
	}
}
