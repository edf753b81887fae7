package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"interlock/config"
	"interlock/rbac"
)

func serveCommand(file *string) *cobra.Command {
	var role string
	c := &cobra.Command{
		Use: "serve", Short: "Serve chats, run agents, watch for drift", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return serve(c.Context(), *file, role, c.OutOrStdout()) },
	}
	c.Flags().StringVar(&role, "role", "all", "what this process does; only \"all\" in this version")
	return c
}

func serve(ctx context.Context, file, role string, out io.Writer) error {
	if role != "all" {
		return &coded{exitUse, fmt.Errorf("role %q is not in this version; use all", role)}
	}
	cfg, log, err := load(file)
	if err != nil {
		return err
	}
	a, err := wire(ctx, cfg, log, options{file: configFile(file), child: true})
	if err != nil {
		return &coded{exitFailed, err}
	}
	release, err := onlyOne(cfg.DataDir, handOver)
	if err != nil {
		return &coded{exitFailed, errors.Join(err, a.close())}
	}
	defer func() { _ = release() }()
	local, public, err := listeners(ctx, cfg.HTTP)
	if err != nil {
		return &coded{exitFailed, errors.Join(err, a.close())}
	}
	if err := a.welcome(ctx, out, local.Addr()); err != nil {
		err = errors.Join(err, local.Close())
		if public != nil {
			err = errors.Join(err, public.Close())
		}
		return &coded{exitFailed, errors.Join(err, a.close())}
	}
	if _, err := a.box.Ping(ctx); err != nil {
		log.WarnContext(ctx, "tools cannot run yet", "error", err)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.serveHTTP(ctx, local, a.mux()) })
	if public != nil {
		g.Go(func() error { return a.serveHTTP(ctx, public, a.public()) })
	}
	g.Go(func() error { return a.show(ctx) })
	g.Go(func() error { return a.start(ctx) })
	if err := errors.Join(g.Wait(), a.close()); err != nil {
		return &coded{exitFailed, err}
	}
	return nil
}

// listeners are the one for this machine and, where http.public is set, the one for
// chats; it is nil otherwise.
func listeners(ctx context.Context, h config.HTTP) (local, public net.Listener, err error) {
	if local, err = listen(ctx, h.Addr); err != nil {
		return nil, nil, fmt.Errorf("%w: choose another http.addr", err)
	}
	if h.Public == "" {
		return local, nil, nil
	}
	if public, err = listen(ctx, h.Public); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%w: choose another http.public", err), local.Close())
	}
	return local, public, nil
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return l, nil
}

// mostLinks is how many administrators are given a link at the start: one is enough to
// sign in, and interlock invite makes others at any time.
const mostLinks = 3

// welcome says where the page is. While nobody is known, it gives the one-time
// code that makes its first user admin.
func (a *app) welcome(ctx context.Context, out io.Writer, addr net.Addr) error {
	if a.console == nil {
		return nil
	}
	org, at := consoleOrg(a.cfg), pageAt(addr.String())
	people, err := a.people(ctx, org)
	if err != nil {
		return err
	}
	lines := []string{"Interlock is at " + at + "/"}
	if len(people) == 0 {
		code := a.console.FirstAdmin(func(ctx context.Context, name string) (rbac.Actor, error) { return a.addAdmin(ctx, org, name) })
		lines = append(lines, fmt.Sprintf("Nobody is known yet. At %s/login the code %s makes you its first admin. It works once.", at, code))
	} else {
		lines = append(append(lines, a.adminLinks(org, at)...), "A link for anybody, at any time: interlock invite PERSON")
	}
	for _, l := range lines {
		if _, err := fmt.Fprintln(out, l); err != nil {
			return err
		}
	}
	return nil
}

// adminLinks are lines with links for the first administrators whom the page knows.
func (a *app) adminLinks(org, at string) (lines []string) {
	s := a.policies.last(org)
	for _, id := range slices.Sorted(maps.Keys(s.Rules().People)) {
		if len(lines) == mostLinks || !administrator(s, id) {
			continue
		}
		if line, err := invitation(a.keys[org], s, id, at); err == nil { // whom the page does not know gets none
			lines = append(lines, line)
		}
	}
	return lines
}

// serveHTTP ends its listeners first, and gives what is open a moment.
func (a *app) serveHTTP(ctx context.Context, l net.Listener, mux http.Handler) error {
	s := &http.Server{
		Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		BaseContext: func(net.Listener) context.Context { return ctx }, MaxHeaderBytes: 64 << 10,
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve pages: %w", err)
	case <-ctx.Done():
	}
	if a.console != nil {
		a.console.Close() // live pages would never end by themselves
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if err := s.Shutdown(late); err != nil {
		return s.Close()
	}
	return nil
}
