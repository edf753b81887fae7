package anthropic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	sdk "github.com/anthropics/anthropic-sdk-go"

	"interlock/adapters/llm"
	"interlock/agent"
)

// credentialError is that a cloud's credentials cannot be had.
type credentialError struct{ err error }

func (e *credentialError) Error() string { return "get credentials: " + e.err.Error() }
func (e *credentialError) Unwrap() error { return e.err }

// fault is an error of an answer that came at least in part.
func (a *answer) fault(name string, f agent.Fault, err error) error {
	return &agent.ModelError{Fault: f, Usage: a.usage(), Model: name, Err: errors.New(llm.Cut(err.Error()))}
}

// unanswered reads the error of a request that brought no stream.
func (m *Model) unanswered(ctx context.Context, name string, err error) error {
	var (
		credential *credentialError
		lost       *agent.ModelError
	)
	switch me := m.declined(err); {
	case ctx.Err() != nil:
		return ctx.Err()
	case me != nil:
		me.Model = name
		return me
	case errors.As(err, &credential):
		return &agent.ModelError{Fault: agent.FaultKey, Model: name, Err: m.cause(credential.Error())}
	}
	err = llm.Lost(err)
	if errors.As(err, &lost) {
		lost.Model = name
	}
	return err
}

// interrupted reads why a stream ended before its end; err may be nil.
func (m *Model) interrupted(ctx context.Context, name string, err error, a *answer) error {
	switch me := m.declined(err); {
	case ctx.Err() != nil:
		return ctx.Err()
	case me != nil:
		me.Model, me.Usage = name, a.usage()
		return me
	case err != nil:
		return a.fault(name, agent.FaultProtocol, m.cause("the answer broke off: "+err.Error()))
	case !a.begun:
		return a.fault(name, agent.FaultProtocol, errors.New("what came is no stream of events"))
	}
	return a.fault(name, agent.FaultProtocol, errors.New("the answer broke off"))
}

// declined reads the provider's own error, of an HTTP answer or in a stream.
func (m *Model) declined(err error) *agent.ModelError {
	var api *sdk.Error
	if !errors.As(err, &api) {
		return nil
	}
	code, message := words(api)
	me := &agent.ModelError{Fault: llm.Fault(api.StatusCode, code, message), Err: m.cause(message)}
	if api.StatusCode == http.StatusBadRequest && unbound.MatchString(message) {
		me.Err = &unboundError{me.Err}
	}
	if api.Response != nil {
		me.Wait = llm.Wait(api.Response.Header, time.Now())
	}
	return me
}

// words finds code and message in the bodies of Anthropic ("type"), Google
// ("status") and Amazon (a header, and "message").
func words(api *sdk.Error) (code, message string) {
	var body struct {
		Error   struct{ Type, Status, Message string }
		Message string
	}
	_ = json.Unmarshal([]byte(api.RawJSON()), &body) // what does not fit is shown as it is
	code = body.Error.Type
	if code == "" {
		code = body.Error.Status
	}
	if code == "" && api.Response != nil {
		code, _, _ = strings.Cut(api.Response.Header.Get("X-Amzn-Errortype"), ":")
	}
	for _, message = range []string{body.Error.Message, body.Message, strings.TrimSpace(api.RawJSON())} {
		if message != "" {
			return code, message
		}
	}
	return code, fmt.Sprintf("status %d %s", api.StatusCode, http.StatusText(api.StatusCode))
}

// cause is a message without the key, in case the provider repeats it.
func (m *Model) cause(message string) error {
	if m.key != "" {
		message = strings.ReplaceAll(message, m.key, "[key]")
	}
	return errors.New(llm.Cut(message))
}

// refusal is why the model declines.
func refusal(d sdk.RefusalStopDetails) error {
	switch {
	case d.Explanation != "":
		return errors.New(d.Explanation)
	case d.Category != "":
		return fmt.Errorf("the model declines (%s)", string(d.Category))
	}
	return errors.New("the model declines without a reason")
}
