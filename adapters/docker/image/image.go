// Package image makes the image that sandboxes run: from Debian's packages, from
// Go modules that are built here, and from files that a person names. It needs an
// engine and no registry. It must never know what the programs are used for.
package image

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/moby/moby/client"
)

// Options say what image is made, and where. Host, Tag and Spec are needed.
type Options struct {
	Host    string // address of the engine
	Tag     string // NAME or NAME:TAG
	Base    string // an image that the engine has; empty is none
	Spec    Spec
	Cache   string        // folder for what is fetched and built; empty is the usual one
	Limit   time.Duration // of the build of one tool: 8 minutes
	Version string        // of this Interlock
	Log     *slog.Logger
}

// Report is what was made.
type Report struct {
	Tag      string `json:"tag"`
	ID       string `json:"id"`    // content id: the same parts have the same one
	Layer    string `json:"layer"` // digest of the one layer
	SBOM     string `json:"sbom"`  // digest of the list of parts
	Size     int64  `json:"size"`  // bytes
	Included []Part `json:"included"`
	Missing  []Gap  `json:"not_included"`
	List     []byte `json:"-"` // the list of parts, CycloneDX 1.6
}

// Part is one thing in an image.
type Part struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"` // empty is not known
	Says    string `json:"says,omitempty"`    // what it said of itself when it was tried
	Source  string `json:"source"`
	SHA256  string `json:"sha256"` // of a program or file; of a Debian package as it was fetched
	License string `json:"license,omitempty"`
	Note    string `json:"note,omitempty"`
	Debian  bool   `json:"debian,omitempty"`
	Needed  bool   `json:"needed,omitempty"` // nobody asked for it, something else needs it

	at     string   // where it is in the image
	module string   // that it was built from
	check  []string // command that makes it tell its version
}

// Gap is one thing that an image lacks although it was to have it, or has and
// cannot run.
type Gap struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
	Do     string `json:"do"`
	Inside bool   `json:"in_image,omitempty"` // it is in the image, and does not run
}

// Works says whether all that is in the image and could be tried runs.
func (r Report) Works() bool {
	return !slices.ContainsFunc(r.Missing, func(g Gap) bool { return g.Inside })
}

// Build makes an image and gives it to the engine. What cannot be had is told in
// the report and never made up; what a person named and cannot be used is a
// *RefusedError.
func Build(ctx context.Context, o Options) (r Report, err error) {
	if o, err = o.withDefaults(); err != nil {
		return r, err
	}
	cli, err := client.New(client.FromEnv, client.WithHost(o.Host), client.WithUserAgent("interlock"))
	if err != nil {
		return r, fmt.Errorf("find engine: %w", err)
	}
	defer func() { err = errors.Join(err, cli.Close()) }()
	b := &build{o: o, engine: engine{cli}, tree: newTree()}
	if b.arch, err = b.engine.arch(ctx); err != nil {
		return r, err
	}
	if err := os.MkdirAll(o.Cache, 0o700); err != nil {
		return r, fmt.Errorf("make cache: %w", err)
	}
	if b.spool, err = newSpool(o.Cache); err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, b.spool.close()) }()
	if err := b.fill(ctx); err != nil {
		return r, err
	}
	return b.finish(ctx)
}

// goodTag is NAME or NAME:TAG; the engine has its own rules beside it.
var goodTag = regexp.MustCompile(`^[a-z0-9]+([._/-]+[a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$`)

func (o Options) withDefaults() (Options, error) {
	m := goodTag.FindStringSubmatch(o.Tag)
	if m == nil {
		return o, &RefusedError{What: fmt.Sprintf("the tag %q", o.Tag), Why: "an image is called NAME or NAME:TAG, in small letters"}
	}
	if m[2] == "" {
		o.Tag += ":latest"
	}
	if o.Cache == "" {
		o.Cache = cacheDir()
	}
	if o.Limit <= 0 {
		o.Limit = 8 * time.Minute
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// cacheDir is where the setup script keeps what it makes, too.
func cacheDir() string {
	if dir := os.Getenv("INTERLOCK_CACHE"); dir != "" {
		return dir
	}
	base := os.Getenv("XDG_CACHE_HOME")
	if base == "" {
		home, _ := os.UserHomeDir()
		base = filepath.Join(home, ".cache")
	}
	return filepath.Join(base, "interlock")
}

//go:embed etc
var etc embed.FS
