package config

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
)

// FromDatabase is the PolicyFrom of an Org whose policy people change at run time.
const FromDatabase = "database"

// LoadPolicy reads a file that holds exactly the keys of Policy, and checks them
// against the stacks, profiles and workspaces of the Org. The error is a Problems
// with everything that is wrong, each with its line; then the Policy must not be
// used. What is only suspicious is a warning.
func LoadPolicy(path string, o Org) (Policy, Problems, error) {
	data, err := readFile(path, fileLimit)
	if err != nil {
		return Policy{}, nil, Problems{{File: path, Text: err.Error()}}
	}
	return ParsePolicy(path, data, o)
}

// ParsePolicy is LoadPolicy of a text; problems name it like a file.
func ParsePolicy(name string, data []byte, o Org) (Policy, Problems, error) {
	d := &decoder{places: places{name, map[string]place{}}, dir: filepath.Dir(name)}
	o.Policy = DefaultOrg().Policy
	if len(data) > fileLimit {
		return o.Policy, nil, Problems{{File: name, Text: fmt.Sprintf("is larger than %d bytes", fileLimit)}}
	}
	d.document(data, &o.Policy)
	c := &checker{places: &d.places}
	c.policy("", o)
	return o.Policy, c.warnings.sorted(), append(d.problems, c.wrong...).sorted().err()
}

// elsewhere reads the policies that stand in files of their own. The same key in
// two places is refused: nobody could tell which one counts.
func (c *Config) elsewhere(d *decoder) (warnings, wrong Problems) {
	for _, name := range names(c.Orgs) {
		o, key := c.Orgs[name], join("orgs", shown(name))
		if o.PolicyFrom == "" {
			continue
		}
		for field := range fields(reflect.ValueOf(&o.Policy).Elem()) {
			if _, there := d.at[join(key, field)]; there {
				wrong = append(wrong, d.problem(join(key, field), "stands in %s: an organisation's policy stands in one place", o.PolicyFrom))
			}
		}
		o.Policy = DefaultOrg().Policy
		if o.PolicyFrom != FromDatabase {
			p, w, err := LoadPolicy(o.PolicyFrom, o)
			if ps, ok := err.(Problems); ok { //nolint:errorlint // LoadPolicy says so
				wrong = append(wrong, ps...)
			}
			o.Policy, warnings = p, append(warnings, w...)
		}
		c.Orgs[name] = o
	}
	return warnings, wrong
}

// later tells whether a policy is not known yet, so that nothing can be checked
// against it.
func (o Org) later() bool { return o.PolicyFrom == FromDatabase && len(o.Environments) == 0 }

// subject parts "kind:name" of a rule.
func subject(text string) (kind, name string) {
	kind, name, ok := strings.Cut(text, ":")
	if !ok {
		return "", text
	}
	return kind, name
}
