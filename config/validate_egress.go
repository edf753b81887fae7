package config

import (
	"path"
	"slices"
	"strings"
)

// methods are those of HTTP that a rule may name. TRACE would show a credential,
// CONNECT is not one that a server behind the proxy sees.
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// egress checks the form of the rules; what a host may be, the proxy says.
func (c *checker) egress(key string, rules []Egress, o Org) {
	for _, r := range rules {
		host := strings.TrimPrefix(r.Host, "*.")
		if host == "" || strings.ContainsAny(host, "*/:@ ") || !strings.Contains(host, ".") && r.Host != host {
			c.report(join(key, "host"), "%s must be a host such as api.example.com or *.example.com", shown(r.Host))
		}
		if slices.ContainsFunc(r.Ports, func(p int) bool { return p < 1 || p > 65535 }) {
			c.report(join(key, "ports"), "must be between 1 and 65535")
		}
		for _, m := range r.Methods {
			c.oneOf(join(key, "methods"), "method", m, methods)
		}
		for _, p := range r.Paths {
			if _, err := path.Match(p, ""); err != nil || !strings.HasPrefix(p, "/") {
				c.report(join(key, "paths"), "%s must begin with / and be a valid pattern", shown(p))
			}
		}
		c.scope(join(key, "scope"), r.Scope, o)
	}
}

func (c *checker) scope(key, name string, o Org) {
	if name != "" {
		known(c, key, "scope", name, o.Scopes)
	}
}
