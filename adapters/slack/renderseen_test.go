package slack

import (
	"encoding/json"
	"html"
	"strings"
	"testing"
)

// renderSeen is all that a person reads, without markup of ours.
func renderSeen(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var top any
	if err := json.Unmarshal(b, &top); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	renderRead(&all, top)
	return all.String()
}

func renderRead(all *strings.Builder, v any) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			renderRead(all, one)
		}
	case map[string]any:
		if s, ok := v["text"].(string); ok && v["type"] == "mrkdwn" {
			s = renderToken.ReplaceAllStringFunc(s, func(tok string) string { return tok[strings.LastIndex(tok, "|")+1 : len(tok)-1] })
			all.WriteString(html.UnescapeString(strings.NewReplacer("*", "", "`", "").Replace(s)) + "\n")
			return
		} else if ok && v["type"] != nil {
			all.WriteString(s)
			if v["type"] == "plain_text" {
				all.WriteString("\n")
			}
		}
		if s, ok := v["fallback"].(string); ok {
			all.WriteString(s)
		}
		for _, name := range []string{"blocks", "text", "fields", "elements"} {
			renderRead(all, v[name])
		}
		if v["type"] == "rich_text_section" || v["type"] == "rich_text_preformatted" || v["type"] == "rich_text_quote" {
			all.WriteString("\n")
		}
	}
}
