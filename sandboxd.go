package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"interlock/adapters/docker"
	"interlock/adapters/docker/sandboxd"
	"interlock/agent"
	"interlock/agent/tools/tofu"
	"interlock/config"
)

// order is what a sandboxd needs to know. A child gets it from its parent, and
// reads no configuration.
type order struct {
	Socket  string
	Users   []int
	Options docker.Options
	Rules   sandboxd.Rules
}

func sandboxdCommand(file *string) *cobra.Command {
	var child bool
	var socket, dir string
	var users []int
	c := &cobra.Command{
		Use: "sandboxd", Short: "Hold the engine's socket, and run commands in containers for those who may not have it", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if child {
				return sandboxdChild(c.Context(), c.InOrStdin(), c.OutOrStdout())
			}
			cfg, _, err := config.LoadBlind(configFile(*file), os.Environ())
			if err != nil {
				return &coded{exitUse, err}
			}
			if socket == "" {
				socket = cfg.Sandbox.Socket
			}
			if socket == "" {
				return &coded{exitUse, errors.New("no socket: set sandbox.socket, or give --socket")}
			}
			o := orderOf(cfg, filepath.Join(cfg.DataDir, egressSocket), socket)
			o.Users = users
			if dir != "" {
				o.Options.DataDir = dir
			}
			return runSandboxd(c.Context(), o, logger(cfg.Log), c.OutOrStdout())
		},
	}
	f := c.Flags()
	f.StringVar(&socket, "socket", "", "where to listen (default sandbox.socket)")
	f.StringVar(&dir, "data-dir", "", "folder for workspaces, which should be nobody else's (default data_dir)")
	f.IntSliceVar(&users, "allow-user", nil, "ids of users who may call, beside the one that this runs as")
	f.BoolVar(&child, "child", false, "take everything from standard input, and end with it")
	_ = f.MarkHidden("child")
	return c
}

// orderOf allows what the configuration names: its images, the folders of its
// stacks, and that of the providers.
func orderOf(cfg config.Config, egress, socket string) order {
	o := order{Socket: socket, Options: sandboxOptions(cfg, egress, nil), Rules: sandboxd.Rules{
		Images: []string{cfg.Sandbox.Image}, Mounts: []agent.Mount{tofu.MirrorMount(mirror(cfg))},
	}}
	for _, org := range cfg.Orgs {
		for _, p := range org.Profiles {
			o.Rules.Images = append(o.Rules.Images, p.Image)
		}
		for _, s := range org.Stacks {
			o.Rules.Images = append(o.Rules.Images, s.Image)
			if s.State != "" {
				o.Rules.Mounts = append(o.Rules.Mounts, tofu.StateMount(s.StateFolder(), s.Workspace, true))
			}
			for _, m := range s.Mounts {
				o.Rules.Mounts = append(o.Rules.Mounts, agent.Mount{From: m.From, To: m.To, Write: m.Write})
			}
		}
	}
	return o
}

// sandboxdChild ends when its parent does: then standard input does.
func sandboxdChild(ctx context.Context, in io.Reader, out io.Writer) error {
	r := bufio.NewReader(in)
	line, err := r.ReadBytes('\n')
	var o order
	if err == nil {
		err = json.Unmarshal(line, &o)
	}
	if err != nil {
		return &coded{exitUse, fmt.Errorf("read order: %w", err)}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, r)
		cancel()
	}()
	return runSandboxd(ctx, o, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})), out)
}

// runSandboxd serves until ctx ends.
func runSandboxd(ctx context.Context, o order, log *slog.Logger, out io.Writer) error {
	o.Options.Log = log
	box, err := docker.New(o.Options)
	if err != nil {
		return &coded{exitFailed, err}
	}
	l, err := docker.ListenUnix(o.Socket)
	if err == nil {
		mode := os.FileMode(0o600)
		if len(o.Users) > 0 {
			mode = 0o666 // who calls is asked of the kernel
		}
		err = os.Chmod(o.Socket, mode)
	}
	if err != nil {
		return &coded{exitFailed, errors.Join(err, box.Close())}
	}
	_, _ = fmt.Fprintln(out, ready, o.Socket)
	s := &sandboxd.Server{Box: box, Rules: o.Rules, Users: o.Users, Log: log}
	if err := errors.Join(s.Serve(ctx, l), box.Close(), os.RemoveAll(o.Socket)); err != nil {
		return &coded{exitFailed, err}
	}
	return nil
}

