package agent

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Model answers one Prompt. Its output is never trusted. The error is a
// *ModelError, or that of ctx when it ended first. It is safe for concurrent
// use, and leaves neither a goroutine nor a connection behind.
type Model interface {
	Next(ctx context.Context, p Prompt) (Reply, error)
}

// Prompt is all that a model is told. Two prompts of one turn begin with the
// same bytes, so that a provider's cache can serve what they share.
type Prompt struct {
	Model    string   // its name; empty is the adapter's own
	System   []string // sections, the most stable first
	Tools    []ToolSpec
	Messages []Message // begins with User, then each in turn
	Output   int       // most tokens to answer with; 0 is the adapter's own
	// Stream gets each piece of text as it comes, and "" when something came
	// that is not text. It is lossy and never blocks; nil shows nothing.
	Stream func(text string)
}

// Role is who speaks.
type Role string

// The two who speak; what tools return is said by User.
const (
	User      Role = "user"
	Assistant Role = "assistant"
)

// Message is what one of the two said.
type Message struct {
	Role   Role
	Blocks []Block
}

// Block is a part of a message: exactly one of its fields is set. A Call's ID
// is the one that its Result names.
type Block struct {
	Text   string      `json:",omitempty"`
	Call   *ToolCall   `json:",omitempty"`
	Result *CallResult `json:",omitempty"`
	Opaque *Opaque     `json:",omitempty"`
}

// CallResult is what a model is told of one call.
type CallResult struct {
	Call, Tool string // the call's ID, and its tool
	Text       string
	Failed     bool
}

// Opaque is a provider's own block, for example signed thinking. It goes back
// unchanged and in its place, to the same provider and model, and to no other.
type Opaque struct {
	Provider, Model string
	Data            json.RawMessage
}

// Reply is one answer. Model is the name that answered, as the bill names it.
type Reply struct {
	Blocks []Block
	Stop   Stop
	Usage  Usage
	Model  string
}

// Text joins what the reply says.
func (r Reply) Text() string {
	var parts []string
	for _, b := range r.Blocks {
		if b.Text != "" {
			parts = append(parts, b.Text)
		}
	}
	return strings.Join(parts, "\n\n")
}

// Calls are the calls of the reply, in its order.
func (r Reply) Calls() (calls []ToolCall) {
	for _, b := range r.Blocks {
		if b.Call != nil {
			calls = append(calls, *b.Call)
		}
	}
	return calls
}

// Stop is why a reply ended. The zero value is none at all, which no adapter
// may return: a reply without an end is a *ModelError.
type Stop int

// The ends of a reply. A refusal is a *ModelError.
const (
	StopNone   Stop = iota
	StopEnd         // all was said
	StopCalls       // tools are to be called
	StopLength      // the limit of output was reached: the last block may be cut
)

// Usage counts the tokens of a reply. Input are those that were neither read
// from the provider's cache nor written to it; Output includes thinking.
type Usage struct{ Input, Output, CacheRead, CacheWrite int }

// Plus adds up.
func (u Usage) Plus(v Usage) Usage {
	return Usage{u.Input + v.Input, u.Output + v.Output, u.CacheRead + v.CacheRead, u.CacheWrite + v.CacheWrite}
}

// Total is all of it.
func (u Usage) Total() int { return u.Input + u.Output + u.CacheRead + u.CacheWrite }

// Fresh is what no cache served: what a budget of tokens counts.
func (u Usage) Fresh() int { return u.Input + u.Output + u.CacheWrite }

// Fault says what went wrong at a model.
type Fault int

// The faults. Those up to FaultOverload pass, so that trying again helps.
const (
	FaultProtocol Fault = iota // what came is cut or makes no sense
	FaultNetwork               // no connection, or no answer in time
	FaultRateLimit
	FaultOverload // the provider is busy or broken
	FaultTooLong  // the prompt does not fit
	FaultRefused  // the provider or the model declines
	FaultKey
	FaultCredit
	FaultName // there is no such model
	FaultRequest
)

// ModelError is a reply that did not come. Usage is what it cost all the same.
type ModelError struct {
	Fault Fault
	Wait  time.Duration // the provider asks to wait so long; 0 says nothing
	Usage Usage
	Model string // the name that was asked, when it is known
	Err   error  // the cause, in the provider's words
}

// Passes tells whether trying again later can help.
func (e *ModelError) Passes() bool { return e.Fault <= FaultOverload }

// whats say what happened and what to do about it, by Fault.
var whats = [...]struct{ what, do string }{
	FaultProtocol:  {"the model's answer was cut or made no sense", "try again; if it stays so, check model.base_url"},
	FaultNetwork:   {"the model cannot be reached", "check model.base_url and the network"},
	FaultRateLimit: {"the provider's rate limit is reached", "wait, or raise the limit at the provider"},
	FaultOverload:  {"the provider is overloaded", "wait, or set model.fallback"},
	FaultTooLong:   {"the conversation is too long for the model", "begin a new thread, or lower model.context to what the model takes"},
	FaultRefused:   {"the model declined this", "ask in other words"},
	FaultKey:       {"the provider does not accept the key", "set model.api_key to a valid one"},
	FaultCredit:    {"the account at the provider has no credit", "add credit, or set another model.api_key"},
	FaultName:      {"the provider knows no such model", "set model.name to one that it has"},
	FaultRequest:   {"the provider does not accept the request", "check model.provider, model.base_url and model.name"},
}

// What says in a line what happened, with the name of the model.
func (e *ModelError) What() string {
	if e.Model == "" {
		return whats[e.Fault].what
	}
	return whats[e.Fault].what + " (" + e.Model + ")"
}

// Do says what a person can change.
func (e *ModelError) Do() string { return whats[e.Fault].do }

func (e *ModelError) Error() string {
	if e.Err == nil {
		return e.What()
	}
	return e.What() + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *ModelError) Unwrap() error { return e.Err }

// faulty finds the ModelError in an error.
func faulty(err error) (*ModelError, bool) {
	var me *ModelError
	return me, errors.As(err, &me)
}
