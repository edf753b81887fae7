package agent

import (
	"context"
	_ "embed" // for the script
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"interlock/rbac"
)

// KindWork is the kind of artifact that holds what a session made of a stack's code:
// a bundle of Git. It passed no redactor, so nobody is told what is in it, and it is
// opened nowhere but in a sandbox of its session.
const KindWork = "work"

// Kept is what a session made of a stack's code, put apart from its workspace. The
// workspace itself says all of it but the Artifact, so it is not to be trusted.
type Kept struct {
	Stack    string
	Commit   string // that it stands on, as Stacks name it
	Tip      string // of the bundle: the same tip is the same work
	Artifact string `json:",omitempty"` // empty when there is nothing any more
}

// Limits of what is put apart.
const (
	mostKept  = 64 << 20 // bytes of a bundle, as a sandbox collects files
	mostSeeds = 16       // of one session
	keepLimit = 2 * time.Minute
	noProgram = 127 // the code of an image that has no Git
)

//go:embed keep.sh
var keepScript string

// putApart keeps what calls of this run may have made of a stack's code, so that it
// outlives the workspace. It comes after the rest of the run, and a job that is
// delivered again does it again. Where nothing was edited it costs nothing.
func (u *run) putApart(ctx context.Context) error {
	if u.Artifacts == nil || u.Box == nil || !u.s.edited(u.job.ID) {
		return nil
	}
	free, err := u.slot(ctx)
	if err != nil {
		return err
	}
	defer free()
	box := &boxed{Sandbox: u.Box, u: u}
	out, err := box.Exec(ctx, u.keeping("look", "sh", "-c", keepScript, "sh", u.s.ID))
	if err != nil || out.Stopped || out.Truncated || out.Code != 0 && out.Code != noProgram {
		return u.notKept(ctx, "", "putting it apart took too long or did not work", err)
	}
	known, n := u.s.stacks(), 0
	for _, w := range works(string(out.Stdout)) {
		if !known[w.Stack] { // a name that the workspace made up
			continue
		}
		if n++; n > mostSeeds {
			break
		}
		if err := u.putOne(ctx, box, w); err != nil {
			return err
		}
	}
	return nil
}

// keeping is a fixed command in the session's container.
func (u *run) keeping(call string, argv ...string) Command {
	return Command{
		Org: u.s.Org, Session: u.s.ID, Call: u.job.ID + "/" + call, In: InSession, Argv: argv, Needs: []string{"git"}, Limit: keepLimit,
	}
}

// work is what the script says of one seed.
type work struct {
	Kept
	size int64 // -1: it did not work
}

// works reads the lines of the script. A session's own files speak there, so what
// does not look like it is left out.
func works(text string) (all []work) {
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 4 || !fs.ValidPath(f[0]) || f[0] == "." || strings.ContainsAny(f[0], "/\\\x00") || len(f[1]) > 100 || len(f[2]) > 100 {
			continue
		}
		size, err := strconv.ParseInt(f[3], 10, 64)
		if err != nil {
			continue
		}
		all = append(all, work{Kept{Stack: f[0], Commit: f[1], Tip: f[2]}, size})
	}
	return all
}

// putOne keeps one bundle, unless it is kept already. The newest replaces the one
// before it.
func (u *run) putOne(ctx context.Context, box Sandbox, w work) error {
	was, at := u.s.kept(w.Stack)
	switch {
	case w.size < 0:
		return u.notKept(ctx, w.Stack, "Git could not read it", nil)
	case w.size > mostKept:
		return u.notKept(ctx, w.Stack, fmt.Sprintf("it is more than %d MiB", mostKept>>20), nil)
	case w.Tip == "-" && was.Artifact == "", w.Tip == was.Tip && u.clock().Sub(at) < keptFor/2:
		return nil
	case w.Tip == "-":
		return u.replace(ctx, was, Kept{Stack: w.Stack, Commit: w.Commit})
	}
	name := path.Join(HistoryDir(w.Stack), "interlock/kept.bundle")
	c := u.keeping("keep", "true")
	c.Collect = []string{name}
	out, err := box.Exec(ctx, c)
	b, ok := out.Files[name]
	if err != nil || !ok {
		return u.notKept(ctx, w.Stack, "it could not be brought out of the sandbox", err)
	}
	w.Artifact, err = u.Artifacts.Keep(ctx, Artifact{
		Org: u.s.Org, Kind: KindWork, Session: u.s.ID, Bytes: b, At: u.clock(), Expires: u.clock().Add(keptFor),
	})
	switch {
	case errors.Is(err, ErrTooLarge):
		return u.notKept(ctx, w.Stack, "it is larger than an artifact may be", nil)
	case err != nil:
		return fmt.Errorf("keep work: %w", err)
	}
	return u.replace(ctx, was, w.Kept)
}

// replace puts on record what is kept now, and then lets go of what was.
func (u *run) replace(ctx context.Context, was, is Kept) error {
	if err := u.emit(ctx, KindKept, Payload{Kept: &is}); err != nil {
		return err
	}
	if u.Discard == nil || was.Artifact == "" || was.Artifact == is.Artifact {
		return nil
	}
	if err := u.Discard(ctx, u.s.Org, was.Artifact); err != nil {
		return fmt.Errorf("let go of older work: %w", err)
	}
	return nil
}

// notKept says so in the thread: people may rely on it. That a run is called off is
// no reason to say anything.
func (u *run) notKept(ctx context.Context, stack, why string, err error) error {
	if ctx.Err() != nil || errors.Is(err, ErrFenced) {
		return errors.Join(ctx.Err(), err)
	}
	what := "What this session changed"
	if stack != "" {
		what += " in " + line(stack)
	}
	return u.emit(ctx, KindNotice, Payload{
		Title: "Edits are not kept",
		Text:  what + " is in its workspace only, which goes a week after the last word here: " + why + ". Put what matters into a pull request, and remove large files.",
	})
}

// edited tells whether a call of a run could have changed the workspace.
func (s *Session) edited(run string) bool {
	for _, ev := range s.Events {
		if a := ev.Payload.Act; ev.Run == run && ev.Kind == KindStarted && a != nil && (a.Effect == rbac.Edit || a.Effect == rbac.Execute) {
			return true
		}
	}
	return false
}

// stacks are those that calls of the session were about.
func (s *Session) stacks() map[string]bool {
	all := map[string]bool{}
	for _, ev := range s.Events {
		if ev.Kind == KindStarted && ev.Payload.Act != nil {
			all[ev.Payload.Act.Stack] = true
		}
	}
	return all
}

// kept is what was put apart last of a stack's code, and when.
func (s *Session) kept(stack string) (k Kept, at time.Time) {
	for _, ev := range s.Events {
		if ev.Kind == KindKept && ev.Payload.Kept != nil && ev.Payload.Kept.Stack == stack { // nil: it was erased
			k, at = *ev.Payload.Kept, ev.At
		}
	}
	return k, at
}
