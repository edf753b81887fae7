package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// handOver is how long a process that starts waits for the one before it to end: a
// restart may overlap.
const handOver = 10 * time.Second

// onlyOne lets one process at a time serve from a data folder: what is not in the
// database, such as containers and workspaces, has one owner. The lock ends with the
// process, however it ends.
func onlyOne(dataDir string, wait time.Duration) (release func() error, err error) {
	f, err := os.OpenFile(filepath.Join(dataDir, "serve.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	for until := time.Now().Add(wait); ; time.Sleep(50 * time.Millisecond) {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) //nolint:gosec // a descriptor is small
		switch {
		case err == nil:
			return f.Close, nil
		case !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(until):
			return nil, errors.Join(busy(dataDir, err), f.Close())
		}
	}
}

func busy(dataDir string, err error) error {
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("another interlock serves from %s: stop that one, or give this one a data_dir of its own", dataDir)
	}
	return fmt.Errorf("lock data folder: %w", err)
}
