package teams

import (
	"encoding/json"
	"strings"
	"testing"
)

// cardSeen is all that a person reads of a card or a part of one, hidden parts too.
func cardSeen(t testing.TB, card json.RawMessage) string {
	t.Helper()
	var top any
	if err := json.Unmarshal(card, &top); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	cardReadOut(&all, top)
	return all.String()
}

func cardReadOut(all *strings.Builder, v any) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			cardReadOut(all, one)
		}
	case map[string]any:
		for _, name := range []string{"text", "title", "label"} {
			if s, ok := v[name].(string); ok {
				all.WriteString(s)
			}
		}
		for _, name := range []string{"body", "items", "columns", "inlines", "actions"} {
			cardReadOut(all, v[name])
		}
		if kind, _ := v["type"].(string); kind != "TextRun" && kind != "Column" && kind != "ColumnSet" {
			all.WriteString("\n")
		}
	}
}
