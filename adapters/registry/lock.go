package registry

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// LockFile is the name of the file beside a root module's code.
const LockFile = ".terraform.lock.hcl"

// Bounds of a lock file. The parser works by recursion, and a stack that overflows
// ends the process; nothing nests without one of these signs.
const (
	lockLimit = 1 << 20 // bytes
	nestSigns = "[{(!-?"
	nestLimit = 5000
)

// Locked is what a lock file says of one provider: the version that was chosen,
// and the hashes of which one must be met. "h1:" is of the unpacked folder, "zh:"
// of an archive as it was published.
type Locked struct {
	Provider Provider
	Version  string
	Hashes   []string
}

// has tells whether the lock file vouches for a hash.
func (l Locked) has(hash string) bool { return slices.Contains(l.Hashes, hash) }

// ParseLock reads a lock file. It is the anchor of all that is fetched, so anything
// in it that is not understood refuses the whole.
func ParseLock(b []byte) ([]Locked, error) {
	if len(b) > lockLimit {
		return nil, fmt.Errorf("%s is larger than %d bytes", LockFile, lockLimit)
	}
	if signs(b) > nestLimit {
		return nil, fmt.Errorf("%s is nested too deeply", LockFile)
	}
	f, diags := hclsyntax.ParseConfig(b, LockFile, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, said(diags)
	}
	var file struct {
		Providers []struct {
			Source      string   `hcl:"source,label"`
			Version     string   `hcl:"version"`
			Constraints string   `hcl:"constraints,optional"`
			Hashes      []string `hcl:"hashes,optional"`
		} `hcl:"provider,block"`
	}
	if diags := gohcl.DecodeBody(f.Body, nil, &file); diags.HasErrors() {
		return nil, said(diags)
	}
	var all []Locked
	for _, p := range file.Providers {
		l, err := locked(p.Source, p.Version, p.Hashes)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(o Locked) bool { return o.Provider == l.Provider }) {
			return nil, fmt.Errorf("%s names %s twice", LockFile, l.Provider)
		}
		all = append(all, l)
	}
	return all, nil
}

func locked(source, version string, hashes []string) (Locked, error) {
	p, err := ParseProvider(source)
	if err != nil {
		return Locked{}, fmt.Errorf("%s: %w", LockFile, err)
	}
	if !fits(versions, version) {
		return Locked{}, fmt.Errorf("%s: %s: %.*q is no version", LockFile, p, partLimit, version)
	}
	return Locked{p, version, hashes}, nil
}

func signs(b []byte) (n int) {
	for _, s := range []byte(nestSigns) {
		n += bytes.Count(b, []byte{s})
	}
	return n
}

// said is the first of what is wrong, in one line.
func said(diags hcl.Diagnostics) error {
	d := diags[slices.IndexFunc(diags, func(d *hcl.Diagnostic) bool { return d.Severity == hcl.DiagError })]
	line := 0
	if d.Subject != nil {
		line = d.Subject.Start.Line
	}
	return fmt.Errorf("%s:%d: %s", LockFile, line, strings.ToLower(d.Summary))
}
