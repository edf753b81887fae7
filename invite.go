package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"interlock/adapters/console"
	"interlock/rbac"
)

// inviteCommand signs somebody in while serve runs: both have the key, and the database
// keeps which links were used.
func inviteCommand(file *string) *cobra.Command {
	p := &policyQuery{file: file}
	var at string
	c := &cobra.Command{
		Use: "invite PERSON", Short: "Make a link that signs somebody in at the page, once, within 15 minutes", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.with(c.Context(), func(o *opened) error { return invite(o, args[0], at, c.OutOrStdout()) })
		},
	}
	c.Flags().StringVar(&p.org, "org", "", "organisation (default: the only one)")
	c.Flags().StringVar(&at, "url", "", "where people reach the page, such as https://interlock.example.com (default: http.addr)")
	return c
}

func invite(o *opened, person, at string, out io.Writer) error {
	switch served := consoleOrg(o.cfg); {
	case o.cfg.Console.Off:
		return &coded{exitUse, errors.New("there is no page to sign in at: console.off is set")}
	case o.org != served:
		return &coded{exitUse, fmt.Errorf("the page is of %s alone: nobody of %s can sign in there", served, o.org)}
	case o.db == nil:
		return &coded{exitFailed, errors.New("there is no database yet: start interlock serve once")}
	}
	keys, err := orgKeys(o.cfg)
	if err != nil {
		return &coded{exitFailed, err}
	}
	line, err := invitation(keys[o.org], o.snap, strings.TrimPrefix(person, "person:"), cmp.Or(strings.TrimSuffix(at, "/"), pageAt(o.cfg.HTTP.Addr)))
	if err != nil {
		return &coded{exitUse, err}
	}
	if _, err := fmt.Fprintln(out, line); err != nil {
		return &coded{exitFailed, err}
	}
	return nil
}

// invitation is a line with a person's link, under the Org's key.
func invitation(key []byte, s *rbac.Snapshot, id, at string) (string, error) {
	p, known := s.Person(id)
	in := consoleID(p)
	switch {
	case !known:
		return "", fmt.Errorf("there is no person %q in %s: interlock policy show names them", id, s.Org())
	case p.Off:
		return "", fmt.Errorf("%s is switched off in the policy", id)
	case in == "":
		return "", fmt.Errorf("the page does not know %s: add console:%s to their chat in the policy", id, id)
	}
	path, err := console.Invite(consoleKey(key), in, time.Now())
	return fmt.Sprintf("Sign in as %s, once, within 15 minutes: %s%s", p.Name, at, path), err
}

// consoleID is by what the page knows a person; empty if it does not.
func consoleID(p rbac.Person) string {
	if i := slices.IndexFunc(p.Chat, func(a rbac.Actor) bool { return a.Platform == console.Name }); i >= 0 {
		return p.Chat[i].ID
	}
	return ""
}

// pageAt is an address as a browser on this machine reaches it.
func pageAt(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip.IsUnspecified()) {
		addr = net.JoinHostPort("localhost", port)
	}
	return "http://" + addr
}
