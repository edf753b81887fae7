package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
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
		return Policy{}, nil, Problems{{File: name, Text: fmt.Sprintf("is larger than %d bytes", fileLimit)}}
	}
	if !d.document(data, &o.Policy) {
		return Policy{}, nil, d.problems.sorted().err()
	}
	c := &checker{places: &d.places}
	c.policy("", o)
	c.serves(o)
	return o.Policy, c.warnings.sorted(), d.all(c.wrong).err()
}

// elsewhere reads the policies that stand in files of their own. The same key in
// two places is refused: nobody could tell which one counts.
func (c *Config) elsewhere(d *decoder) (warnings, wrong Problems) {
	for _, name := range names(c.Orgs) {
		o, key := c.Orgs[name], join("orgs", shown(name))
		if o.PolicyFrom == "" {
			continue
		}
		in := "the database"
		if o.PolicyFrom != FromDatabase {
			in = d.beside(o.PolicyFrom)
		}
		for field := range fields(reflect.ValueOf(&o.Policy).Elem()) {
			if _, there := d.at[join(key, field)]; there {
				wrong = append(wrong, d.problem(join(key, field), "stands in %s: an organisation's policy stands in one place", in))
			}
		}
		o.Policy = DefaultOrg().Policy
		if o.PolicyFrom != FromDatabase {
			var w, p Problems
			o.Policy, w, p = d.policy(join(key, "policy"), in, o)
			warnings, wrong = append(warnings, w...), append(wrong, p...)
		}
		c.Orgs[name] = o
	}
	return warnings, wrong
}

// policy reads an Org's policy from a file, which problems call by a shorter name.
func (d *decoder) policy(key, name string, o Org) (p Policy, warnings, wrong Problems) {
	data, err := readFile(o.PolicyFrom, fileLimit)
	if err != nil {
		return p, nil, Problems{d.problem(key, "%v", err)}
	}
	p, warnings, err = ParsePolicy(name, data, o)
	errors.As(err, &wrong)
	return p, warnings, wrong
}

// beside names a file as the main file is named: relative, when that is.
func (d *decoder) beside(path string) string {
	rel, err := filepath.Rel(d.dir, path)
	if err != nil || !filepath.IsLocal(rel) {
		return path
	}
	return filepath.Join(filepath.Dir(d.file), rel)
}
