package langchain

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/tmc/langchaingo/llms"

	"interlock/agent"
)

// scripted is an llms.Model that answers what it is told to, and keeps what it
// was asked.
type scripted struct {
	answer   func(ctx context.Context) (*llms.ContentResponse, error)
	mu       sync.Mutex
	messages []llms.MessageContent
	options  llms.CallOptions
}

func (s *scripted) GenerateContent(ctx context.Context, m []llms.MessageContent, options ...llms.CallOption) (*llms.ContentResponse, error) {
	s.mu.Lock()
	s.messages, s.options = m, llms.CallOptions{}
	for _, o := range options {
		o(&s.options)
	}
	s.mu.Unlock()
	return s.answer(ctx)
}

func (s *scripted) Call(context.Context, string, ...llms.CallOption) (string, error) {
	return "", errors.New("not used")
}

func choices(all ...*llms.ContentChoice) func(context.Context) (*llms.ContentResponse, error) {
	return func(context.Context) (*llms.ContentResponse, error) { return &llms.ContentResponse{Choices: all}, nil }
}

// provider is an HTTP server on loopback with one answer, which keeps the last
// request.
type provider struct {
	*httptest.Server
	status int
	header http.Header
	answer string

	mu      sync.Mutex
	path    string
	headers http.Header
	body    []byte
	asked   int
}

func newProvider(t testing.TB, status int, answer string) *provider {
	t.Helper()
	p := &provider{status: status, header: http.Header{}, answer: answer}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.path, p.headers, p.body, p.asked = r.URL.Path, r.Header, body, p.asked+1
		for k, v := range p.header {
			w.Header()[k] = v
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(p.status)
		_, _ = io.WriteString(w, p.answer)
	}))
	t.Cleanup(p.Close)
	return p
}

// sent is the last request's body.
func (p *provider) sent(t testing.TB) map[string]any {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	var o map[string]any
	if err := json.Unmarshal(p.body, &o); err != nil {
		t.Fatalf("request %q: %v", p.body, err)
	}
	return o
}

const testKey = "key-0123456789"

func (p *provider) model(t testing.TB, kind string) *Model {
	t.Helper()
	url := p.URL
	if kind == "openai" || kind == "mistral" {
		url += "/v1"
	}
	m, err := New(Options{Kind: kind, Key: testKey, BaseURL: url, Model: "m-1", HTTP: p.Client()})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func ask(text string) agent.Prompt {
	return agent.Prompt{Messages: []agent.Message{{Role: agent.User, Blocks: []agent.Block{{Text: text}}}}}
}

func call(id, tool, args string) agent.Block {
	return agent.Block{Call: &agent.ToolCall{ID: id, Tool: tool, Args: json.RawMessage(args)}}
}

func result(id, tool, text string, failed bool) agent.Block {
	return agent.Block{Result: &agent.CallResult{Call: id, Tool: tool, Text: text, Failed: failed}}
}

// history is a prompt with text and two calls in one answer, their results out
// of order, and words behind them.
func history() agent.Prompt {
	return agent.Prompt{
		System: []string{"You plan.", " ", "You are careful."},
		Tools: []agent.ToolSpec{
			{Name: "get", Description: "reads", Schema: json.RawMessage(`{"type":"object","properties":{"k":{"enum":["a","b"]}},"required":["k"]}`)},
			{Name: "list", Description: "lists"},
		},
		Messages: []agent.Message{
			{Role: agent.User, Blocks: []agent.Block{{Text: "go"}}},
			{Role: agent.Assistant, Blocks: []agent.Block{
				{Opaque: &agent.Opaque{Provider: "other", Data: json.RawMessage(`{"secret":"thinking"}`)}},
				{Text: "First I look."},
				call("call_a", "get", `{"k":"a"}`),
				call("call_b", "list", ``),
			}},
			{Role: agent.User, Blocks: []agent.Block{
				result("call_b", "list", "no such list", true),
				result("call_a", "get", "1", false),
				{Text: "and hurry"},
			}},
		},
	}
}

func modelError(t *testing.T, err error) *agent.ModelError {
	t.Helper()
	var me *agent.ModelError
	if !errors.As(err, &me) {
		t.Fatalf("error %v is no ModelError", err)
	}
	return me
}
