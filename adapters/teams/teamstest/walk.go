package teamstest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// hidden are the parts of a card in which nothing can be pressed.
var hidden = []string{"refresh", "authentication", "data", "fallback", "msteams", "requires"}

// walk goes through everything in a card that can be seen or pressed, in an
// order that stays the same.
func walk(v any, visit func(node)) {
	switch v := v.(type) {
	case []any:
		for _, part := range v {
			walk(part, visit)
		}
	case map[string]any:
		visit(v)
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if !slices.Contains(hidden, key) {
				walk(v[key], visit)
			}
		}
	}
}

// pick finds an action on some cards by its title or its id, and its card.
func pick(cards []json.RawMessage, name string) (card, action node) {
	for _, raw := range cards {
		c := parse(raw)
		for _, a := range actionsOf(c) {
			if name != "" && (a.text("title") == name || a.text("id") == name) {
				return c, a
			}
		}
	}
	return nil, nil
}

// actionsOf are all actions of a card.
func actionsOf(card node) []node { return ofKind(card, "Action.") }

// inputs are all inputs of a card that have an id.
func inputs(card node) []node {
	return slices.DeleteFunc(ofKind(card, "Input."), func(n node) bool { return n.text("id") == "" })
}

func ofKind(card node, prefix string) []node {
	var out []node
	walk(map[string]any(card), func(n node) {
		if strings.HasPrefix(n.text("type"), prefix) {
			out = append(out, n)
		}
	})
	return out
}
