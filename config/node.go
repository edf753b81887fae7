package config

import (
	"fmt"
	"io"
	"maps"
	"reflect"

	"gopkg.in/yaml.v3"
)

// Node is a section whose owner knows its keys: an adapter decodes it into a
// struct of its own with the same rules as the rest of the file.
type Node struct {
	key  string
	node *yaml.Node
	env  map[string]string // of this section: variable to value
	from *decoder
}

// Set tells whether the file or the environment says anything in this section.
func (n Node) Set() bool { return n.node != nil || len(n.env) > 0 }

// Format keeps secrets of the section, and what they were read from, out of logs.
func (n Node) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "<section>") }

// Decode reads the section over what out, a pointer to a struct, already holds.
// Unknown keys are refused, secrets are read, and the environment wins over the
// file. The error is a Problems with every problem of the section.
func (n Node) Decode(out any) error {
	if !n.Set() {
		return nil
	}
	d := n.from.fork()
	v := reflect.ValueOf(out).Elem()
	if n.node != nil {
		d.value(n.node, v, n.key)
	}
	used := d.environment(v, n.key)
	for name := range maps.Keys(n.env) {
		if !used[name] {
			d.problems = append(d.problems, Problem{Key: name, Text: "sets no key that is known in " + n.key})
		}
	}
	return d.problems.sorted().err()
}
