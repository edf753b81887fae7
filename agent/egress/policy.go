// Package egress is the only way out of a sandbox: a proxy that denies by
// default, resolves names by itself and dials only addresses that it checked.
package egress

import (
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
)

// Rule allows one host. A rule without Ports means port 443, without Methods
// every method, without Paths every path. Methods, Paths or a Scope make the
// proxy end TLS, since it must see the request.
type Rule struct {
	Name    string
	Profile string // "" holds for every profile
	Scope   string // the credential scope that the injector serves, "" for none
	Host    string // exact, or *.suffix
	Ports   []uint16
	Methods []string
	Paths   []string // segment prefixes; a segment may be a glob
}

// Policy is an immutable list of rules. The zero value allows nothing.
type Policy struct{ rules []Rule }

// NewPolicy checks the rules and copies them.
func NewPolicy(rules ...Rule) (Policy, error) {
	kept := make([]Rule, 0, len(rules))
	for _, r := range rules {
		clean, err := cleanRule(r)
		if err != nil {
			return Policy{}, fmt.Errorf("egress rule %q: %w", r.Name, err)
		}
		kept = append(kept, clean)
	}
	return Policy{rules: kept}, nil
}

func cleanRule(r Rule) (Rule, error) {
	bare, wild := strings.CutPrefix(r.Host, "*.")
	host, err := canonicalHost(bare)
	if err != nil {
		return Rule{}, err
	}
	if r.Host = host; wild {
		r.Host = "*." + host
	}
	if r.Ports = slices.Clone(r.Ports); len(r.Ports) == 0 {
		r.Ports = []uint16{443}
	}
	if slices.Contains(r.Ports, 0) {
		return Rule{}, fmt.Errorf("port 0 cannot be allowed")
	}
	r.Methods, r.Paths = slices.Clone(r.Methods), slices.Clone(r.Paths)
	for _, p := range r.Paths {
		if _, err := path.Match(p, ""); err != nil || !strings.HasPrefix(p, "/") {
			return Rule{}, fmt.Errorf("path %q must start with / and be a valid glob", p)
		}
	}
	return r, nil
}

// For keeps the rules of one profile that name no scope or a granted one.
func (p Policy) For(profile string, scopes ...string) Policy {
	var kept []Rule
	for _, r := range p.rules {
		if (r.Profile == "" || r.Profile == profile) && (r.Scope == "" || slices.Contains(scopes, r.Scope)) {
			kept = append(kept, r)
		}
	}
	return Policy{rules: kept}
}

// Empty tells whether nothing is allowed.
func (p Policy) Empty() bool { return len(p.rules) == 0 }

// Hosts are those that a rule names.
func (p Policy) Hosts() []string {
	var hosts []string
	for _, r := range p.rules {
		hosts = append(hosts, r.Host)
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// reach finds the first rule for host and port, and whether any such rule
// needs the proxy to see the requests.
func (p Policy) reach(host string, port uint16) (first Rule, ends, ok bool) {
	for _, r := range p.rules {
		if !r.reaches(host, port) {
			continue
		}
		if !ok {
			first = r
		}
		ok, ends = true, ends || r.looksInside()
	}
	return first, ends, ok
}

// match finds the first rule that allows a whole request.
func (p Policy) match(host string, port uint16, method, clean string) (Rule, bool) {
	for _, r := range p.rules {
		if r.reaches(host, port) && r.allows(method, clean) {
			return r, true
		}
	}
	return Rule{}, false
}

func (r Rule) reaches(host string, port uint16) bool {
	suffix, wild := strings.CutPrefix(r.Host, "*")
	named := host == r.Host || (wild && strings.HasSuffix(host, suffix) && len(host) > len(suffix))
	return named && slices.Contains(r.Ports, port)
}

func (r Rule) looksInside() bool { return r.Scope != "" || len(r.Methods) > 0 || len(r.Paths) > 0 }

func (r Rule) allows(method, clean string) bool {
	if method == http.MethodTrace || (len(r.Methods) > 0 && !slices.Contains(r.Methods, method)) {
		return false // a trace would send an injected secret back
	}
	return len(r.Paths) == 0 || slices.ContainsFunc(r.Paths, func(p string) bool { return underPath(p, clean) })
}

func underPath(pattern, clean string) bool {
	want := strings.Split(strings.Trim(pattern, "/"), "/")
	have := strings.Split(strings.Trim(clean, "/"), "/")
	if want[0] == "" {
		return true
	}
	if len(have) < len(want) {
		return false
	}
	for i, w := range want {
		if ok, err := path.Match(w, have[i]); err != nil || !ok {
			return false
		}
	}
	return true
}
