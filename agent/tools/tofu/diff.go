package tofu

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"

	tfjson "github.com/hashicorp/terraform-json"

	"interlock/agent"
)

// What is told of a plan is kept with each event: the most attributes of one
// resource, and of all of them.
const (
	attributeLimit = 200
	planAttributes = 3000
)

// difference is one place at which two values of a resource differ.
type difference struct {
	path          string
	before, after any
	absent        bool // there is no before at all: the resource is new
	gone          bool // there is no after at all
	sensitive     bool
	unknown       bool
}

// changeDiff lists where a change changes something, ordered by path.
func changeDiff(c *tfjson.Change) []difference {
	return diff(c.Before, c.After, c.BeforeSensitive, c.AfterSensitive, c.AfterUnknown)
}

// diff compares two values of a resource. Both marks of sensitivity count on
// both sides: what was secret stays secret.
func diff(before, after, beforeMark, afterMark, afterUnknown any) []difference {
	w := walker{absent: before == nil, gone: after == nil && afterUnknown != true}
	w.walk("", before, after, beforeMark, afterMark, afterUnknown)
	return w.found
}

type walker struct {
	absent, gone bool
	found        []difference
}

func (w *walker) walk(path string, before, after, beforeMark, afterMark, unknown any) {
	d := difference{path: path, before: before, after: after, absent: w.absent, gone: w.gone}
	d.sensitive, d.unknown = beforeMark == true || afterMark == true, unknown == true
	switch {
	case d.sensitive || d.unknown:
		if d.unknown || !equal(before, after) {
			w.found = append(w.found, d)
		}
	case isMap(before, after, unknown):
		for _, k := range keys(before, after, unknown) {
			w.walk(join(path, k), field(before, k), field(after, k), field(beforeMark, k), field(afterMark, k), field(unknown, k))
		}
	case isList(before, after, unknown):
		for i := range max(length(before), length(after), length(unknown)) {
			at := path + "[" + strconv.Itoa(i) + "]"
			w.walk(at, item(before, i), item(after, i), item(beforeMark, i), item(afterMark, i), item(unknown, i))
		}
	case !equal(before, after):
		d.sensitive = anyTrue(beforeMark) || anyTrue(afterMark)
		w.found = append(w.found, d)
	}
}

// isMap holds when no side is anything else than a map and one has content.
func isMap(vs ...any) bool { return only[map[string]any](vs) }

func isList(vs ...any) bool { return only[[]any](vs) }

// only tells whether the values are of one kind; false in the mask of unknowns
// and null stand for any kind.
func only[T any](vs []any) bool {
	found := false
	for i, v := range vs {
		if _, ok := v.(T); ok {
			found = true
		} else if v != nil && (i < 2 || v != false) {
			return false
		}
	}
	return found
}

func keys(vs ...any) []string {
	var all []string
	for _, v := range vs {
		m, _ := v.(map[string]any)
		for k := range m {
			all = append(all, k)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func field(v any, key string) any {
	m, _ := v.(map[string]any)
	return m[key]
}

func item(v any, i int) any {
	if l, _ := v.([]any); i < len(l) {
		return l[i]
	}
	return nil
}

func length(v any) int {
	l, _ := v.([]any)
	return len(l)
}

// join quotes a key that could be taken for a path.
func join(path, key string) string {
	plain := key != "" && !slices.ContainsFunc([]rune(key), func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	switch {
	case !plain:
		return path + "[" + strconv.Quote(key) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

func anyTrue(mark any) bool {
	switch m := mark.(type) {
	case bool:
		return m
	case map[string]any:
		for _, e := range m {
			if anyTrue(e) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(m, anyTrue)
	}
	return false
}

// equal compares numbers by value: 1.0 and 1 are no change.
func equal(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		return ok && (a == b || sameNumber(a.String(), b.String()))
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			if w, ok := b[k]; !ok || !equal(v, w) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	}
	if _, ok := b.(map[string]any); ok {
		return false
	}
	if _, ok := b.([]any); ok {
		return false
	}
	return a == b
}

// numberLimit keeps 1e999999999 from being written out.
const numberLimit = 64

func sameNumber(a, b string) bool {
	if len(a) > numberLimit || len(b) > numberLimit {
		return false
	}
	x, _, errX := big.ParseFloat(a, 10, 256, big.ToNearestEven)
	y, _, errY := big.ParseFloat(b, 10, 256, big.ToNearestEven)
	return errX == nil && errY == nil && x.Cmp(y) == 0
}

// configured notes which attributes the code sets itself: such a value that is
// known after apply is the code's doing, any other one is computed.
func (d *document) configured(prefix string, module map[string]any) {
	resources, _ := module["resources"].([]any)
	for _, r := range resources {
		r, _ := r.(map[string]any)
		address, _ := r["address"].(string)
		for name := range dig(r, "expressions") {
			d.sets[prefix+address+" "+name] = true
		}
	}
	for name, call := range dig(module, "module_calls") {
		call, _ := call.(map[string]any)
		d.configured(prefix+"module."+name+".", dig(call, "module"))
	}
}

// attributes is what a reader sees of differences.
func (d *document) attributes(diffs []difference) []agent.PlanAttribute {
	var all []agent.PlanAttribute
	for i, f := range diffs {
		if i == attributeLimit || *d.left == 0 {
			return append(all, agent.PlanAttribute{Path: fmt.Sprintf("and %d more", len(diffs)-i)})
		}
		*d.left--
		all = append(all, d.attribute(f))
	}
	return all
}

func (d *document) attribute(f difference) agent.PlanAttribute {
	a := agent.PlanAttribute{Path: d.path(f.path), Before: Sensitive, After: Sensitive}
	if !f.sensitive {
		a.Before, a.After = apart(d.secrets.text(f.before), d.secrets.text(f.after))
	}
	if f.absent {
		a.Before = ""
	}
	switch {
	case f.gone:
		a.After = ""
	case f.unknown:
		a.After = unknown
	}
	return a
}

// path hides a key that holds a secret.
func (d *document) path(p string) string {
	if len(p) >= containedFrom && d.secrets.in(p) {
		return Sensitive
	}
	return short(p, valueLimit)
}
