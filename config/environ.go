package config

import (
	"reflect"
	"slices"
	"strings"
)

// prefix begins the name of every environment variable that sets a key.
const prefix = "INTERLOCK_"

// variable is the name that sets a key: http.addr is INTERLOCK_HTTP_ADDR.
func variable(key string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// lookup turns "NAME=value" lines into a map. The first of a name counts, as it
// does for the C library.
func lookup(environ []string) map[string]string {
	env := map[string]string{}
	for _, line := range environ {
		name, value, ok := strings.Cut(line, "=")
		if _, twice := env[name]; ok && !twice {
			env[name] = value
		}
	}
	return env
}

// environment sets every scalar key below a struct whose variable is there, and
// returns the names of those variables. An empty variable is not there. Keys
// below a map, such as an Org's, have no variable.
func (d *decoder) environment(v reflect.Value, key string) map[string]bool {
	used := map[string]bool{}
	for field, f := range fields(v) {
		k := join(key, field)
		switch {
		case f.Type() == nodeType:
			d.section(f, k, used)
		case isScalar(f.Type()) || f.Type() == listType:
			if text := d.env[variable(k)]; text != "" {
				used[variable(k)] = true
				d.override(f, k, text)
			}
		case f.Kind() == reflect.Struct:
			for name := range d.environment(f, k) {
				used[name] = true
			}
		}
	}
	return used
}

// override sets one key from its variable. A secret's variable is the value
// itself, a list's is divided by commas.
func (d *decoder) override(v reflect.Value, key, text string) {
	d.at[key] = place{env: variable(key)}
	switch v.Type() {
	case secretType:
		v.Set(reflect.ValueOf(Secret{ref: "env:" + variable(key), value: text}))
	case listType:
		var list []string
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
		v.Set(reflect.ValueOf(list))
	default:
		if err := setText(v, text); err != nil {
			d.report(key, "%v", err)
		}
	}
}

// section hands a Node the variables that are its own; its owner knows which of
// them set a key.
func (d *decoder) section(v reflect.Value, key string, used map[string]bool) {
	n := v.Interface().(Node)
	n.key, n.from, n.env = key, d, map[string]string{}
	for name, text := range d.env {
		if strings.HasPrefix(name, variable(key)+"_") && text != "" {
			n.env[name], used[name] = text, true
		}
	}
	v.Set(reflect.ValueOf(n))
}

// strays are variables with our prefix that set nothing: most likely a typing
// mistake, so they are a warning.
func (d *decoder) strays(used map[string]bool) (warnings Problems) {
	ours := []string{prefix + "CACHE", prefix + "CONFIG"}
	for name := range d.env {
		if strings.HasPrefix(name, prefix) && !used[name] && d.env[name] != "" &&
			!strings.HasPrefix(name, prefix+"TEST_") && !slices.Contains(ours, name) {
			warnings = append(warnings, Problem{Key: name, Text: "sets no key that is known"})
		}
	}
	return warnings
}
