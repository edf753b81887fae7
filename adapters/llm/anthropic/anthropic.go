// Package anthropic speaks the Anthropic Messages API: directly, or through
// Amazon Bedrock or Google Vertex AI. It always streams, and maps prompts,
// replies and errors of package agent to that wire and back. It must never
// know other providers, policy, the log, or what a tool does.
package anthropic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	sdk "github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"interlock/adapters/llm"
	"interlock/agent"
)

// provider names this adapter in an agent.Opaque.
const provider = "anthropic"

// defaultOutput is the most tokens of an answer when nobody says.
const defaultOutput = 8192

// leastThinking is the API's lower bound of budget_tokens.
const leastThinking = 1024

// Options say how to reach the models.
type Options struct {
	// Key is the API key. It may be empty only with a BaseURL (a gateway that
	// asks for none), on Bedrock, where it is a Bedrock API key, and on Vertex,
	// which has none.
	Key string
	// BaseURL replaces the provider's own address; a trailing "/v1" is ignored.
	BaseURL string
	// Model is the name that is asked when a prompt names none.
	Model string
	// Output is the most tokens to answer with; 0 is 8192.
	Output int
	// Thinking is the budget of extended thinking in tokens, at least 1024 and
	// below Output; 0 asks for none. A prompt whose own Output does not exceed
	// it asks for none either. Claude models after 4.5 know no budget: they
	// think as much as they see fit within Output.
	Thinking int
	// Via is "" (the API itself), "bedrock" or "vertex". These two take the
	// cloud's usual credentials from the environment.
	Via string
	// Region is needed on Bedrock and Vertex, Project on Vertex.
	Region, Project string
	// HTTP is the client for requests to models; nil is llm.Client().
	HTTP *http.Client
}

// Model is an agent.Model. It is safe for concurrent use.
type Model struct {
	messages         sdk.MessageService
	name, key        string
	output, thinking int
}

var _ agent.Model = (*Model)(nil)

// New makes a Model, or says which option is missing or wrong. It reads nothing
// from the environment unless Via names a cloud, and connects to nobody.
func New(ctx context.Context, o Options) (*Model, error) {
	if o.Output == 0 {
		o.Output = defaultOutput
	}
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("anthropic: %w", err)
	}
	opts, err := o.requestOptions(ctx)
	if err != nil {
		return nil, fmt.Errorf("anthropic: %w", err)
	}
	return &Model{
		messages: sdk.NewClient(opts...).Messages,
		name:     o.Model, key: o.Key, output: o.Output, thinking: o.Thinking,
	}, nil
}

func (o Options) check() error {
	switch {
	case o.Model == "":
		return errors.New("no model is named")
	case o.Via == "" && o.Key == "" && o.BaseURL == "":
		return errors.New("there is no key")
	case o.Output < 0 || o.Thinking < 0:
		return errors.New("output and thinking are counts of tokens and cannot be negative")
	case o.Thinking > 0 && o.Thinking < leastThinking:
		return fmt.Errorf("thinking is %d tokens, but the provider takes no less than %d", o.Thinking, leastThinking)
	case o.Thinking > 0 && o.Output <= o.Thinking:
		return fmt.Errorf("output (%d) includes thinking (%d) and must exceed it", o.Output, o.Thinking)
	case o.Via != "" && o.Region == "":
		return fmt.Errorf("%s needs a region", o.Via)
	case o.Via == "vertex" && o.Project == "":
		return errors.New("vertex needs a project")
	}
	return nil
}

// requestOptions are for every request. Their order matters: Vertex wraps the
// client that stands before it, and the base URL replaces a cloud's own.
func (o Options) requestOptions(ctx context.Context) ([]option.RequestOption, error) {
	client := o.HTTP
	if client == nil {
		client = llm.Client()
	}
	opts := []option.RequestOption{
		option.WithoutEnvironmentDefaults(),
		option.WithoutOpenTelemetry(),
		option.WithMaxRetries(0), // package llm retries
		option.WithHTTPClient(client),
	}
	way, err := o.way(ctx)
	if err != nil {
		return nil, err
	}
	opts = append(opts, way...)
	if o.BaseURL == "" {
		return opts, nil
	}
	base, err := url.Parse(o.BaseURL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, errors.New("the base URL is no http or https address")
	}
	root := strings.TrimSuffix(strings.TrimRight(o.BaseURL, "/"), "/v1")
	return append(opts, option.WithBaseURL(root)), nil
}

// way is what differs between the API itself and the clouds.
func (o Options) way(ctx context.Context) ([]option.RequestOption, error) {
	switch o.Via {
	case "":
		if o.Key == "" {
			return nil, nil
		}
		return []option.RequestOption{option.WithAPIKey(o.Key)}, nil
	case "bedrock":
		return bedrockOptions(ctx, o)
	case "vertex":
		return vertexOptions(ctx, o)
	}
	return nil, fmt.Errorf("there is no way %q: leave it empty, or name bedrock or vertex", o.Via)
}

// Next asks once, without retries. Only where the provider does not take back
// what the model thought (as it does when something before it has changed, for
// example was summed up) it asks again without that.
func (m *Model) Next(ctx context.Context, p agent.Prompt) (agent.Reply, error) {
	name := p.Model
	if name == "" {
		name = m.name
	}
	r, err := m.ask(ctx, name, p)
	var unbound *unboundError
	if errors.As(err, &unbound) {
		p.Messages = withoutOpaque(p.Messages)
		return m.ask(ctx, name, p)
	}
	return r, err
}

func (m *Model) ask(ctx context.Context, name string, p agent.Prompt) (agent.Reply, error) {
	life := &llm.Pulse{Stream: p.Stream}
	stream := m.messages.NewStreaming(ctx, m.params(name, p), option.WithMiddleware(watch(life)))
	defer func() { _ = stream.Close() }()
	if err := stream.Err(); err != nil {
		return agent.Reply{}, m.unanswered(ctx, name, err)
	}
	var a answer
	for !a.done && stream.Next() {
		e := stream.Current()
		if err := a.take(e); err != nil {
			return agent.Reply{}, a.fault(name, agent.FaultProtocol, err)
		}
		life.Tell(text(e))
	}
	if !a.done {
		return agent.Reply{}, m.interrupted(ctx, name, stream.Err(), &a)
	}
	return a.reply(name)
}
