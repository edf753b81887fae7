package image

import (
	"bytes"
	_ "embed" // for the table
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"gopkg.in/yaml.v3"
)

// Spec says what goes into an image.
type Spec struct {
	Debian []string `yaml:"debian"` // packages, NAME or NAME=VERSION, where this machine has Debian's
	Tools  []Tool   `yaml:"tools"`
	Files  []File   `yaml:"files"`
}

// Tool is one program below /usr/local/bin, and where it comes from: a file, or a
// Go module that is built here. With a name alone it is the tool of that name from
// the built-in table.
type Tool struct {
	Name    string   `yaml:"name"`
	License string   `yaml:"license"` // SPDX identifier
	Check   []string `yaml:"check"`   // arguments that make it tell its version; none is not tried
	For     string   `yaml:"for"`     // stands in for the program of this name, if there is none

	Path   string `yaml:"path"`   // a file on this machine
	SHA256 string `yaml:"sha256"` // of that file; empty is not checked
	Cached string `yaml:"cached"` // pattern of a file in the cache folder; ARCH stands for the engine's

	Module  string            `yaml:"module"`
	Package string            `yaml:"package"` // with the main function; empty is the module's own
	Version string            `yaml:"version"`
	Sum     string            `yaml:"sum"`     // of the module, as in go.sum
	Modules map[string]string `yaml:"modules"` // by architecture: digest of all modules that get compiled in, with their sums
	Replace []string          `yaml:"replace"` // OLD=NEW@VERSION, where the module's own go.mod has it
	Main    string            `yaml:"main"`    // Go source of the main function, of a module that has none
	LDFlags string            `yaml:"ldflags"`
	Allow   string            `yaml:"goexperiment"` // what of Go itself it needs that is not settled yet
}

// File is one more file of an image, such as a provider of OpenTofu's.
type File struct {
	From   string `yaml:"from"`
	To     string `yaml:"to"`
	SHA256 string `yaml:"sha256"`
}

//go:embed tools.yaml
var table []byte

// Default is what an image holds when nobody says otherwise.
func Default() (Spec, error) { return decode(table) }

// Load reads a file that says what goes into an image. A list that it leaves out
// is the built-in one; paths in it start at its folder.
func Load(file string) (Spec, error) {
	b, err := os.ReadFile(file) //nolint:gosec // a person named it
	if err != nil {
		return Spec{}, err
	}
	s, err := decode(b)
	if err != nil {
		return Spec{}, fmt.Errorf("read %s: %w", file, err)
	}
	def, err := Default()
	if err != nil {
		return Spec{}, err
	}
	if s.Debian == nil {
		s.Debian = def.Debian
	}
	if s.Tools == nil {
		s.Tools = def.Tools
	}
	dir := filepath.Dir(file)
	for i, t := range s.Tools {
		if s.Tools[i], err = known(t, def.Tools); err != nil {
			return Spec{}, fmt.Errorf("read %s: %w", file, err)
		}
		s.Tools[i].Path = from(dir, s.Tools[i].Path)
	}
	for i, f := range s.Files {
		s.Files[i].From = from(dir, f.From)
	}
	return s, nil
}

func from(dir, file string) string {
	if file == "" || filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(dir, file)
}

// known completes a tool that has a name alone.
func known(t Tool, table []Tool) (Tool, error) {
	if t.Path != "" || t.Cached != "" || t.Module != "" {
		return t, nil
	}
	i := slices.IndexFunc(table, func(k Tool) bool { return k.Name == t.Name })
	if i < 0 {
		return t, &RefusedError{What: fmt.Sprintf("the tool %q", t.Name), Why: "the built-in table does not have it, and neither path nor module says where it comes from"}
	}
	return table[i], nil
}

func decode(b []byte) (s Spec, err error) {
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&s); err != nil && !errors.Is(err, io.EOF) {
		return Spec{}, fmt.Errorf("decode list: %w", err)
	}
	for _, t := range s.Tools {
		if err := t.check(); err != nil {
			return Spec{}, err
		}
	}
	for _, f := range s.Files {
		if f.From == "" || !filepath.IsAbs(f.To) {
			return Spec{}, &RefusedError{What: fmt.Sprintf("the file %q", f.From), Why: "from is a file here, to a path in the image that begins with /"}
		}
	}
	return s, nil
}

// check holds a module to its pin: one that has none could be anything.
func (t Tool) check() error {
	if err := checkName(t.Name); err != nil {
		return err
	}
	if t.For != "" {
		if err := checkName(t.For); err != nil {
			return err
		}
	}
	if t.Module != "" && (t.Version == "" || t.Sum == "") {
		return &RefusedError{What: "the tool " + t.Name, Why: "a module needs version and sum, which is its line in go.sum"}
	}
	return nil
}

// With puts named programs into the list, instead of what has the same name.
func (s Spec) With(paths map[string]string) Spec {
	tools := slices.Clone(s.Tools)
	for _, name := range slices.Sorted(maps.Keys(paths)) {
		i := slices.IndexFunc(tools, func(t Tool) bool { return t.Name == name })
		if i < 0 {
			tools = append(tools, Tool{Name: name, Path: paths[name]})
			continue
		}
		tools[i] = Tool{Name: name, Path: paths[name], License: tools[i].License, Check: tools[i].Check}
	}
	s.Tools = tools
	return s
}
