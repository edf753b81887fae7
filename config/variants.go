package config

import (
	"cmp"
	"maps"
	"path/filepath"
	"strings"
)

// Variant is what is otherwise in one of several places for which the same code is
// planned and applied. What it leaves out is as its stack has it.
type Variant struct {
	Environment string   `yaml:"environment"`
	Channel     string   `yaml:"channel"`
	Channels    []string `yaml:"channels"`
	Owners      []string `yaml:"owners"`
	State       string   `yaml:"state"`
	Workspace   string   `yaml:"workspace"`
	Mounts      []Mount  `yaml:"mounts"`
	Scope       string   `yaml:"scope"`
	Team        string   `yaml:"team"`
	Chain       string   `yaml:"chain"`
	Ignore      []string `yaml:"ignore"`
	Watch       string   `yaml:"watch"`
	VarFile     string   `yaml:"var_file"`
}

// defaultWorkspace is OpenTofu's name of that whose state lies in the folder itself.
const defaultWorkspace = "default"

// expand makes a stack of each variant, called NAME-VARIANT; what they vary is then no
// stack itself. Places get the lines of what was written, so that a problem of a
// variant names the line to mend.
func (c *Config) expand(at *places) (wrong Problems) {
	k := &checker{places: at}
	for org, o := range c.Orgs {
		under := join(join("orgs", shown(org)), "stacks")
		for _, name := range names(o.Stacks) {
			base := o.Stacks[name]
			if len(base.Variants) == 0 {
				continue
			}
			from := join(under, shown(name))
			delete(o.Stacks, name)
			for _, v := range names(base.Variants) {
				key := join(join(from, "variants"), shown(v))
				k.name(key, "a variant", v)
				full := name + "-" + v
				if _, there := o.Stacks[full]; there {
					k.report(key, "is the stack %s, which is there already; choose another name", shown(full))
					continue
				}
				o.Stacks[full] = base.as(base.Variants[v])
				at.copied(from, key, join(under, shown(full)))
			}
			if state := shared(base); state != "" {
				k.report(join(from, "variants"), "several of them would keep their state in %s: give each a state or a workspace of its own", shown(state))
			}
		}
	}
	return k.wrong
}

// shared is a folder in which more than one variant would keep its state, if there is one.
func shared(base Stack) string {
	seen := map[string]bool{}
	for _, name := range names(base.Variants) {
		state := base.as(base.Variants[name]).StateFolder()
		if state != "" && seen[state] {
			return state
		}
		seen[state] = true
	}
	return ""
}

// StateFolder is the folder of the host in which a stack's terraform.tfstate is: of a
// workspace it is where OpenTofu's local backend keeps it.
func (s Stack) StateFolder() string {
	switch {
	case s.State == "":
		return ""
	case s.Workspace == "" || s.Workspace == defaultWorkspace:
		return filepath.Clean(s.State)
	}
	return filepath.Join(s.State, "terraform.tfstate.d", s.Workspace)
}

// as is a stack as a variant has it.
func (s Stack) as(v Variant) Stack {
	s.Variants = nil
	s.Environment, s.Channel = cmp.Or(v.Environment, s.Environment), cmp.Or(v.Channel, s.Channel)
	s.State, s.Workspace, s.Scope = cmp.Or(v.State, s.State), cmp.Or(v.Workspace, s.Workspace), cmp.Or(v.Scope, s.Scope)
	s.Team, s.Chain = cmp.Or(v.Team, s.Team), cmp.Or(v.Chain, s.Chain)
	s.Watch, s.VarFile = cmp.Or(v.Watch, s.Watch), cmp.Or(v.VarFile, s.VarFile)
	s.Channels, s.Owners = either(v.Channels, s.Channels), either(v.Owners, s.Owners)
	s.Mounts, s.Ignore = either(v.Mounts, s.Mounts), added(v.Ignore, s.Ignore)
	return s
}

// either is a copy: paths in lists become absolute one stack after the other.
func either[T any](own, base []T) []T {
	if own == nil {
		own = base
	}
	return append([]T(nil), own...)
}

// added are the base's and its own; an empty list, written as one, is none at all.
func added(own, base []string) []string {
	if own != nil && len(own) == 0 {
		return nil
	}
	return append(either(nil, base), own...)
}

// copied gives a variant's keys their lines: its own, else those of what it varies.
func (pl *places) copied(base, variant, to string) {
	for key, at := range maps.Clone(pl.at) {
		rest, below := strings.CutPrefix(key, base)
		if below && (rest == "" || rest[0] == '.') && !strings.HasPrefix(rest, ".variants") {
			pl.at[to+rest] = at
		}
	}
	for key, at := range maps.Clone(pl.at) {
		if rest, below := strings.CutPrefix(key, variant); below && (rest == "" || rest[0] == '.') {
			pl.at[to+rest] = at
		}
	}
}
