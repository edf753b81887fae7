package slacktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// object is a JSON object on the wire.
type object map[string]any

// set adds a string that is not empty.
func (o object) set(key, value string) {
	if value != "" {
		o[key] = value
	}
}

// raw adds JSON that is there.
func (o object) raw(key string, value json.RawMessage) {
	if len(value) > 0 {
		o[key] = value
	}
}

// encode is a value's JSON, which does not fail for what is built here. Slack
// escapes no angle brackets for HTML.
func encode(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return json.RawMessage(`null`)
	}
	return bytes.TrimSpace(b.Bytes())
}

// stamp is microseconds as Slack writes a ts.
func stamp(micros int64) string { return fmt.Sprintf("%d.%06d", micros/1e6, micros%1e6) }

// richText is what Slack's editor makes of what a person types: elements of text
// and of mentioned users.
func (s *Server) richText(text string) json.RawMessage {
	var parts []any
	for rest := text; rest != ""; {
		before, after, found := strings.Cut(rest, "<@")
		if before != "" {
			parts = append(parts, object{"type": "text", "text": plain(before)})
		}
		if !found {
			break
		}
		user, tail, _ := strings.Cut(after, ">")
		parts = append(parts, object{"type": "user", "user_id": user})
		rest = tail
	}
	if len(parts) == 0 {
		return nil
	}
	section := object{"type": "rich_text_section", "elements": parts}
	return encode([]any{object{"type": "rich_text", "block_id": s.id("b"), "elements": []any{section}}})
}

// plain undoes the escaping that the text field of a message has.
func plain(text string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(text)
}
