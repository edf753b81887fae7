package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"interlock/adapters/llm"
	"interlock/agent"
)

// problem is what a server says went wrong.
type problem struct {
	status        int // of HTTP; 0 in a stream
	code, message string
}

func (p problem) fault() agent.Fault { return llm.Fault(p.status, p.code, p.message) }

// cause is the message without the key, which some servers repeat.
func (p problem) cause(key string) error {
	message := p.message
	if key != "" {
		message = strings.ReplaceAll(message, key, "[key]")
	}
	return errors.New(llm.Cut(message))
}

// lost is a request that got no answer, or that cannot be written at all.
func (m *Model) lost(err error, name string) error {
	var sent *url.Error
	if !errors.As(err, &sent) {
		p := problem{message: "write request: " + err.Error()}
		return &agent.ModelError{Fault: agent.FaultRequest, Model: name, Err: p.cause(m.options.Key)}
	}
	err = llm.Lost(err)
	var me *agent.ModelError
	if errors.As(err, &me) {
		me.Model = name
	}
	return err
}

// largest is how much of an error's body is read, in bytes.
const largest = 1 << 20

// declined reads an answer that is no stream: an error with its status, one that
// a gateway sends with status 200, or what is no Chat Completions at all.
func (m *Model) declined(ctx context.Context, res *http.Response, name string) error {
	body, _ := io.ReadAll(io.LimitReader(res.Body, largest)) // what came of it is enough
	if ctx.Err() != nil {
		return ctx.Err()
	}
	p, found := explain(res.StatusCode, body)
	me := &agent.ModelError{Fault: p.fault(), Wait: llm.Wait(res.Header, time.Now()), Model: name, Err: p.cause(m.options.Key)}
	if p.status/100 == 2 && !found {
		me.Fault = agent.FaultProtocol
		me.Err = fmt.Errorf("the server sends %s instead of a stream of events", kind(res))
	}
	return me
}

// streams tells that a stream of events may follow: some servers do not name
// its type.
func streams(res *http.Response) bool {
	switch kind(res) {
	case "application/json", "text/html":
		return false
	}
	return true
}

func kind(res *http.Response) string {
	kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return kind
}

// explain finds code and message in an error's body, wherever a server puts
// them: under error (OpenAI and most, a string at Ollama), at the top (vLLM,
// Azure's gateway), under detail (FastAPI), in a list (Gemini). Where there is
// none, it shows the body.
func explain(status int, body []byte) (p problem, found bool) {
	p.status = status
	fields := first(body)
	p.message, _ = str(string(fields["error"]))
	if inner := first(fields["error"]); inner != nil {
		fields = inner
	}
	for _, key := range []string{"message", "detail"} {
		if text, ok := str(string(fields[key])); ok && p.message == "" {
			p.message = text
		}
	}
	for _, key := range []string{"code", "type", "status"} {
		if text, ok := str(string(fields[key])); ok && p.code == "" {
			p.code = text
		}
	}
	// OpenRouter and vLLM repeat the status as a number, or name it only there.
	if n, err := strconv.Atoi(string(fields["code"])); err == nil && n >= 400 && n < 600 && p.status < 400 {
		p.status = n
	}
	// OpenRouter hides the words of the provider behind it.
	if raw, ok := str(string(first(fields["metadata"])["raw"])); ok {
		p.message += ": " + raw
	}
	if p.message != "" {
		return p, true
	}
	p.message = plain(status, body)
	return p, p.code != ""
}

// first is a JSON object, or the first of a list of them; nil is neither.
func first(data []byte) (fields map[string]json.RawMessage) {
	var list []json.RawMessage
	if json.Unmarshal(data, &list) == nil && len(list) > 0 {
		data = list[0]
	}
	if json.Unmarshal(data, &fields) != nil {
		return nil
	}
	return fields
}

// plain is what to show of an error without a message; a page in HTML is not.
func plain(status int, body []byte) string {
	body = bytes.TrimSpace(body)
	if len(body) == 0 || body[0] == '<' {
		return strings.TrimSpace(fmt.Sprintf("status %d %s", status, http.StatusText(status)))
	}
	return string(body)
}
