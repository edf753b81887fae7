package llmtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"unicode/utf8"

	"interlock/agent"
)

// wire is how a dialect reads and writes.
type wire interface {
	dialect() Dialect
	key(h http.Header) string
	read(body []byte) (ask, error) // with the checks that need no record
	whole(s said) string           // the body of an answer that is not streamed
	events(s said) []string        // records of the stream; after tail(s) of them comes the end
	tail(s said) int
	fault(me *agent.ModelError, model string) (status int, body string)
	broken() string  // a record: an error in the stream
	garbage() string // a record that is no JSON
	count(a ask, cached map[string]bool) agent.Usage
}

// ask is one request, as it was read.
type ask struct {
	prompt   agent.Prompt
	stream   bool
	usage    bool     // the stream is to tell it (OpenAI)
	marks    int      // of the cache
	units    []unit   // all that is told, in the order of the cache
	thoughts []string // signed thinking that came back
}

// unit is a part of a prompt for the cache; mark ends a prefix to remember.
type unit struct {
	text string
	mark bool
}

// said is what goes out.
type said struct {
	id, model string
	blocks    []agent.Block
	stop      agent.Stop
	refused   refusal
	usage     agent.Usage
	pieces    int  // of a text or of arguments
	counted   bool // the stream tells the usage
}

// refusal is how a provider declines.
type refusal int

const (
	accepted refusal = iota
	stopped          // the provider stops the model
	declined         // the model says so itself; only OpenAI tells them apart
)

// encode writes JSON as providers do: no HTML escapes, no end of line.
func encode(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Sprintf(`{"type":"error","error":{"type":"api_error","message":%q}}`, err)
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// sse is a record of a stream.
func sse(name string, v any) string {
	if name == "" {
		return "data: " + encode(v) + "\n\n"
	}
	return "event: " + name + "\ndata: " + encode(v) + "\n\n"
}

// cut divides a text into at most n pieces of whole characters.
func cut(text string, n int) (pieces []string) {
	n = max(1, n)
	size := max(1, (utf8.RuneCountInString(text)+n-1)/n)
	count, start := 0, 0
	for i := range text {
		if count == size {
			pieces, start, count = append(pieces, text[start:i]), i, 0
		}
		count++
	}
	if start < len(text) {
		pieces = append(pieces, text[start:])
	}
	return pieces
}

// objectOf decodes a JSON object; anything else is an error.
func objectOf(raw json.RawMessage) (map[string]json.RawMessage, error) {
	var o map[string]json.RawMessage
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, err
	}
	if o == nil {
		return nil, errors.New("it is no object")
	}
	return o, nil
}
