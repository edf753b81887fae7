package tofu

import (
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

// Standing is which state there is. The zero value stands for none yet.
type Standing struct {
	Serial  int64  `json:"serial"`
	Lineage string `json:"lineage"`
}

// HasState tells whether a stack has a folder for its state.
func HasState(s agent.Stack) bool {
	if s.State == "" {
		return false
	}
	fi, err := os.Stat(s.State)
	return err == nil && fi.IsDir()
}

// ReadState reads the standing of a stack from the host's folder. A sandbox may
// have written there, so that only a plain file within the folder is read.
func ReadState(s agent.Stack) (now Standing, err error) {
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
		return Standing{}, fmt.Errorf("read state: %w", err)
	}
	return now, nil
}
