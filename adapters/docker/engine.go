package docker

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/client"

	"interlock/agent"
)

// EngineError reports that there is no engine to run sandboxes on. Its text is
// one line and says what to do.
type EngineError struct {
	Host string
	Err  error
}

// Error is one line for a person.
func (e *EngineError) Error() string {
	return fmt.Sprintf("no Docker engine answers at %s: start Docker, Docker Desktop or Colima, correct DOCKER_HOST, or run scripts/setup.sh engine", e.Host)
}

// Unwrap is the cause.
func (e *EngineError) Unwrap() error { return e.Err }

// ImageError reports that the engine does not have an image. Images are never
// pulled in passing: what runs is what was put there.
type ImageError struct{ Image string }

// Error is one line for a person.
func (e *ImageError) Error() string {
	if e.Image == "" {
		return "no sandbox image is named: make one with interlock sandbox build, and name it in sandbox.image"
	}
	return fmt.Sprintf("the engine has no image %q: make it with interlock sandbox build --tag %[1]s (the demo's own: scripts/setup.sh image), or load it into the engine", e.Image)
}

// findEngine prefers what was asked for, then DOCKER_HOST, then the sockets
// that Docker, rootless Docker, Docker Desktop, Colima, OrbStack and Rancher
// Desktop make.
func findEngine(asked string) string {
	if asked != "" {
		return asked
	}
	if host := os.Getenv(client.EnvOverrideHost); host != "" {
		return host
	}
	home, _ := os.UserHomeDir()
	for _, path := range []string{
		"/var/run/docker.sock",
		filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "docker.sock"),
		filepath.Join(home, ".docker/run/docker.sock"),
		filepath.Join(home, ".docker/desktop/docker.sock"),
		filepath.Join(home, ".colima/default/docker.sock"),
		filepath.Join(home, ".colima/docker.sock"),
		filepath.Join(home, ".orbstack/run/docker.sock"),
		filepath.Join(home, ".rd/docker.sock"),
	} {
		if fi, err := os.Stat(path); err == nil && fi.Mode()&os.ModeSocket != 0 && filepath.IsAbs(path) {
			return "unix://" + path
		}
	}
	return "unix:///var/run/docker.sock" // where one may still come to be
}

// wrap names the operation, and tells a missing engine from a failing one.
func (s *Sandbox) wrap(op string, err error) error {
	if client.IsErrConnectionFailed(err) {
		err = &EngineError{Host: s.host, Err: err}
	}
	return fmt.Errorf("%s: %w", op, err)
}

// Engine is what doctor tells of an engine.
type Engine struct {
	Host, Version, API, OS, Kernel, Runc string
	Cgroup                               string // "1" or "2"
	Init                                 bool   // has an init for containers
	Rootless                             bool
}

// facts are what the host configuration depends on; they are asked once.
type facts struct{ init, rootless bool }

// Ping asks the engine what it is.
func (s *Sandbox) Ping(ctx context.Context) (Engine, error) {
	v, err := s.cli.ServerVersion(ctx, client.ServerVersionOptions{})
	if err != nil {
		return Engine{}, s.wrap("ask engine", err)
	}
	info, err := s.cli.Info(ctx, client.InfoOptions{})
	if err != nil {
		return Engine{}, s.wrap("ask engine", err)
	}
	e := Engine{
		Host: s.host, Version: v.Version, API: v.APIVersion,
		OS: info.Info.OperatingSystem, Kernel: info.Info.KernelVersion, Cgroup: info.Info.CgroupVersion,
		Init:     info.Info.InitCommit.ID != "N/A",
		Rootless: slices.Contains(info.Info.SecurityOptions, "name=rootless"),
	}
	for _, c := range v.Components {
		if c.Name == "runc" {
			e.Runc = c.Version
		}
	}
	return e, nil
}

func (s *Sandbox) engineFacts(ctx context.Context) (facts, error) {
	s.mu.Lock()
	known := s.facts
	s.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	e, err := s.Ping(ctx)
	if err != nil {
		return facts{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.facts = &facts{init: e.Init, rootless: e.Rootless}
	return *s.facts, nil
}

// Image is the content id of an image that the engine has; "" is the default
// one. An image that it does not have is agent.ErrNotFound.
func (s *Sandbox) Image(ctx context.Context, name string) (string, error) {
	if name == "" {
		name = s.o.Image
	}
	if name == "" {
		return "", fmt.Errorf("%w: %w", agent.ErrNotFound, &ImageError{})
	}
	img, err := s.cli.ImageInspect(ctx, name)
	if cerrdefs.IsNotFound(err) {
		return "", fmt.Errorf("%w: %w", agent.ErrNotFound, &ImageError{Image: name})
	}
	if err != nil {
		return "", s.wrap("look up image", err)
	}
	return img.ID, nil
}
