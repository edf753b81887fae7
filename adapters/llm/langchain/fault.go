package langchain

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"interlock/adapters/llm"
	"interlock/agent"
)

// failure reads why no response came: by the exchange as far as that went, and
// by the client's own words only if it never began. The clients' errors are
// plain text, and their own mapping of it takes a number in a message for a
// status.
func (m *Model) failure(ctx context.Context, name string, ex *exchange, s sight, err error) error {
	status, header, data, lost := ex.left()
	var panicked *panicked
	me := &agent.ModelError{Usage: s.usage, Model: name, Err: m.cause(err.Error())}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case s.refusal != "":
		me.Fault, me.Err = agent.FaultRefused, m.cause(s.refusal)
	case status > 299 || len(complaints(data)) > 1: // some send errors with status 200
		code, message := words(status, data)
		me.Fault, me.Wait = llm.Fault(status, code, message), cmp.Or(llm.Wait(header, time.Now()), delay(data))
		me.Err = m.cause(message)
	case status > 0 || errors.As(err, &panicked):
		me.Fault = agent.FaultProtocol
	case lost != nil || network(err):
		return m.named(name, llm.Lost(cmp.Or(lost, err)))
	case m.kind.open != nil: // the client would not even send it
		me.Fault = agent.FaultRequest
	}
	return me
}

// named gives a *agent.ModelError the name that was asked, and a cause that can
// be shown.
func (m *Model) named(name string, err error) error {
	var me *agent.ModelError
	if errors.As(err, &me) {
		me.Model, me.Err = name, m.cause(me.Err.Error())
	}
	return err
}

// cause is a message without the key, in case the provider repeats it.
func (m *Model) cause(message string) error {
	if m.key != "" {
		message = strings.ReplaceAll(message, m.key, "[key]")
	}
	return errors.New(llm.Cut(message))
}

// network tells an error of the connection, in a chain that was kept.
func network(err error) bool {
	var at net.Error
	return errors.As(err, &at) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// complaint is an error as providers put it: OpenAI, Anthropic, Google and Mistral.
type complaint struct {
	Error   json.RawMessage
	Message json.RawMessage
	Type    string
	Status  string
	Code    json.RawMessage
	Details []struct {
		RetryDelay string
	}
}

// complaints are those in a body, the innermost first: two if it has an error.
func complaints(data []byte) (all []complaint) {
	var list []json.RawMessage
	if json.Unmarshal(data, &list) == nil && len(list) > 0 { // Google, of a stream
		data = list[0]
	}
	for range 2 {
		var c complaint
		if json.Unmarshal(data, &c) != nil || bytes.Equal(data, []byte("null")) {
			break
		}
		all = append([]complaint{c}, all...)
		data = c.Error
	}
	return all
}

// words find code and message of an error.
func words(status int, data []byte) (code, message string) {
	for _, c := range complaints(data) {
		code = cmp.Or(code, plainText(c.Code), c.Status, c.Type, strings.Trim(string(c.Code), "\""))
		message = cmp.Or(message, plainText(c.Message), plainText(c.Error))
	}
	return code, cmp.Or(message, strings.TrimSpace(string(data)), fmt.Sprintf("status %d %s", status, http.StatusText(status)))
}

// plainText is a JSON string's text.
func plainText(data json.RawMessage) (text string) {
	_ = json.Unmarshal(data, &text) // what is no string stays empty
	return text
}

// delay is how long Google asks to wait, which it says in the body alone.
func delay(data []byte) time.Duration {
	for _, c := range complaints(data) {
		for _, d := range c.Details {
			if wait, err := time.ParseDuration(d.RetryDelay); err == nil && wait > 0 {
				return min(wait, time.Hour) // llm.Wait's own bound
			}
		}
	}
	return 0
}
