package agent

import (
	"context"
	_ "embed" // for the script
	"errors"
	"fmt"
)

// backFile is where a bundle waits to be unpacked, below the folder .git of a seed.
const backFile = ".git/interlock/back.bundle"

// errHalted is a command of ours that did not come to its end.
var errHalted = errors.New("it did not come to its end")

//go:embed back.sh
var backScript string

// back sees to it that what the session made of a stack's code is in the workspace
// before a command is: when the seed is sown anew, it is sown at the same commit, and
// the bundle is opened there, in the session's own container. What cannot be put back
// is said in the result, the session begins with the newest code, and the bundle stays
// until it expires: newer work does not replace it.
func (b *boxed) back(ctx context.Context, c Command) (Command, error) {
	if c.In != InSession || c.Seed == nil || c.Seed.At == nil || b.u.Artifacts == nil {
		return c, nil
	}
	k, _ := b.u.s.kept(c.Seed.Dir)
	if k.Artifact == "" {
		return c, nil
	}
	plain, seed := *c.Seed, *c.Seed
	seed.Files = func() (map[string][]byte, error) { return b.sown(ctx, plain, k) }
	c.Seed = &seed
	b.u.backing.Lock() // calls side by side wait for it
	defer b.u.backing.Unlock()
	if b.u.back[k.Stack] {
		return c, nil
	}
	cmd := b.u.keeping("back", "sh", "-c", backScript, "sh", k.Stack)
	cmd.Image, cmd.Profile, cmd.Seed = c.Image, c.Profile, &seed
	out, err := b.Sandbox.Exec(ctx, cmd)
	switch {
	case err != nil:
		return c, fmt.Errorf("put work back: %w", err)
	case out.Stopped: // the bundle is still there for the next time
		return c, fmt.Errorf("put work back: %w", errors.Join(errHalted, ctx.Err()))
	case out.Code != 0:
		if err := b.u.emit(ctx, KindKept, Payload{Kept: &Kept{Stack: k.Stack, Commit: k.Commit}}); err != nil {
			return c, err // it stays on record: what is made from now on must not take its place as if it held it
		}
		b.say("[workspace: what this session had changed in " + line(k.Stack) + " could not be put back; this is the code before it]")
	case string(out.Stdout) == "back\n":
		b.say("[workspace: what this session had changed in " + line(k.Stack) + " was put back]")
	}
	b.u.back[k.Stack] = true
	return c, nil
}

// sown are the files of a seed with the bundle beside them.
func (b *boxed) sown(ctx context.Context, seed Seed, k Kept) (map[string][]byte, error) {
	a, err := b.u.Artifacts.Artifact(ctx, b.u.s.Org, k.Artifact)
	var files map[string][]byte
	if err == nil {
		files, err = seed.At(k.Commit)
	}
	switch {
	case errors.Is(err, ErrNotFound):
		b.say("[workspace: what this session had changed in " + line(k.Stack) + " is gone: it has expired, or the code it stood on is no longer there]")
		return seed.Files()
	case err != nil:
		return nil, fmt.Errorf("find work: %w", err)
	}
	files[backFile] = a.Bytes
	return files, nil
}

// say adds a line to the result of the call.
func (b *boxed) say(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.notes += "\n" + text
}
