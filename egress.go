package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"interlock/adapters/docker"
	"interlock/agent"
	"interlock/agent/egress"
	"interlock/config"
)

// outlet is where requests leave the sandboxes of this process.
type outlet struct {
	*egress.Outlet
	path   string
	cancel context.CancelFunc
	served chan error
}

// openOutlet serves a socket in dir, which nobody else may use, until it is closed:
// what is stopped may still save its state.
func openOutlet(ctx context.Context, cfg config.Config, dir string) (*outlet, error) {
	o := &outlet{served: make(chan error, 1), Outlet: &egress.Outlet{Inside: docker.Inside(), Rules: map[string]egress.Rules{}, Roots: systemRoots()}, path: filepath.Join(dir, egressSocket)}
	for name, org := range cfg.Orgs {
		p, err := egressPolicy(org)
		if err != nil {
			return nil, fmt.Errorf("egress of %s: %w", name, err)
		}
		o.Rules[name] = egress.Rules{Policy: p, Injector: scopes(org.Scopes)}
	}
	l, err := docker.ListenUnix(o.path)
	if err == nil {
		err = os.Chmod(o.path, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("listen for egress: %w", err)
	}
	ctx, o.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		o.served <- o.Serve(ctx, l)
		close(o.served) // closing twice is fine
	}()
	return o, nil
}

func (o *outlet) close() error {
	o.cancel()
	return errors.Join(<-o.served, os.RemoveAll(o.path))
}

func egressPolicy(o config.Org) (egress.Policy, error) {
	var rules []egress.Rule
	for name, p := range o.Profiles {
		for _, r := range p.Egress {
			one := egress.Rule{Name: r.Name, Profile: name, Scope: r.Scope, Host: r.Host, Methods: r.Methods, Paths: r.Paths}
			if one.Name == "" {
				one.Name = name + ": " + r.Host
			}
			for _, port := range r.Ports {
				one.Ports = append(one.Ports, uint16(port)) //nolint:gosec // the configuration was checked
			}
			rules = append(rules, one)
		}
	}
	slices.SortStableFunc(rules, func(a, b egress.Rule) int { return len(b.Scope) - len(a.Scope) }) // one with a credential comes before one without
	return egress.NewPolicy(rules...)
}

// scopes puts in the credential that a scope names.
type scopes map[string]config.Scope

// Inject implements egress.Injector.
func (s scopes) Inject(ctx context.Context, scope string, r *http.Request) error {
	c, ok := s[scope]
	switch {
	case !ok:
		return fmt.Errorf("no credential for scope %q", scope)
	case c.User != "":
		return egress.BasicFile{Scope: scope, User: c.User, Path: c.File}.Inject(ctx, scope, r)
	}
	return egress.BearerFile{Scope: scope, Path: c.File}.Inject(ctx, scope, r)
}

// systemRoots are the authorities that this machine trusts, as Go's own search
// finds them on Linux and BSD (crypto/x509). Without any, only hosts whose TLS the
// proxy ends can be reached.
func systemRoots() []byte {
	for _, path := range []string{
		os.Getenv("SSL_CERT_FILE"), "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
	} {
		if b, err := os.ReadFile(path); err == nil && len(b) > 0 {
			return b
		}
	}
	return nil
}

// once opens the way out of a command that no session is behind.
type once struct {
	agent.Sandbox
	out *outlet
	log *slog.Logger
}

// Exec gives the command the way out of the profile that schedules use.
func (o once) Exec(ctx context.Context, c agent.Command) (agent.Output, error) {
	c.Profile = defaultProfile
	if !c.Out {
		return o.Sandbox.Exec(ctx, c)
	}
	way, closed, err := o.out.Open(ctx, c, o)
	if err != nil {
		return agent.Output{}, fmt.Errorf("open way out: %w", err)
	}
	defer closed()
	c.Way = way
	return o.Sandbox.Exec(ctx, c)
}

// Alive implements agent.Watch: a person waits at the terminal.
func (once) Alive(ctx context.Context) bool { return ctx.Err() == nil }

// Pass implements agent.Watch: there is no session to record it in.
func (o once) Pass(ctx context.Context, p agent.Passage) error {
	o.log.InfoContext(ctx, "network", "request", p.String())
	return nil
}

// egressSocket is where ways out are served, in the data folder.
const egressSocket = "egress.sock"
