package teamstest

import (
	"bytes"
	"encoding/json"
)

// object is a JSON object on the wire.
type object map[string]any

// set adds a string that is not empty.
func (o object) set(key, value string) {
	if value != "" {
		o[key] = value
	}
}

// encode is a value's JSON, which does not fail for what is built here.
func encode(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return json.RawMessage(`null`)
	}
	return bytes.TrimSpace(b.Bytes())
}

// node is a JSON object from outside, whose parts may be anything.
type node map[string]any

// parse is a JSON object, or nil.
func parse(raw []byte) node {
	var n node
	if json.Unmarshal(raw, &n) != nil {
		return nil
	}
	return n
}

// text is a part that is a string; anything else is empty.
func (n node) text(key string) string {
	t, _ := n[key].(string)
	return t
}

// node is a part that is an object; anything else is empty.
func (n node) node(key string) node { return asNode(n[key]) }

// list is a part that is an array; anything else is empty.
func (n node) list(key string) []any {
	l, _ := n[key].([]any)
	return l
}

// nodes are the objects in a part that is an array.
func (n node) nodes(key string) []node {
	var out []node
	for _, v := range n.list(key) {
		if o := asNode(v); o != nil {
			out = append(out, o)
		}
	}
	return out
}

func asNode(v any) node {
	o, _ := v.(map[string]any)
	return o
}
