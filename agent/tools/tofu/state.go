package tofu

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"interlock/agent"
)

// stateFile is the state in a stack's folder of state, here and in the container.
const stateFile = "terraform.tfstate"

// stateLimit bounds a state in bytes.
const stateLimit = 256 << 20

// State is which state there is. The zero value stands for none yet.
type State struct {
	Serial  int64  `json:"serial"`
	Lineage string `json:"lineage"`
}

// Standing is what a plan of a stack stands on: its state, and how many live changes of
// it had begun. A change that puts drift back leaves the state as it was (measured), so
// that the state alone does not tell.
type Standing struct {
	State
	Changed int64 `json:"changed,omitempty"`
}

// Changes counts the live changes of a stack that have begun.
type Changes interface {
	Changes(ctx context.Context, org, stack string) (int64, error)
}

// Standing reads what a stack stands on now.
func (d Deps) Standing(ctx context.Context, s agent.Stack) (now Standing, err error) {
	if now.State, err = ReadState(s); err != nil || d.Changes == nil {
		return now, err
	}
	now.Changed, err = d.Changes.Changes(ctx, s.Org, s.Name)
	return now, err
}

// HasState tells whether a stack has a folder for its state.
func HasState(s agent.Stack) bool {
	if s.State == "" {
		return false
	}
	fi, err := os.Stat(s.State)
	return err == nil && fi.IsDir()
}

// ReadState reads which state a stack has from the host's folder. A sandbox may
// have written there, so that only a plain file within the folder is read.
func ReadState(s agent.Stack) (now State, err error) {
	if s.State == "" {
		return now, nil
	}
	root, err := os.OpenRoot(s.State)
	if errors.Is(err, fs.ErrNotExist) {
		return now, nil
	}
	if err != nil {
		return now, fmt.Errorf("open state folder: %w", err)
	}
	defer func() { _ = root.Close() }()
	fi, err := root.Lstat(stateFile)
	if errors.Is(err, fs.ErrNotExist) {
		return now, nil
	}
	if err != nil {
		return now, fmt.Errorf("read state: %w", err)
	}
	if !fi.Mode().IsRegular() {
		return now, errors.New("read state: not a plain file")
	}
	f, err := root.Open(stateFile)
	if err != nil {
		return now, fmt.Errorf("read state: %w", err)
	}
	defer func() { _ = f.Close() }()
	if err := json.NewDecoder(io.LimitReader(f, stateLimit)).Decode(&now); err != nil {
		return State{}, fmt.Errorf("read state: %w", err)
	}
	return now, nil
}
