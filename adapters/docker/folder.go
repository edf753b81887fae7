package docker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"interlock/agent"
)

const (
	callsDir      = "calls"
	workspacesDir = "workspaces"
	ownerFile     = "owner.json" // whose folder it is
	fileLimit     = 64 << 20     // bytes of one collected file
)

// errRefused is why a file is not brought back.
var errRefused = errors.New("refused")

// owner is what a sweep reads: whose folder it is.
type owner struct {
	Org, Session, Call string
	Begun              time.Time `json:",omitzero"` // of a call
}

// hashed is a name that no Org or session can choose.
func (s *Sandbox) hashed(parts ...string) string {
	h := sha256.New()
	for _, p := range append([]string{s.o.Instance}, parts...) {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return "interlock-" + hex.EncodeToString(h.Sum(nil))[:24]
}

func (s *Sandbox) callName(c agent.Command) string {
	return s.hashed(kindFresh, c.Org, c.Session, c.Call)
}

func (s *Sandbox) sessionName(c agent.Command) string {
	return s.hashed(kindSession, c.Org, c.Session)
}

// check refuses what no container may be asked for. Paths are slash-separated,
// relative and without dots, or they are refused.
func check(c agent.Command) error {
	if err := c.Check(); err != nil {
		return err
	}
	if c.Dir != "" && !local(c.Dir) {
		return fmt.Errorf("command has a bad folder %q", c.Dir)
	}
	if c.Seed != nil && !local(c.Seed.Dir) {
		return fmt.Errorf("command has a bad folder %q to fill", c.Seed.Dir)
	}
	for name := range c.Files {
		if !local(name) {
			return fmt.Errorf("command has a bad file name %q", name)
		}
	}
	for _, name := range c.Collect {
		if !local(name) {
			return fmt.Errorf("command has a bad file name %q to collect", name)
		}
	}
	for _, m := range c.Mounts {
		if !filepath.IsAbs(m.From) || !path.IsAbs(m.To) || path.Clean(m.To) != m.To || m.To == "/" {
			return fmt.Errorf("command has a bad mount from %q to %q", m.From, m.To)
		}
	}
	return nil
}

func local(name string) bool {
	return fs.ValidPath(name) && name != "." && !strings.ContainsAny(name, "\\\x00")
}

// open makes a folder with its owner file and gives its work folder to the
// sandbox's user.
func (s *Sandbox) open(ctx context.Context, dir string, o owner) (*os.Root, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	if err := s.furnish(ctx, dir); err != nil {
		return nil, err
	}
	if known, err := readOwner(dir); err == nil && known == o {
		return os.OpenRoot(filepath.Join(dir, workSub))
	}
	if err := s.writeOwner(dir, o); err != nil {
		return nil, err
	}
	return os.OpenRoot(filepath.Join(dir, workSub))
}

func (s *Sandbox) writeOwner(dir string, o owner) error {
	b, err := json.Marshal(o)
	if err == nil {
		err = writeFile(filepath.Join(dir, ownerFile), b, 0o600)
	}
	if err != nil {
		return fmt.Errorf("write owner: %w", err)
	}
	return nil
}

func readOwner(dir string) (o owner, err error) {
	b, err := os.ReadFile(filepath.Join(dir, ownerFile))
	if err == nil {
		err = json.Unmarshal(b, &o)
	}
	return o, err
}

// writeFile is there whole or not at all, also after a power cut.
func writeFile(name string, b []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// fill writes files below dir. A root never leaves its folder, whatever links
// the sandbox put there.
func (s *Sandbox) fill(root *os.Root, dir string, files map[string][]byte) error {
	if err := root.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	for name, b := range files {
		if !local(name) {
			return fmt.Errorf("bad file name %q", name)
		}
		name = path.Join(dir, name)
		if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
		if err := root.WriteFile(name, b, 0o644); err != nil {
			return fmt.Errorf("write file: %w", err)
		}
	}
	return s.give(root, dir)
}

// give makes the sandbox's user the owner of all below dir.
func (s *Sandbox) give(root *os.Root, dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return fs.WalkDir(root.FS(), dir, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("give folder: %w", err)
		}
		return root.Lchown(name, s.uid, s.gid)
	})
}

func (s *Sandbox) chown(name string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	if err := os.Lchown(name, s.uid, s.gid); err != nil {
		return fmt.Errorf("give folder: %w", err)
	}
	return nil
}

// Own gives a folder of the host and all below it to the user that commands
// run as, so that a Mount with Write works. Only root needs it.
func (s *Sandbox) Own(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open folder: %w", err)
	}
	defer func() { _ = root.Close() }()
	return s.give(root, ".")
}

// collectFile reads a regular file that no link leads to. Nothing may run in
// the container any more: what is looked at must stay what it is.
func collectFile(root *os.Root, name string) ([]byte, error) {
	at := ""
	for part := range strings.SplitSeq(name, "/") {
		at = path.Join(at, part)
		fi, err := root.Lstat(at)
		switch {
		case err != nil:
			return nil, err
		case at != name && !fi.IsDir(), at == name && !fi.Mode().IsRegular():
			return nil, fmt.Errorf("%w: not a regular file", errRefused)
		case at == name && fi.Size() > fileLimit:
			return nil, fmt.Errorf("%w: larger than %d bytes", errRefused, fileLimit)
		}
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, fileLimit))
}
