package config

import (
	"encoding"
	"errors"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

var (
	nodeType     = reflect.TypeFor[Node]()
	secretType   = reflect.TypeFor[Secret]()
	listType     = reflect.TypeFor[[]string]()
	durationType = reflect.TypeFor[time.Duration]()
	timeType     = reflect.TypeFor[time.Time]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// decoder walks a document over a struct. It is its own, because the decoder of
// the YAML package knows neither the path of a key nor where secrets lie.
type decoder struct {
	places
	dir      string
	env      map[string]string
	blind    bool // reads no secret
	problems Problems
}

// fork is a decoder for a section of the same file.
func (d *decoder) fork() *decoder {
	return &decoder{places: places{d.file, maps.Clone(d.at)}, dir: d.dir, env: d.env, blind: d.blind}
}

func (d *decoder) report(key, format string, args ...any) {
	d.problems = append(d.problems, d.problem(key, format, args...))
}

// all are the problems of decoding and of checking. What could not be decoded is
// not blamed again for what it holds instead.
func (d *decoder) all(wrong Problems) Problems {
	wrong = slices.DeleteFunc(wrong, func(p Problem) bool {
		return slices.ContainsFunc(d.problems, func(q Problem) bool { return p.Key != "" && p.Key == q.Key && p.File == q.File && p.Line == q.Line })
	})
	return append(d.problems, wrong...).sorted()
}

// value decodes one node. Aliases are refused, because a file with them cannot
// be read line by line, and a small one can stand for a huge one.
func (d *decoder) value(n *yaml.Node, v reflect.Value, key string) {
	if _, ok := d.at[key]; !ok {
		d.at[key] = place{line: n.Line}
	}
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		d.report(key, "anchors and aliases are not read here: write it out")
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
	case v.Type() == nodeType:
		if d.expect(n, yaml.MappingNode, "keys and values", key) {
			v.Set(reflect.ValueOf(Node{key: key, node: n}))
		}
	case v.Type() == secretType:
		d.secret(n, v.Addr().Interface().(*Secret), key)
	case isScalar(v.Type()):
		if d.expect(n, yaml.ScalarNode, "one value", key) {
			if err := setText(v, n.Value); err != nil {
				d.report(key, "%v", err)
			}
		}
	case v.Kind() == reflect.Slice:
		d.list(n, v, key)
	case d.expect(n, yaml.MappingNode, "keys and values", key):
		d.mapping(n, v, key)
	}
}

func (d *decoder) expect(n *yaml.Node, kind yaml.Kind, what, key string) bool {
	if n.Kind != kind {
		d.report(key, "must be %s", what)
	}
	return n.Kind == kind
}

func (d *decoder) secret(n *yaml.Node, s *Secret, key string) {
	err := s.UnmarshalYAML(n)
	switch {
	case err == nil && d.blind:
		s.value = hidden
	case err == nil:
		err = s.resolve(d.dir, d.env)
	}
	if err != nil {
		d.report(key, "%v", err)
	}
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, key string) {
	if !d.expect(n, yaml.SequenceNode, "a list", key) {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.value(item, v.Index(i), join(key, strconv.Itoa(i)))
	}
}

// mapping decodes the entries of a struct or of a map by name.
func (d *decoder) mapping(n *yaml.Node, v reflect.Value, key string) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, item := n.Content[i], n.Content[i+1]
		k := join(key, shown(name.Value))
		switch {
		case name.Kind != yaml.ScalarNode || name.Anchor != "":
			d.problems = append(d.problems, Problem{d.file, name.Line, key, "holds a key that is not a word"})
			continue
		case seen[name.Value]:
			d.problems = append(d.problems, Problem{d.file, name.Line, k, "is there twice"})
			continue
		}
		seen[name.Value] = true
		d.at[k] = place{line: name.Line}
		if v.Kind() == reflect.Map {
			d.entry(item, v, name.Value, k)
		} else {
			d.field(item, v, name.Value, k)
		}
	}
}

func (d *decoder) field(n *yaml.Node, v reflect.Value, name, key string) {
	var known []string
	for field, f := range fields(v) {
		if field == name {
			d.value(n, f, key)
			return
		}
		known = append(known, field)
	}
	d.report(key, "unknown key; known: %s", strings.Join(known, ", "))
}

// entry decodes over what such a thing is when nothing is said of it.
func (d *decoder) entry(n *yaml.Node, m reflect.Value, name, key string) {
	e := reflect.New(m.Type().Elem()).Elem()
	switch p := e.Addr().Interface().(type) {
	case *Org:
		*p = DefaultOrg()
	case *Profile:
		*p = Profile{Budget: DefaultBudget()}
	}
	d.value(n, e, key)
	if m.IsNil() {
		m.Set(reflect.MakeMap(m.Type()))
	}
	m.SetMapIndex(reflect.ValueOf(name), e)
}

// fields are the fields of a struct by their names in the file. Those of an
// embedded struct count as its own.
func fields(v reflect.Value) iter.Seq2[string, reflect.Value] {
	return func(yield func(string, reflect.Value) bool) {
		for i := range v.NumField() {
			if v.Type().Field(i).Anonymous {
				for name, f := range fields(v.Field(i)) {
					if !yield(name, f) {
						return
					}
				}
				continue
			}
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
			if name != "" && name != "-" && !yield(name, v.Field(i)) {
				return
			}
		}
	}
}

func isScalar(t reflect.Type) bool {
	scalars := []reflect.Kind{reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Float64}
	return t == secretType || reflect.PointerTo(t).Implements(textType) || slices.Contains(scalars, t.Kind())
}

// setText reads a scalar as it is written in the file or in a variable.
func setText(v reflect.Value, text string) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		err := u.UnmarshalText([]byte(text))
		if err != nil && v.Type() == timeType {
			err = fmt.Errorf("must be a moment such as 2026-12-01T09:00:00Z, not %s", shown(text))
		}
		return err
	}
	if v.Type() == durationType {
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("must be a duration such as 90s, 15m or 2h, not %s", shown(text))
		}
		v.SetInt(int64(d))
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return errors.New("must be true or false")
		}
		v.SetBool(b)
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return errors.New("must be a number")
		}
		v.SetFloat(f)
	default:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || v.OverflowInt(n) {
			return errors.New("must be a whole number")
		}
		v.SetInt(n)
	}
	return nil
}
