// Package langchain makes an agent.Model of any langchaingo llms.Model, for the
// providers that have no adapter of their own: it sends the history in the form
// that a provider's client handles, merges what comes back, and takes errors,
// usage and ends from the HTTP exchange where the client drops them. It never
// streams, because the clients mix up calls and lose errors when they do: a
// Prompt.Stream gets the text once, at the end. Nor does it think: the clients
// lose the signatures of thinking, so opaque blocks neither come nor go. It
// must never know policy, the log, or what a tool does.
package langchain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/tmc/langchaingo/llms"

	"interlock/adapters/llm"
	"interlock/agent"
)

// defaultOutput is the most tokens of an answer when nobody says.
const defaultOutput = 8192

// Options say which provider to ask and how to reach it. No setting for
// sampling is ever sent: the provider's own hold.
type Options struct {
	// Kind is "anthropic", "gemini", "mistral" or "openai" (which also is what
	// many local servers speak).
	Kind string
	// Key is the API key. It may be empty only with a BaseURL, for a server
	// that asks for none.
	Key string
	// BaseURL replaces the provider's own address. For openai and mistral it
	// includes the version, for example "http://127.0.0.1:11434/v1"; for the
	// others a trailing "/v1" is ignored.
	BaseURL string
	// Model is the name that is asked when a prompt names none.
	Model string
	// Output is the most tokens to answer with; 0 is 8192.
	Output int
	// HTTP is the client for requests; nil is llm.Client().
	HTTP *http.Client
}

// Model is an agent.Model. It is safe for concurrent use if the llms.Model is.
type Model struct {
	model     llms.Model
	kind      kind
	name, key string
	output    int
}

var _ agent.Model = (*Model)(nil)

// New makes a Model, or says which option is missing or wrong. It reads no key,
// name or address from the environment, and connects to nobody.
func New(o Options) (*Model, error) {
	k, err := kindOf(o.Kind)
	if err != nil {
		return nil, err
	}
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("langchain: %w", err)
	}
	client := o.HTTP
	if client == nil {
		client = llm.Client()
	}
	watched := *client
	watched.Transport = &transport{next: client.Transport, edit: k.edit, trim: k.trim}
	m, err := k.open(o, &watched)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", o.Kind, err)
	}
	return &Model{model: m, kind: k, name: o.Model, key: o.Key, output: cmp.Or(o.Output, defaultOutput)}, nil
}

func (o Options) check() error {
	switch {
	case o.Model == "":
		return errors.New("no model is named")
	case o.Key == "" && o.BaseURL == "":
		return errors.New("there is no key")
	case o.Output < 0:
		return errors.New("output is a count of tokens and cannot be negative")
	}
	if o.BaseURL == "" {
		return nil
	}
	base, err := url.Parse(o.BaseURL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return errors.New("the base URL is no http or https address")
	}
	return nil
}

// base is the address without what its client adds itself.
func (o Options) base(own string) string {
	return strings.TrimSuffix(strings.TrimRight(cmp.Or(o.BaseURL, own), "/"), "/v1")
}

// token is the key, or a word that stands for none: the clients refuse an empty
// one, and would look for another in the environment.
func (o Options) token() string { return cmp.Or(o.Key, "none") }

// WrapOptions say how to treat a caller's own llms.Model.
type WrapOptions struct {
	Model  string // the name that is asked when a prompt names none; empty is the llms.Model's own
	Output int    // the most tokens to answer with; 0 is 8192
	Form   Form   // how its history is sent
}

// Wrap makes a Model of a caller's own llms.Model. Its HTTP client should have
// a Transport of this package: without one, the status and the waits of a
// provider are lost, and every error that it answers reads as FaultProtocol.
func Wrap(m llms.Model, w WrapOptions) *Model {
	return &Model{model: m, kind: kind{form: w.Form}, name: w.Model, output: cmp.Or(w.Output, defaultOutput)}
}

// Next asks once, without retries.
func (m *Model) Next(ctx context.Context, p agent.Prompt) (agent.Reply, error) {
	name := cmp.Or(p.Model, m.name)
	messages := m.kind.messages(p)
	if len(messages) == 0 {
		return agent.Reply{}, &agent.ModelError{Fault: agent.FaultRequest, Model: name, Err: errors.New("the prompt is empty")}
	}
	ex := &exchange{tools: p.Tools, args: m.kind.written(messages)}
	response, err := m.generate(with(ctx, ex), messages, m.options(name, p)...)
	seen := m.kind.see(ex)
	if err != nil && (!seen.empty || ctx.Err() != nil) {
		return agent.Reply{}, m.failure(ctx, name, ex, seen, err)
	}
	reply, err := read(response, seen)
	if err != nil {
		return agent.Reply{}, m.named(name, err)
	}
	reply.Model = name
	if text := reply.Text(); p.Stream != nil && text != "" {
		p.Stream(text)
	}
	return reply, nil
}

func (m *Model) options(name string, p agent.Prompt) []llms.CallOption {
	options := append([]llms.CallOption{llms.WithMaxTokens(cmp.Or(p.Output, m.output))}, m.kind.options...)
	if name != "" {
		options = append(options, llms.WithModel(name))
	}
	if len(p.Tools) > 0 {
		options = append(options, llms.WithTools(tools(p.Tools, m.kind.stub)))
	}
	return options
}

// panicked is that a client panicked, as some do on answers without choices.
type panicked struct{ cause any }

func (e *panicked) Error() string {
	return fmt.Sprintf("the client library panicked on the answer: %v", e.cause)
}

func (m *Model) generate(ctx context.Context, messages []llms.MessageContent, options ...llms.CallOption) (r *llms.ContentResponse, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			r, err = nil, &panicked{cause}
		}
	}()
	return m.model.GenerateContent(ctx, messages, options...)
}
