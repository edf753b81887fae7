package image

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// bare is a container with nothing but its image: no network, no rights, nothing
// that can be written but a small /tmp.
func bare(image string, argv ...string) client.ContainerCreateOptions {
	pids := int64(128)
	return client.ContainerCreateOptions{
		Config: &container.Config{Image: image, Entrypoint: argv[:1], Cmd: argv[1:], User: "65532:65532", NetworkDisabled: true, WorkingDir: "/tmp"},
		HostConfig: &container.HostConfig{
			NetworkMode: "none", ReadonlyRootfs: true, CapDrop: []string{"ALL"}, SecurityOpt: []string{"no-new-privileges"},
			Tmpfs:     map[string]string{"/tmp": "size=16m,mode=1777"},
			Resources: container.Resources{Memory: 1 << 30, PidsLimit: &pids},
		},
	}
}

// trial is how long a program may take to tell its version.
const trial = time.Minute

// version runs a program of the finished image, and gives the first line of what
// it says. That a program is there does not mean that it runs.
func (e engine) version(ctx context.Context, image string, argv ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, trial)
	defer cancel()
	c, err := e.cli.ContainerCreate(ctx, bare(image, argv...))
	if err != nil {
		return "", fmt.Errorf("make container: %w", err)
	}
	defer e.drop(ctx, c.ID)
	if _, err := e.cli.ContainerStart(ctx, c.ID, client.ContainerStartOptions{}); err != nil {
		return "", fmt.Errorf("run %s: %w", argv[0], err)
	}
	w := e.cli.ContainerWait(ctx, c.ID, client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
	var code int64
	select {
	case r := <-w.Result:
		code = r.StatusCode
	case err := <-w.Error:
		return "", fmt.Errorf("wait for %s: %w", argv[0], err)
	}
	said, err := e.said(ctx, c.ID)
	if err != nil {
		return "", err
	}
	if code != 0 {
		return "", fmt.Errorf("%s ended with code %d: %s", argv[0], code, lastLine(said))
	}
	first, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
	return first, nil
}

func (e engine) said(ctx context.Context, id string) (string, error) {
	logs, err := e.cli.ContainerLogs(ctx, id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true})
	if err != nil {
		return "", fmt.Errorf("read output: %w", err)
	}
	defer func() { _ = logs.Close() }()
	var out, errs bytes.Buffer
	if _, err := stdcopy.StdCopy(&out, &errs, logs); err != nil {
		return "", fmt.Errorf("read output: %w", err)
	}
	return out.String() + errs.String(), nil
}
