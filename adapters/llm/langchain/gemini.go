//go:build !lean

package langchain

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/llms/googleai"
	"google.golang.org/api/option"
)

// geminiKind sends by REST, whole answers, and without the client's own
// settings for sampling and safety, so that the provider's hold.
func geminiKind() (kind, error) {
	return kind{
		open:    func(o Options, c *http.Client) (llms.Model, error) { return openGemini(o, c) },
		form:    PerTurn,
		refills: true,
		stub:    true,
		edit:    editGemini,
		look:    lookGemini,
	}, nil
}

// gemini has a client for each name, because one client keeps the name it was
// last asked for without a lock.
type gemini struct {
	key  string
	http *http.Client

	mu      sync.Mutex
	clients map[string]*googleai.GoogleAI
}

func openGemini(o Options, c *http.Client) (llms.Model, error) {
	base, err := url.Parse(o.base("https://generativelanguage.googleapis.com"))
	if err != nil {
		return nil, fmt.Errorf("read the base URL: %w", err)
	}
	c.Transport = &geminiTransport{next: c.Transport, base: base, key: o.token()}
	g := &gemini{key: o.token(), http: c, clients: map[string]*googleai.GoogleAI{}}
	_, err = g.client(context.Background(), o.Model)
	return g, err
}

func (g *gemini) client(ctx context.Context, name string) (*googleai.GoogleAI, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c, ok := g.clients[name]; ok {
		return c, nil
	}
	c, err := googleai.New(context.WithoutCancel(ctx), googleai.WithAPIKey(g.key), googleai.WithDefaultModel(name),
		googleai.WithHTTPClient(g.http), withoutGRPC)
	if err != nil {
		return nil, fmt.Errorf("open a client for %s: %w", name, err)
	}
	g.clients[name] = c
	return c, nil
}

// withoutGRPC is a pool of no connections. The client would else connect by
// gRPC, past the HTTP client and for ever, for a service that nothing here uses.
func withoutGRPC(o *googleai.Options) {
	o.ClientOptions = append(o.ClientOptions, option.WithGRPCConnectionPool(-1))
}

// GenerateContent implements llms.Model.
func (g *gemini) GenerateContent(ctx context.Context, messages []llms.MessageContent, options ...llms.CallOption) (*llms.ContentResponse, error) {
	var o llms.CallOptions
	for _, set := range options {
		set(&o)
	}
	c, err := g.client(ctx, o.Model)
	if err != nil {
		return nil, err
	}
	return c.GenerateContent(ctx, messages, options...)
}

// Call implements llms.Model; nothing here uses it.
func (g *gemini) Call(ctx context.Context, prompt string, options ...llms.CallOption) (string, error) {
	return llms.GenerateFromSinglePrompt(ctx, g, prompt, options...)
}

// geminiTransport sends to the configured address with the key, which the
// client leaves to an HTTP client that it is given. Where the client would
// stream, it asks for a whole answer and hands it on as a stream of one: else
// only the usage of the first piece would be known.
type geminiTransport struct {
	next http.RoundTripper
	base *url.URL
	key  string
}

// RoundTrip implements http.RoundTripper.
func (t *geminiTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	path, streams := strings.CutSuffix(req.URL.Path, ":streamGenerateContent")
	if streams {
		path += ":generateContent"
	}
	req = req.Clone(req.Context())
	req.URL.Scheme, req.URL.Host, req.URL.Path = t.base.Scheme, t.base.Host, t.base.Path+path
	req.Host = ""
	req.Header.Set("X-Goog-Api-Key", t.key)
	resp, err := t.next.RoundTrip(req)
	if err == nil && streams {
		resp.Body = enclosed{io.MultiReader(strings.NewReader("["), resp.Body, strings.NewReader("]")), resp.Body}
		resp.ContentLength = -1
	}
	return resp, err
}

type enclosed struct {
	io.Reader
	io.Closer
}
