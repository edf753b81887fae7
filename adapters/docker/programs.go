package docker

import (
	"context"
	"slices"
	"strings"

	cerrdefs "github.com/containerd/errdefs"

	"interlock/agent"
)

// ToolsLabel is where an image that we made names its programs, with commas between.
const ToolsLabel = "interlock.tools"

// Programs are the programs that an image holds, by its labels. An image that
// we did not make does not tell: known is false then.
func Programs(labels map[string]string) (names []string, known bool) {
	list, known := labels[ToolsLabel]
	if !known || list == "" {
		return nil, known
	}
	return strings.Split(list, ","), true
}

// Missing are those of the named programs that an image is known not to hold. Of
// an image that does not tell, nothing is known to be missing.
func Missing(labels map[string]string, names ...string) (missing []string) {
	has, known := Programs(labels)
	if !known {
		return nil
	}
	for _, name := range names {
		if !slices.Contains(has, name) {
			missing = append(missing, name)
		}
	}
	return missing
}

// MissingError reports that a command would not find its program in an image. Its
// text is one line and says what to do.
type MissingError struct {
	Image    string
	Programs []string
}

// Error is one line for a person.
func (e *MissingError) Error() string {
	return "the image " + e.Image + " has no " + strings.Join(e.Programs, ", no ") +
		": nothing was run; build one that has it (interlock sandbox build), or name another image"
}

// missing is the output of a command whose programs its image is known not to hold;
// nothing is started for it.
func (s *Sandbox) missing(ctx context.Context, c agent.Command) (out agent.Output, lacks bool, err error) {
	if len(c.Needs) == 0 {
		return out, false, nil
	}
	img, err := s.cli.ImageInspect(ctx, c.Image)
	switch {
	case cerrdefs.IsNotFound(err), err == nil && img.Config == nil:
		return out, false, nil // it is told where the container is made
	case err != nil:
		return out, false, s.wrap("look up image", err)
	}
	if names := Missing(img.Config.Labels, c.Needs...); len(names) > 0 {
		return agent.Output{Code: neverStarted, Stderr: note("%s", &MissingError{c.Image, names}), Image: img.ID}, true, nil
	}
	return out, false, nil
}

// neverStarted is the customary exit code of a program that is not there.
const neverStarted = 127
