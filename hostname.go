package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// hostName names the machine whose sandbox keeps its records in a data folder: made at
// the first start, the same from then on, and no other machine's. Host names and paths
// are often the same on several.
func hostName(dataDir string) (string, error) {
	file := filepath.Join(dataDir, "host")
	b, err := os.ReadFile(file)
	if err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read name of this machine: %w", err)
	}
	name := rand.Text()
	f, err := os.CreateTemp(dataDir, "host.*")
	if err != nil {
		return "", fmt.Errorf("name this machine: %w", err)
	}
	_, werr := f.WriteString(name + "\n")
	err = errors.Join(werr, f.Close())
	if err == nil {
		err = os.Link(f.Name(), file) // whole, and of the first one only
	}
	_ = os.Remove(f.Name())
	if errors.Is(err, fs.ErrExist) {
		return hostName(dataDir)
	}
	if err != nil {
		return "", fmt.Errorf("name this machine: %w", err)
	}
	return name, nil
}
