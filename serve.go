package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

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
	l, err := listen(ctx, cfg.HTTP.Addr)
	if err != nil {
		return &coded{exitFailed, errors.Join(err, a.close())}
	}
	var public net.Listener
	if cfg.HTTP.Public != "" {
		if public, err = listen(ctx, cfg.HTTP.Public); err != nil {
			return &coded{exitFailed, errors.Join(err, l.Close(), a.close())}
		}
	}
	if err := a.welcome(ctx, out, l.Addr()); err != nil {
		return &coded{exitFailed, errors.Join(err, l.Close(), a.close())}
	}
	if _, err := a.box.Ping(ctx); err != nil {
		log.WarnContext(ctx, "tools cannot run yet", "error", err)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.serveHTTP(ctx, l, a.mux()) })
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

func listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen: %w: choose another http.addr", err)
	}
	return l, nil
}

// welcome says where the page is. While nobody is known, it gives the one-time
// code that makes its first user admin.
func (a *app) welcome(ctx context.Context, out io.Writer, addr net.Addr) error {
	if a.console == nil {
		return nil
	}
	org := a.orgs()[0]
	people, err := a.people(ctx, org)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "Interlock is at http://%s/\n", addr)
	if err != nil {
		return err
	}
	if len(people) == 0 {
		code := a.console.FirstAdmin(func(ctx context.Context, name string) (rbac.Actor, error) { return a.addAdmin(ctx, org, name) })
		_, err = fmt.Fprintf(out, "Nobody is known yet. At http://%s/login the code %s makes you its first admin. It works once.\n", addr, code)
		return err
	}
	for _, p := range people {
		link, err := a.console.Invite(p.ID)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "Sign in as %s, once, within 15 minutes: http://%s%s\n", p.Name, addr, link); err != nil {
			return err
		}
	}
	return nil
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
