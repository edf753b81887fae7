package git_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"

	"interlock/adapters/git"
	"interlock/agent"
	"interlock/config"
)

// source reads one stack, "web" of the Org "acme".
func source(s config.Stack) *git.Source {
	return git.New(map[string]config.Org{"acme": {Stacks: map[string]config.Stack{"web": s}}, "other": {}})
}

func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		p := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o700), os.WriteFile(p, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

var by = &object.Signature{Name: "a", Email: "a@example.org", When: time.Unix(1e9, 0)}

// commit writes files into the repository's folder and commits all of it.
func commit(t testing.TB, r *gogit.Repository, dir string, files map[string]string) string {
	t.Helper()
	write(t, dir, files)
	w, err := r.Worktree()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.AddWithOptions(&gogit.AddOptions{All: true}); err != nil {
		t.Fatal(err)
	}
	h, err := w.Commit("x", &gogit.CommitOptions{Author: by})
	if err != nil {
		t.Fatal(err)
	}
	return h.String()
}

func repository(t testing.TB) (*gogit.Repository, string) {
	t.Helper()
	dir := t.TempDir()
	r, err := gogit.PlainInit(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	return r, dir
}

// tree makes a commit by hand, of entries that Git itself would never write.
func tree(t testing.TB, r *gogit.Repository, entries ...object.TreeEntry) string {
	t.Helper()
	h, _ := trees(t, r, entries)
	return h
}

func trees(t testing.TB, r *gogit.Repository, entries []object.TreeEntry) (commit string, tree plumbing.Hash) {
	t.Helper()
	encode := func(e interface {
		Encode(plumbing.EncodedObject) error
	},
	) plumbing.Hash {
		o := r.Storer.NewEncodedObject()
		if err := e.Encode(o); err != nil {
			t.Fatal(err)
		}
		h, err := r.Storer.SetEncodedObject(o)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	h := encode(&object.Tree{Entries: entries})
	return encode(&object.Commit{Author: *by, Committer: *by, TreeHash: h}).String(), h
}

func blob(t testing.TB, r *gogit.Repository, content string) plumbing.Hash {
	t.Helper()
	o := r.Storer.NewEncodedObject()
	o.SetType(plumbing.BlobObject)
	w, err := o.Writer()
	if err == nil {
		_, err = w.Write([]byte(content))
		err = errors.Join(err, w.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	h, err := r.Storer.SetEncodedObject(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func texts(files map[string][]byte) map[string]string {
	out := map[string]string{}
	for name, b := range files {
		out[name] = string(b)
	}
	return out
}

func TestStack(t *testing.T) {
	t.Parallel()
	s := source(config.Stack{
		Repository: "/r", Directory: "live", Environment: "prod", Channel: "slack:C1", Channels: []string{"slack:C2"}, State: "/s",
		Mounts: []config.Mount{{From: "/a", To: "/b", Write: true}}, Providers: []string{"x/y"},
	})
	got, err := s.Stack(t.Context(), "acme", "web")
	want := agent.Stack{
		Org: "acme", Name: "web", Environment: "prod", Directory: "live", Room: "slack:C1", Rooms: []string{"slack:C2"}, State: "/s",
		Mounts: []agent.Mount{{From: "/a", To: "/b", Write: true}}, Providers: []string{"x/y"},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v %v", got, err)
	}
	for _, c := range [][2]string{{"acme", "none"}, {"other", "web"}, {"none", "web"}} {
		_, err := s.Stack(t.Context(), c[0], c[1])
		_, headErr := s.Head(t.Context(), c[0], c[1])
		_, filesErr := s.Files(t.Context(), c[0], c[1], "x")
		for _, err := range []error{err, headErr, filesErr} {
			if !errors.Is(err, agent.ErrNotFound) || !strings.Contains(err.Error(), c[1]) {
				t.Errorf("%v: %v", c, err)
			}
		}
	}
}

func TestRepository(t *testing.T) {
	t.Parallel()
	r, dir := repository(t)
	first := commit(t, r, dir, map[string]string{"main.tf": "1", "mod/a.tf": "a"})
	s := source(config.Stack{Repository: dir})
	second := commit(t, r, dir, map[string]string{"main.tf": "2"})
	write(t, dir, map[string]string{"main.tf": "not committed", "new": "x"})
	if head, err := s.Head(t.Context(), "acme", "web"); err != nil || head != second {
		t.Errorf("head %s %v", head, err)
	}
	for c, want := range map[string]string{first: "1", second: "2"} {
		files, err := s.Files(t.Context(), "acme", "web", c)
		if err != nil || !maps.Equal(texts(files), map[string]string{"main.tf": want, "mod/a.tf": "a"}) {
			t.Errorf("%s: %v %v", c, texts(files), err)
		}
	}
	for _, c := range []string{"", "HEAD", first[:12], strings.Repeat("a", 40), "../x"} {
		if _, err := s.Files(t.Context(), "acme", "web", c); !errors.Is(err, agent.ErrNotFound) {
			t.Errorf("commit %q: %v", c, err)
		}
	}
	ref := plumbing.NewHashReference("refs/heads/old", plumbing.NewHash(first))
	if err := r.Storer.SetReference(ref); err != nil {
		t.Fatal(err)
	}
	if head, err := source(config.Stack{Repository: dir, Branch: "old"}).Head(t.Context(), "acme", "web"); err != nil || head != first {
		t.Errorf("branch: %s %v", head, err)
	}
	if _, err := source(config.Stack{Repository: dir, Branch: "none"}).Head(t.Context(), "acme", "web"); err == nil || !strings.Contains(err.Error(), "no commit on none") {
		t.Error(err)
	}
	bare := filepath.Join(t.TempDir(), "bare.git")
	if _, err := gogit.PlainClone(bare, true, &gogit.CloneOptions{URL: dir}); err != nil {
		t.Fatal(err)
	}
	b := source(config.Stack{Repository: bare})
	if head, err := b.Head(t.Context(), "acme", "web"); err != nil || head != second {
		t.Errorf("bare: %s %v", head, err)
	}
	if files, err := b.Files(t.Context(), "acme", "web", second); err != nil || string(files["main.tf"]) != "2" {
		t.Errorf("bare: %v %v", files, err)
	}
}

func TestRepositoryRefuses(t *testing.T) {
	t.Parallel()
	r, dir := repository(t)
	s := source(config.Stack{Repository: dir})
	if _, err := s.Head(t.Context(), "acme", "web"); err == nil || !strings.Contains(err.Error(), "no commit") {
		t.Errorf("empty repository: %v", err)
	}
	if _, err := source(config.Stack{Repository: t.TempDir()}).Head(t.Context(), "acme", "web"); !errors.Is(err, gogit.ErrRepositoryNotExists) {
		t.Error(err)
	}
	b := blob(t, r, "x")
	for name, mode := range map[string]filemode.FileMode{
		"link": filemode.Symlink, "sub": filemode.Submodule, "..": filemode.Regular, ".git": filemode.Regular, ".GIT": filemode.Regular,
		"../x": filemode.Regular, "/etc/x": filemode.Regular, `a\b`: filemode.Regular, ".": filemode.Regular,
	} {
		c := tree(t, r, object.TreeEntry{Name: name, Mode: mode, Hash: b})
		if files, err := s.Files(t.Context(), "acme", "web", c); err == nil {
			t.Errorf("%q: %v", name, files)
		}
	}
	big := blob(t, r, strings.Repeat("x", 65<<20))
	if _, err := s.Files(t.Context(), "acme", "web", tree(t, r, object.TreeEntry{Name: "big", Mode: filemode.Regular, Hash: big})); err == nil || !strings.Contains(err.Error(), "64 MiB") {
		t.Errorf("big: %v", err)
	}
	bomb, h := trees(t, r, nil) // folders of the same folders, and no file
	for range 5 {
		var same []object.TreeEntry
		for i := range 26 {
			same = append(same, object.TreeEntry{Name: string(rune('a' + i)), Mode: filemode.Dir, Hash: h})
		}
		bomb, h = trees(t, r, same)
	}
	if _, err := s.Files(t.Context(), "acme", "web", bomb); err == nil || !strings.Contains(err.Error(), "20000 files") {
		t.Errorf("bomb: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := s.Files(ctx, "acme", "web", tree(t, r, object.TreeEntry{Name: "a", Mode: filemode.Regular, Hash: b})); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Whoever can write into the repository's folder cannot make reading it run
// anything, read another folder or give another content.
func TestHostileRepository(t *testing.T) {
	t.Parallel()
	r, dir := repository(t)
	c := commit(t, r, dir, map[string]string{"main.tf": "1\n", ".gitattributes": "* filter=x diff=x text eol=crlf working-tree-encoding=UTF-16"})
	ran, elsewhere := filepath.Join(t.TempDir(), "ran"), t.TempDir()
	write(t, elsewhere, map[string]string{"main.tf": "stolen"})
	run := `"sh -c 'touch ` + ran + `'"`
	write(t, dir, map[string]string{
		".git/config": "[core]\n\trepositoryformatversion = 0\n\tworktree = " + elsewhere + "\n\tfsmonitor = " + run + "\n\thooksPath = .git/hooks\n\tpager = " + run +
			"\n\tautocrlf = true\n\tsshCommand = " + run + "\n[filter \"x\"]\n\tsmudge = " + run + "\n\tprocess = " + run + "\n\trequired = true\n[diff \"x\"]\n\ttextconv = " + run +
			"\n\tcommand = " + run + "\n[include]\n\tpath = " + elsewhere + "/main.tf\n[remote \"origin\"]\n\turl = ext::" + strings.Trim(run, `"`) + "\n\tpromisor = true\n",
		".git/hooks/post-checkout": "#!/bin/sh\ntouch " + ran, ".git/info/attributes": "* filter=x",
	})
	if err := os.Chmod(filepath.Join(dir, ".git/hooks/post-checkout"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := source(config.Stack{Repository: dir})
	if head, err := s.Head(t.Context(), "acme", "web"); err != nil || head != c {
		t.Errorf("head %s %v", head, err)
	}
	files, err := s.Files(t.Context(), "acme", "web", c)
	if err != nil || string(files["main.tf"]) != "1\n" || len(files) != 2 {
		t.Errorf("%v %v", texts(files), err)
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("something ran")
	}
}

func TestFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"main.tf": "1", "mod/a.tf": "a", ".git/config": "x", ".terraform/p": "x", "mod/.terraform/p": "x", "terraform.tfstate": "x", "a.tfstate.backup": "x", ".terraform.lock.hcl": "l",
	})
	s := source(config.Stack{Path: dir})
	head, err := s.Head(t.Context(), "acme", "web")
	if err != nil || !strings.HasPrefix(head, "dir-") {
		t.Fatal(head, err)
	}
	files, err := s.Files(t.Context(), "acme", "web", head)
	if want := []string{".terraform.lock.hcl", "main.tf", "mod/a.tf"}; err != nil || !slices.Equal(slices.Sorted(maps.Keys(files)), want) {
		t.Errorf("%v %v", texts(files), err)
	}
	write(t, dir, map[string]string{"terraform.tfstate": "y"})
	if same, err := s.Head(t.Context(), "acme", "web"); err != nil || same != head {
		t.Errorf("state moved the head: %s %v", same, err)
	}
	write(t, dir, map[string]string{"main.tf": "2"})
	if moved, err := s.Head(t.Context(), "acme", "web"); err != nil || moved == head {
		t.Errorf("the head did not move: %v", err)
	}
	if _, err := s.Files(t.Context(), "acme", "web", head); !errors.Is(err, agent.ErrNotFound) {
		t.Error(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "mod/link")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Head(t.Context(), "acme", "web"); err == nil || !strings.Contains(err.Error(), "mod/link") {
		t.Error(err)
	}
	if _, err := source(config.Stack{Path: filepath.Join(dir, "none")}).Head(t.Context(), "acme", "web"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	r, dir := repository(t)
	c := commit(t, r, dir, map[string]string{"main.tf": "1"})
	s := source(config.Stack{Repository: dir})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			head, err := s.Head(t.Context(), "acme", "web")
			files, filesErr := s.Files(t.Context(), "acme", "web", c)
			if err != nil || filesErr != nil || head != c || string(files["main.tf"]) != "1" {
				t.Error(head, files, err, filesErr)
			}
		})
	}
	all.Wait()
}

func BenchmarkHead(b *testing.B) {
	r, dir := repository(b)
	files := map[string]string{}
	for i := range 200 {
		files["mod/"+strings.Repeat("x", i%50+1)+".tf"] = strings.Repeat("resource\n", 100)
	}
	commit(b, r, dir, files)
	for name, s := range map[string]*git.Source{"repository": source(config.Stack{Repository: dir}), "folder": source(config.Stack{Path: dir})} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Head(b.Context(), "acme", "web"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
