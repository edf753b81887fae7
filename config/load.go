package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"strings"

	"gopkg.in/yaml.v3"
)

// fileLimit is the most that the file may hold, in bytes.
const fileLimit = 4 * mib

// Load decodes the file over Default and the environment over both, and checks
// the whole. An empty path is no file. Relative paths are below the file's
// folder and become absolute. environ is as os.Environ gives it.
//
// The warnings are things to look at; the error is a Problems with everything
// that is wrong, and then the Config must not be used.
func Load(path string, environ []string) (c Config, warnings Problems, err error) {
	return loadFile(path, environ, false)
}

// LoadBlind is Load without reading any secret: each that is named has a value that
// says nothing. It is for a process that needs none.
func LoadBlind(path string, environ []string) (c Config, warnings Problems, err error) {
	return loadFile(path, environ, true)
}

func loadFile(path string, environ []string, blind bool) (c Config, warnings Problems, err error) {
	c = Default()
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return c, nil, fmt.Errorf("find the folder: %w", err)
	}
	d := &decoder{places: places{path, map[string]place{}}, dir: dir, env: lookup(environ), blind: blind}
	if path != "" {
		data, err := readFile(path, fileLimit)
		if err != nil {
			return c, nil, Problems{{File: path, Text: err.Error()}}
		}
		d.document(data, &c)
	}
	used := d.environment(reflect.ValueOf(&c).Elem(), "")
	c.complete()
	twice := c.expand(&d.places)
	c.anchor(dir)
	own, alone := c.elsewhere(d)
	warnings, wrong := c.check(&d.places)
	warnings, wrong = append(warnings, own...), append(append(wrong, alone...), twice...)
	warnings = append(warnings, d.strays(used)...)
	return c, warnings.sorted(), d.all(wrong).err()
}

// document decodes the one document of a file. It tells whether there was one to
// read, or none.
func (d *decoder) document(data []byte, out any) bool {
	var doc yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	switch err := parse(dec, &doc); {
	case errors.Is(err, io.EOF):
		return true // an empty file
	case err != nil:
		d.problems = append(d.problems, d.syntax(err))
		return false
	}
	if err := parse(dec, new(yaml.Node)); !errors.Is(err, io.EOF) {
		d.report("", "holds more than one document")
	}
	d.value(doc.Content[0], reflect.ValueOf(out).Elem(), "")
	return true
}

// parse keeps a panic of the parser from being one of ours.
func parse(dec *yaml.Decoder, n *yaml.Node) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("cannot be read as YAML")
		}
	}()
	return dec.Decode(n)
}

// syntax drops the parser's words when they quote the file: that could be a
// secret in the wrong place.
func (d *decoder) syntax(err error) Problem {
	p := Problem{File: d.file, Text: strings.TrimPrefix(err.Error(), "yaml: ")}
	var line int
	if n, _ := fmt.Sscanf(p.Text, "line %d:", &line); n == 1 {
		_, text, _ := strings.Cut(p.Text, ": ")
		p.Line, p.Text = line, text
	}
	if strings.ContainsAny(p.Text, "'\"`") {
		p.Text = "cannot be read as YAML"
	}
	return p
}

// anchor makes paths absolute, so that nothing depends on where the process
// was started.
func (c *Config) anchor(dir string) {
	abs := func(path *string) {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(dir, *path)
		}
	}
	abs(&c.DataDir)
	abs(&c.Model.Script)
	abs(&c.Sandbox.Socket)
	abs(&c.Sandbox.Runner)
	abs(&c.Sandbox.Providers)
	for org, o := range c.Orgs {
		abs(&o.Policies)
		for name, s := range o.Scopes {
			abs(&s.File)
			o.Scopes[name] = s
		}
		if o.PolicyFrom != FromDatabase {
			abs(&o.PolicyFrom)
		}
		c.Orgs[org] = o
		for name, s := range o.Stacks {
			abs(&s.Repository)
			abs(&s.Path)
			abs(&s.State)
			for i := range s.Mounts {
				abs(&s.Mounts[i].From)
			}
			o.Stacks[name] = s
		}
	}
}
