package main

import (
	"testing"

	"interlock/config"
)

// The name of a stack alone is enough while one organisation has it.
func TestOrgOfAStack(t *testing.T) {
	t.Parallel()
	cfg := config.Config{Orgs: map[string]config.Org{
		"acme":  {Stacks: map[string]config.Stack{"web": {}, "db": {}}},
		"beta":  {Stacks: map[string]config.Stack{"web": {}}},
		"gamma": {},
	}}
	for _, c := range []struct{ org, stack, want, err string }{
		{"", "db", "acme", ""},
		{"", "web", "", "which web: acme and beta each have one; name an organisation with --org"},
		{"beta", "web", "beta", ""},
		{"acme", "web", "acme", ""},
		{"gamma", "web", "", `no stack "web" in gamma`},
		{"", "none", "", `no stack "none" in the configuration`},
		{"delta", "web", "", `no organisation "delta"; there are acme, beta, gamma`},
	} {
		got, err := orgOf(cfg, c.org, c.stack)
		said := ""
		if err != nil {
			said = err.Error()
		}
		if got != c.want || said != c.err {
			t.Errorf("%s of %q: %q, %q", c.stack, c.org, got, said)
		}
	}
}
