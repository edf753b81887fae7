package tofu

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// Source is the code of one run: of a reviewed commit, or of the session's
// edited workspace.
type Source struct {
	Stack    agent.Stack
	Commit   string // for a workspace the newest reviewed commit, which it is taken to be an edit of
	Files    map[string][]byte
	Reviewed bool
	Mirror   string // as in Deps
}

// Stack finds a configured stack. An unknown one is a Refusal.
func (d Deps) Stack(ctx context.Context, org, name string) (agent.Stack, error) {
	s, err := d.Stacks.Stack(ctx, org, name)
	if errors.Is(err, agent.ErrNotFound) {
		return s, &Refusal{Why: fmt.Sprintf("there is no stack %q", name), Err: err}
	}
	if err != nil {
		return s, fmt.Errorf("read stack: %w", err)
	}
	if !fs.ValidPath(s.Name) || !fs.ValidPath(path.Clean("./"+s.Directory)) {
		return s, refuse("stack %q has a bad name or directory", name)
	}
	if s.Workspace != "" && (path.Base(s.Workspace) != s.Workspace || !fs.ValidPath(s.Workspace)) {
		return s, refuse("the workspace of stack %q is no name", name)
	}
	if path.IsAbs(s.VarFile) || !fs.ValidPath(path.Join(path.Clean("./"+s.Directory), s.VarFile)) {
		return s, refuse("the var_file of stack %q leads out of the repository", name)
	}
	s.Directory = path.Clean("./" + s.Directory)
	return s, nil
}

// Effect is what running code means: a reviewed commit is only read, while an
// edited workspace is something that is proposed.
func (d Deps) Effect(ctx context.Context, org, tool string, a Args) (rbac.Action, error) {
	s, err := d.Stack(ctx, org, a.Stack)
	if err != nil {
		return rbac.Action{}, err
	}
	act := rbac.Action{Tool: tool, Stack: s.Name, Environment: s.Environment, Effect: rbac.Read}
	if a.Workspace {
		act.Effect = rbac.Propose
	}
	return act, nil
}

// Source reads the code and checks it before anything of it may run.
func (d Deps) Source(ctx context.Context, e agent.Env, c agent.ToolCall, a Args) (src Source, err error) {
	if src.Stack, err = d.Stack(ctx, e.Org, a.Stack); err != nil {
		return src, err
	}
	if src.Commit, err = d.Stacks.Head(ctx, e.Org, a.Stack); err != nil {
		return src, fmt.Errorf("find newest commit: %w", err)
	}
	src.Reviewed, src.Mirror = !a.Workspace, d.Mirror
	if src.Reviewed {
		src.Files, err = d.Stacks.Files(ctx, e.Org, a.Stack, src.Commit)
	} else {
		src.Files, err = d.workspace(ctx, e, c, src)
	}
	if err != nil {
		return src, fmt.Errorf("read code: %w", err)
	}
	if vars := src.Stack.VarFile; vars != "" && src.Files[path.Join(src.Stack.Directory, vars)] == nil {
		return src, refuse("there is no file %s in %s at this commit, which var_file names", Line(vars), src.Stack.Directory)
	}
	if err := Check(src.Files, src.Stack.Directory, src.Stack.Providers); err != nil {
		return src, &Refusal{Why: "refused before anything ran: " + err.Error(), Err: err}
	}
	return src, nil
}

// workspaceLimit is how long reading a workspace may take.
const workspaceLimit = time.Minute

// workspace reads the edited files out of the session's container.
func (d Deps) workspace(ctx context.Context, e agent.Env, c agent.ToolCall, src Source) (map[string][]byte, error) {
	name := src.Stack.Name
	out, err := e.Box.Exec(ctx, agent.Command{
		Org: e.Org, Session: e.Session, Call: c.ID, In: agent.InSession, Limit: workspaceLimit,
		Argv: []string{"tar", "-c", "-z", "-C", "/work/" + name, "."}, // zipped: the sandbox bounds what it brings out
		Seed: agent.Code(ctx, d.Stacks, e.Org, name, src.Commit),
	})
	switch {
	case err != nil:
		return nil, err
	case out.Truncated:
		return nil, refuse("the workspace is too large to be read")
	case out.Code != 0 || out.Stopped:
		return nil, refuse("the workspace cannot be read: %s", Excerpt(out.Stderr))
	}
	files, err := Unpack(out.Stdout)
	if err != nil {
		return nil, &Refusal{Why: "the workspace is refused: " + err.Error(), Err: err}
	}
	return files, nil
}
