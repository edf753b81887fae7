package git_test

import (
	"context"
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

// committed writes files and commits them as somebody, on top of the given parents.
func committed(t testing.TB, r *gogit.Repository, dir, who string, files map[string]string, parents ...string) string {
	t.Helper()
	write(t, dir, files)
	w, err := r.Worktree()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.AddWithOptions(&gogit.AddOptions{All: true}); err != nil {
		t.Fatal(err)
	}
	o := &gogit.CommitOptions{Author: &object.Signature{Name: who, Email: "x@example.org", When: time.Unix(1e9, 0)}, AllowEmptyCommits: true}
	for _, p := range parents {
		o.Parents = append(o.Parents, plumbing.NewHash(p))
	}
	h, err := w.Commit("x", o)
	if err != nil {
		t.Fatal(err)
	}
	return h.String()
}

func authored(t testing.TB, s config.Stack, commit string) *agent.Authored {
	t.Helper()
	by, err := source(s).Author(t.Context(), "acme", "web", commit)
	if err != nil {
		t.Fatal(err)
	}
	return by
}

func TestAuthor(t *testing.T) {
	t.Parallel()
	r, dir := repository(t)
	first := committed(t, r, dir, "First", map[string]string{"stacks/web/main.tf": "1", "stacks/db/main.tf": "1"})
	second := committed(t, r, dir, "Second", map[string]string{"stacks/web/main.tf": "2"})
	db := committed(t, r, dir, "Other", map[string]string{"stacks/db/main.tf": "2"})
	empty := committed(t, r, dir, "Nobody", nil)
	side := committed(t, r, dir, "Side", map[string]string{"stacks/web/main.tf": "3"}, second)
	merge := committed(t, r, dir, "Merger", nil, empty, side)
	mixed := committed(t, r, dir, "Mixer", map[string]string{"stacks/web/main.tf": "4"}, empty, side)
	for _, c := range []struct{ commit, directory, by, at string }{
		{first, "stacks/web", "First", first},
		{empty, "stacks/web", "Second", second},
		{empty, "stacks/web/", "Second", second},
		{empty, "./stacks/db", "Other", db},
		{empty, "", "Other", db},
		{merge, "stacks/web", "Side", side}, // what the branch did, not who merged it
		{mixed, "stacks/web", "Mixer", mixed},
		{empty, "stacks/none", "", ""},
		{empty, "stacks/web/main.tf", "", ""},
	} {
		by := authored(t, config.Stack{Repository: dir, Directory: c.directory}, c.commit)
		switch {
		case by == nil && c.by == "":
		case by == nil || by.By != c.by || by.Commit != c.at || !by.At.Equal(time.Unix(1e9, 0)):
			t.Errorf("%s at %.7s: %+v, want %s", c.directory, c.commit, by, c.by)
		}
	}
	if _, err := source(config.Stack{Repository: dir}).Author(t.Context(), "acme", "web", first[:7]); err == nil {
		t.Error("half a commit has an author")
	}
	if _, err := source(config.Stack{Repository: dir}).Author(t.Context(), "other", "web", first); err == nil {
		t.Error("another organisation sees an author")
	}
	if by := authored(t, config.Stack{Path: dir, Directory: "stacks/web"}, "dir-1"); by != nil {
		t.Errorf("a plain folder is by %+v", by)
	}
}

// Where the history was cut off, whoever came before is not known.
func TestAuthorOfAShallowCopy(t *testing.T) {
	t.Parallel()
	r, dir := repository(t)
	committed(t, r, dir, "First", map[string]string{"stacks/web/main.tf": "1"})
	last := committed(t, r, dir, "Second", map[string]string{"other.tf": "1"})
	shallow := t.TempDir()
	real(t, shallow, "clone", "-q", "--depth", "1", "--bare", "file://"+dir, ".")
	if by := authored(t, config.Stack{Repository: shallow, Directory: "stacks/web"}, last); by != nil {
		t.Errorf("of a shallow copy it is by %+v", by)
	}
}

// A name is foreign text, and a history can be longer than anybody waits.
func TestAuthorIsBounded(t *testing.T) {
	t.Parallel()
	r, dir := repository(t)
	odd := committed(t, r, dir, "Eve\u202e\x1b[31m \x07"+strings.Repeat("é", 100), map[string]string{"stacks/web/main.tf": "1"})
	by := authored(t, config.Stack{Repository: dir, Directory: "stacks/web"}, odd)
	if by == nil || len([]rune(by.By)) > 80 || !strings.HasPrefix(by.By, "Eve[31m é") {
		t.Fatalf("by %+v", by)
	}
	last := odd
	for range 9 {
		last = committed(t, r, dir, "Nobody", nil)
	}
	within := func(ctx context.Context, most int) *agent.Authored {
		t.Helper()
		by, err := git.AuthorWithin(ctx, source(config.Stack{}), dir, "stacks/web", last, most)
		if err != nil {
			t.Fatal(err)
		}
		return by
	}
	if by := within(t.Context(), 10); by == nil || by.Commit != odd {
		t.Errorf("within ten commits it is by %+v", by)
	}
	if by := within(t.Context(), 9); by != nil {
		t.Errorf("within nine commits it is by %+v", by)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if by := within(over, 10); by != nil {
		t.Errorf("when the time is over it is by %+v", by)
	}
}
