package tofu

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/json"
)

// Bounds of the code of one stack.
const (
	codeFile    = 1 << 20 // bytes of one file
	codeModules = 500
)

// Check refuses code that must not even be planned: a plan already runs code.
// It looks at the root module in directory and at every local module that it
// calls; files is the whole tree. An empty list of providers checks none.
func Check(files map[string][]byte, directory string, providers []string) error {
	c := checker{files: files, allowed: map[string]bool{}, seen: map[string]bool{}}
	for _, p := range providers {
		c.allowed[address(p)] = true
	}
	c.next = []string{path.Clean("./" + directory)}
	for len(c.next) > 0 {
		dir := c.next[0]
		c.next = c.next[1:]
		if c.seen[dir] {
			continue
		}
		if c.seen[dir] = true; len(c.seen) > codeModules {
			return fmt.Errorf("more than %d modules", codeModules)
		}
		if err := c.module(dir); err != nil {
			return err
		}
	}
	return nil
}

type checker struct {
	files   map[string][]byte
	allowed map[string]bool
	seen    map[string]bool
	next    []string
}

// module reads all files of one folder before it judges: which provider a name
// stands for may be said in another file.
func (c *checker) module(dir string) error {
	var names []string
	for name := range c.files {
		if path.Dir(name) == dir && isCode(name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("there is no code in %q", dir)
	}
	slices.Sort(names)
	m := module{checker: c, dir: dir, sources: map[string]string{}}
	for _, name := range names {
		if stem(name) == stem(backendFile) {
			return fmt.Errorf("%s: this name is Interlock's own, rename the file", Line(name))
		}
		body, err := parseCode(name, c.files[name])
		if err != nil {
			return err
		}
		if err := m.root(body); err != nil {
			return err
		}
	}
	return m.providers()
}

// isCode knows the four endings that OpenTofu loads.
func isCode(name string) bool {
	base := path.Base(name)
	if strings.HasPrefix(base, ".") || strings.HasSuffix(base, "~") {
		return false
	}
	return stem(name) != base
}

// stem is a name without its folder and one of the four endings: of two files with
// the same one OpenTofu loads that which ends in .tofu.
func stem(name string) string {
	base := path.Base(name)
	for _, e := range []string{".tf.json", ".tofu.json", ".tf", ".tofu"} {
		if s, ok := strings.CutSuffix(base, e); ok {
			return s
		}
	}
	return base
}

// isOverride tells whether OpenTofu merges a file over all others.
func isOverride(name string) bool {
	return stem(name) == "override" || strings.HasSuffix(stem(name), "_override")
}

func parseCode(name string, b []byte) (hcl.Body, error) {
	if len(b) > codeFile {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, codeFile)
	}
	if tooDeep(name, b) {
		return nil, fmt.Errorf("%s: nested too deeply", name)
	}
	var f *hcl.File
	var diags hcl.Diagnostics
	if strings.HasSuffix(name, ".json") {
		f, diags = json.Parse(b, name)
	} else {
		f, diags = hclsyntax.ParseConfig(b, name, hcl.InitialPos)
	}
	if diags.HasErrors() {
		return nil, said(diags)
	}
	return f.Body, nil
}

// said is the first error, with its file and line.
func said(diags hcl.Diagnostics) error {
	for _, d := range diags {
		if d.Severity != hcl.DiagError {
			continue
		}
		if d.Subject == nil {
			return errors.New(Line(d.Summary + ": " + d.Detail))
		}
		return at(*d.Subject, "%s: %s", d.Summary, d.Detail)
	}
	return nil
}

func at(r hcl.Range, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", Line(r.Filename), r.Start.Line, short(fmt.Sprintf(format, args...), 4*valueLimit))
}

// literal is a string that stands in the code as it is.
func literal(e hcl.Expression) (string, bool) {
	var s string
	diags := gohcl.DecodeExpression(e, nil, &s)
	return s, !diags.HasErrors()
}
