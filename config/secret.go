package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// secretLimit is the most that a secret's file may hold, in bytes.
const secretLimit = 64 * kib

// hidden is what every way of printing a Secret shows.
const hidden = "<secret>"

var errPlain = errors.New(`must be "env:NAME" or "file:PATH": a secret never stands in this file itself`)

// Secret is given as "env:NAME" or "file:PATH" and prints as <secret>. Reveal
// gives the value that Load has read.
type Secret struct{ ref, value string }

// Reveal is the one way to the value.
func (s Secret) Reveal() string { return s.value }

// Set tells whether there is a value.
func (s Secret) Set() bool { return s.value != "" }

func (Secret) String() string { return hidden }

// GoString keeps %#v from showing what String hides.
func (Secret) GoString() string { return hidden }

// Format keeps every other verb, such as %d, from printing the fields.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalText hides the value in JSON and YAML.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// UnmarshalYAML keeps the reference and refuses a plain value without repeating
// it. Load reads the value behind the reference.
func (s *Secret) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode {
		return errPlain
	}
	kind, name, ok := strings.Cut(n.Value, ":")
	if !ok || name == "" || kind != "env" && kind != "file" {
		return errPlain
	}
	*s = Secret{ref: n.Value}
	return nil
}

// resolve reads the value behind the reference. A relative file is below dir.
func (s *Secret) resolve(dir string, env map[string]string) error {
	kind, name, _ := strings.Cut(s.ref, ":")
	if kind == "env" {
		if s.value = env[name]; s.value == "" {
			return fmt.Errorf("the environment variable %s is not set", shown(name))
		}
		return nil
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	data, err := readFile(name, secretLimit)
	if err != nil {
		return err
	}
	if s.value = strings.TrimRight(string(data), "\r\n"); s.value == "" {
		return fmt.Errorf("the file %s is empty", shown(name))
	}
	return nil
}

// readFile reads a regular file of at most limit bytes.
func readFile(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", shown(name))
	case info.Size() > limit:
		return nil, fmt.Errorf("%s is larger than %d bytes", shown(name), limit)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	return io.ReadAll(io.LimitReader(f, limit))
}
