// Package openai asks models over the Chat Completions wire, always streamed.
// It must never know chat, SQL, what a tool does, or another adapter; it tries
// nothing twice, and it reads nothing from the environment.
//
// One wire serves many products, by BaseURL:
//
//   - OpenAI: empty.
//   - Azure OpenAI: https://NAME.openai.azure.com/openai/v1/ with the
//     deployment as the model's name.
//   - Ollama: http://127.0.0.1:11434/v1, without a key. Its own context is
//     small unless the server is told otherwise, and it cuts in silence.
//   - vLLM: http://HOST:8000/v1, started with a parser for tool calls.
//   - OpenRouter: https://openrouter.ai/api/v1
//   - DeepSeek: https://api.deepseek.com/v1
//   - Gemini: https://generativelanguage.googleapis.com/v1beta/openai/
package openai

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"interlock/adapters/llm"
	"interlock/agent"
)

// provider marks our opaque blocks.
const provider = "openai"

// output is the limit of an answer, in tokens, when nobody names one.
const output = 8192

// Options say which server is asked, and as whom.
type Options struct {
	Key     string       // empty only for a server of one's own
	BaseURL string       // empty is OpenAI's public address
	Model   string       // asked when a Prompt names none
	Output  int          // most tokens to answer with; 0 is 8192
	Effort  string       // of reasoning, in the provider's words; empty sends none
	HTTP    *http.Client // nil is llm.Client()
}

// Model is a model behind a Chat Completions address. It is safe for
// concurrent use.
type Model struct {
	chat    sdk.ChatCompletionService
	options Options
	legacy  bool // knows the output's limit only as max_tokens
	thinks  bool // wants reasoning back with each message
}

var _ agent.Model = (*Model)(nil)

// New checks the Options; it connects to nothing.
func New(o Options) (*Model, error) {
	at, err := address(o.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("read base URL: %w", err)
	}
	owned := at == nil || public(at) || azure(at)
	switch {
	case o.Model == "":
		return nil, errors.New("name of the model is empty")
	case o.Output < 0:
		return nil, fmt.Errorf("limit of output %d is negative", o.Output)
	case o.Key == "" && owned:
		return nil, errors.New("key is empty")
	}
	if o.Output == 0 {
		o.Output = output
	}
	if o.HTTP == nil {
		o.HTTP = llm.Client()
	}
	// The service, unlike the SDK's client, takes no defaults from the environment.
	chat := sdk.NewChatCompletionService(connection(o, at)...)
	return &Model{chat: chat, options: o, legacy: !owned, thinks: at != nil && deepseek(at)}, nil
}

// connection is what every request has in common.
func connection(o Options, at *url.URL) []option.RequestOption {
	opts := []option.RequestOption{
		option.WithEnvironmentProduction(), // the public address, not the process's environment
		option.WithHTTPClient(o.HTTP),
		option.WithMaxRetries(0), // package llm retries
	}
	if at != nil {
		opts = append(opts, option.WithBaseURL(at.String()))
	}
	if o.Key != "" {
		opts = append(opts, option.WithAPIKey(o.Key))
	}
	if at != nil && azure(at) {
		opts = append(opts, option.WithHeader("api-key", o.Key))
	}
	return opts
}

// address reads a base URL; an empty one is nil. A query would be lost when the
// path is added, so it is refused.
func address(base string) (*url.URL, error) {
	if base == "" {
		return nil, nil
	}
	u, err := url.Parse(base)
	switch {
	case err != nil:
		return nil, errors.New("it is no URL") // the cause would repeat a password in it
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, errors.New("it must begin with http:// or https:// and a host")
	case u.User != nil, u.RawQuery != "", u.Fragment != "":
		return nil, errors.New("it must hold no user, query or fragment")
	}
	return u, nil
}

// public tells whether OpenAI itself answers there, in any of its regions.
func public(u *url.URL) bool { return within(u, "api.openai.com") }

// azure tells whether Azure answers there, in any of its clouds.
func azure(u *url.URL) bool { return within(u, "azure.com", "azure.us", "azure.cn") }

func deepseek(u *url.URL) bool { return within(u, "deepseek.com") }

// within tells whether the host is one of the domains or below it.
func within(u *url.URL, domains ...string) bool {
	host := "." + strings.ToLower(u.Hostname())
	return slices.ContainsFunc(domains, func(d string) bool { return strings.HasSuffix(host, "."+d) })
}
