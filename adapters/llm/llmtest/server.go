// Package llmtest holds a provider of models that runs on loopback, speaks the
// Anthropic Messages wire and the OpenAI Chat Completions wire, and refuses what
// the real ones refuse; and the suite that every adapter of a model passes. It
// must never know an adapter, a library of a provider, chat or SQL.
package llmtest

import (
	"crypto/rand"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"interlock/agent"
)

// Dialect is a wire that the Server speaks.
type Dialect int

// The dialects.
const (
	Anthropic Dialect = iota // POST /v1/messages
	OpenAI                   // POST /v1/chat/completions
)

// String names the dialect.
func (d Dialect) String() string { return [...]string{"anthropic", "openai"}[d] }

// Request is what the Server was asked, on record in the order of arrival. A
// request that was refused is there, too; Prompt is then what was read of it.
type Request struct {
	Dialect  Dialect
	Prompt   agent.Prompt
	Body     []byte
	Streamed bool
	Header   http.Header
	Marks    int    // cache_control marks; only Anthropic has them
	Refused  string // why the wire's checks refused it; empty when they did not
}

// Server is the provider. It is safe for concurrent use.
type Server struct {
	brain agent.Model
	http  *httptest.Server
	key   string
	done  chan struct{} // closed at the end, so that nothing hangs

	mu       sync.Mutex
	name     string
	plan     []Answer
	requests []Request
	open     map[net.Conn]bool
	usage    agent.Usage
	cached   map[string]bool // prefixes that were seen, by hash
	signed   map[string]bool // thinking that was given out
}

// NewServer starts a provider on 127.0.0.1 that ends with the test. What is not
// planned is answered by brain; a nil brain has planned answers only.
func NewServer(t testing.TB, brain agent.Model) *Server {
	s := &Server{
		brain: brain, name: "test-model-1", key: "sk-test-" + rand.Text(), done: make(chan struct{}),
		open: map[net.Conn]bool{}, cached: map[string]bool{}, signed: map[string]bool{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/messages", s.complete(anthropicWire{}))
	mux.HandleFunc("POST /v1/chat/completions", s.complete(openaiWire{}))
	mux.HandleFunc("GET /v1/models", s.models)
	mux.HandleFunc("GET /v1/models/{id}", s.models)
	s.http = httptest.NewUnstartedServer(mux)
	s.http.Config.ConnState = s.connection
	s.http.Start()
	t.Cleanup(s.http.Close)
	t.Cleanup(func() { close(s.done) })
	return s
}

// URL is the base URL that an adapter of the dialect takes: of Anthropic without
// /v1, of OpenAI with it.
func (s *Server) URL(d Dialect) string {
	if d == OpenAI {
		return s.http.URL + "/v1"
	}
	return s.http.URL
}

// Key is the one key that the Server takes.
func (s *Server) Key() string { return s.key }

// Name is the one model that the Server knows. Answers name it with a date
// behind, as providers do.
func (s *Server) Name() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.name
}

// Rename makes it know another model instead, so that two servers differ.
func (s *Server) Rename(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.name = name
}

// Plan adds answers, which are given in order before the brain is asked. A
// request that is refused uses up none.
func (s *Server) Plan(answers ...Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan = append(s.plan, answers...)
}

// Requests are all requests to complete a prompt so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Open counts the connections that clients hold, idle ones included. It follows
// what a client does with a little delay.
func (s *Server) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// Usage is the sum of what the answers counted.
func (s *Server) Usage() agent.Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.usage
}

func (s *Server) connection(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state == http.StateClosed || state == http.StateHijacked {
		delete(s.open, c)
		return
	}
	s.open[c] = true
}

// complete answers one request.
func (s *Server) complete(w wire) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client went
		}
		a, bad := w.read(body)
		if bad == nil {
			bad = s.familiar(a.thoughts)
		}
		x := &exchange{server: s, wire: w, ask: a, w: rw, r: r}
		s.take(x, body, bad)(x)
	}
}

// take puts a request on record and chooses its answer, both at once: whoever
// sees the record can rely on it that the planned answer is used up.
func (s *Server) take(x *exchange, body []byte, bad error) Answer {
	req := Request{
		Dialect: x.wire.dialect(), Prompt: x.ask.prompt, Body: body,
		Streamed: x.ask.stream, Header: x.r.Header.Clone(), Marks: x.ask.marks,
	}
	if bad != nil {
		req.Refused = bad.Error()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, req)
	x.serial = len(s.requests)
	switch {
	case x.wire.key(x.r.Header) != s.key:
		return faulty(agent.FaultKey, "")
	case bad != nil:
		return faulty(agent.FaultRequest, bad.Error())
	case x.ask.prompt.Model != s.name:
		return faulty(agent.FaultName, "")
	case len(s.plan) == 0:
		return (*exchange).think
	}
	a := s.plan[0]
	s.plan = s.plan[1:]
	return a
}