// ready begins the line that says that callers may come.
const ready = "sandboxd listens at"

// openSandbox is where tools run: with a sandboxd apart, with one that is a child,
// or in this process.
func openSandbox(ctx context.Context, cfg config.Config, egress string, child bool, log *slog.Logger) (sandbox, error) {
	switch {
	case cfg.Sandbox.Socket != "":
		return sandboxd.Dial(cfg.Sandbox.Socket), nil
	case child:
		return startSandboxd(ctx, orderOf(cfg, egress, childSocket(cfg.DataDir)), log)
	}
	return newSandbox(cfg, egress, log)
}

// childSocket is for one parent alone: the child of one that was killed may still be
// at work, and takes its own socket away in the end.
func childSocket(dir string) string {
	return filepath.Join(dir, "sandboxd-"+strings.ToLower(rand.Text()[:8])+".sock")
}

// keeper keeps a child running: one that ends is started again.
type keeper struct {
	*sandboxd.Client
	order  []byte
	log    *slog.Logger
	cancel context.CancelFunc
	done   chan struct{}
}

// again is how long a child that ended is not started anew.
const again = time.Second

// startSandboxd starts the first child; from then on there is one until Close.
func startSandboxd(ctx context.Context, o order, log *slog.Logger) (*keeper, error) {
	b, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("start sandboxd: %w", err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // what is stopped may still save its state
	k := &keeper{Client: sandboxd.Dial(o.Socket), order: append(b, '\n'), log: log, cancel: cancel, done: make(chan struct{})}
	c, err := k.start()
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start sandboxd: %w", err)
	}
	go k.keep(ctx, c)
	return k, nil
}

// Close ends the child, and waits for it.
func (k *keeper) Close() error {
	k.cancel()
	<-k.done
	return k.Client.Close()
}

func (k *keeper) keep(ctx context.Context, c *daemon) {
	defer close(k.done)
	for {
		if c != nil {
			err := c.wait(ctx)
			if ctx.Err() != nil {
				return
			}
			k.log.ErrorContext(ctx, "sandboxd ended and is started again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(again):
		}
		var err error
		if c, err = k.start(); err != nil {
			k.log.ErrorContext(ctx, "sandboxd does not start", "error", err)
		}
	}
}

// daemon is one running child.
type daemon struct {
	cmd   *exec.Cmd
	in    io.Closer
	ended chan error
}

// startLimit is how long a child may take until it listens, endLimit until it has
// ended: commands of sessions save their state meanwhile.
const (
	startLimit = 20 * time.Second
	endLimit   = time.Minute
)

func (k *keeper) start() (*daemon, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "sandboxd", "--child") //nolint:gosec,noctx // it is this program; its end is told by its input
	cmd.Env, cmd.Stderr = bare(os.Environ()), os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt at the terminal is for the parent
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &daemon{cmd: cmd, in: in, ended: make(chan error, 1)}
	first := make(chan error, 1)
	go func() {
		_, err := in.Write(k.order)
		if err == nil {
			_, err = bufio.NewReader(out).ReadString('\n')
		}
		first <- err
		_, _ = io.Copy(io.Discard, out)
		c.ended <- cmd.Wait()
	}()
	select {
	case err = <-first:
	case <-time.After(startLimit):
		err = errors.New("it does not listen")
	}
	if err != nil {
		c.end()
	}
	return c, err
}

// wait returns when the child has ended, or ends it when ctx does.
func (c *daemon) wait(ctx context.Context) error {
	select {
	case err := <-c.ended:
		return err
	case <-ctx.Done():
		c.end()
		return nil
	}
}

func (c *daemon) end() {
	_ = c.in.Close()
	select {
	case <-c.ended: //nolint:errcheck // that it has ended is all
	case <-time.After(endLimit):
		_ = c.cmd.Process.Kill()
		<-c.ended //nolint:errcheck // as above
	}
}

// bare is the environment of a child: what finds the engine and the runner, and
// nothing that could be a secret.
func bare(environ []string) (kept []string) {
	for _, e := range environ {
		name, _, _ := strings.Cut(e, "=")
		switch name {
		case "PATH", "HOME", "TMPDIR", "DOCKER_HOST", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "INTERLOCK_CACHE", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR":
			kept = append(kept, e)
		}
	}
	return kept
}
