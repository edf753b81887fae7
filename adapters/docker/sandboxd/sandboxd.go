// Package sandboxd keeps the engine's socket in one process. Its server has six
// verbs (create, exec, write, read, stop, sweep) and what a container may do is
// fixed on its side: whoever calls names a command, never how it is held. Its client
// is the sandbox of everybody else. It must never know why a command runs: no
// policy, no store, no chat.
package sandboxd

import (
	"errors"
	"fmt"
	"slices"

	"interlock/adapters/docker"
	"interlock/agent"
)

// Rules are what a caller may ask for beside the defaults of the server. The zero
// value allows the default image and no mount.
type Rules struct {
	Mounts []agent.Mount // each exactly; Write when it may be asked for so
	Images []string
}

// errRules is a request that no honest caller makes.
var errRules = errors.New("not allowed here")

func (r Rules) check(c agent.Command) error {
	if c.Image != "" && !slices.Contains(r.Images, c.Image) {
		return fmt.Errorf("image %q: %w", c.Image, errRules)
	}
	for _, m := range c.Mounts {
		if !slices.ContainsFunc(r.Mounts, func(k agent.Mount) bool { return k.From == m.From && k.To == m.To && (k.Write || !m.Write) }) {
			return fmt.Errorf("mount of %q at %q: %w", m.From, m.To, errRules)
		}
	}
	return nil
}

// execution is a command on its way. ID is the caller's own, by which it may stop
// it; Seed is the folder that is filled once.
type execution struct {
	ID      string
	Command agent.Command
	Seed    string `json:",omitempty"`
}

// filling is what a seed's folder gets.
type filling struct {
	Command agent.Command
	Seed    string
	Files   map[string][]byte
}

// question is what can be read: the output of a fresh call that was begun, the id
// of an image, or what the engine is.
type question struct {
	Of      string // "output", "image" or "engine"
	Command agent.Command
	Image   string
}

// answer is what came of any verb.
type answer struct {
	Output *agent.Output  `json:",omitempty"`
	Unsown bool           `json:",omitempty"` // the seed is wanted first
	Image  string         `json:",omitempty"`
	Engine *docker.Engine `json:",omitempty"`
	Owned  []owned        `json:",omitempty"`
	Gone   int            `json:",omitempty"`
	Fault  *fault         `json:",omitempty"`
}

// owned names whose something is.
type owned struct{ Org, Session, Call string }

// stopping names an execution, or the session whose all is to be removed.
type stopping struct {
	ID           string
	Org, Session string
}

// sweeping removes what is Gone; without a Call of its own it only tells what
// there is.
type sweeping struct {
	Look bool
	Gone []owned
}

// fault is an error on its way, so that it can be told by its type again.
type fault struct {
	Kind string // "not found", "gone", "engine", "image", "runner" or "other"
	Of   string // the engine's address, the image's name
	Text string
}

func faultOf(err error) *fault {
	f := &fault{Kind: "other", Text: err.Error()}
	var engine *docker.EngineError
	var image *docker.ImageError
	var runner *docker.RunnerError
	switch {
	case errors.As(err, &image):
		f.Kind, f.Of = "image", image.Image
		if errors.Is(err, agent.ErrNotFound) {
			f.Kind = "no image"
		}
	case errors.Is(err, agent.ErrNotFound):
		f.Kind = "not found"
	case errors.Is(err, agent.ErrGone):
		f.Kind = "gone"
	case errors.As(err, &engine):
		f.Kind, f.Of = "engine", engine.Host
	case errors.As(err, &runner):
		f.Kind, f.Text = "runner", runner.Err.Error()
	}
	return f
}

func (f *fault) err() error {
	switch cause := errors.New(f.Text); f.Kind {
	case "image":
		return &docker.ImageError{Image: f.Of}
	case "no image":
		return fmt.Errorf("%w: %w", agent.ErrNotFound, &docker.ImageError{Image: f.Of})
	case "not found":
		return agent.ErrNotFound
	case "gone":
		return agent.ErrGone
	case "engine":
		return &docker.EngineError{Host: f.Of, Err: cause}
	case "runner":
		return &docker.RunnerError{Err: cause}
	default:
		return cause
	}
}
