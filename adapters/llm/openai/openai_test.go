package openai

import (
	"net/http"
	"strings"
	"testing"

	"interlock/adapters/llm/llmtest"
	"interlock/agent"
)

func TestConformance(t *testing.T) {
	features := llmtest.Features{Streams: true, Opaque: true, Cache: true, Exact: true}
	llmtest.TestModel(t, llmtest.OpenAI, features, func(t *testing.T, url, key, model string) agent.Model {
		m, err := New(Options{Key: key, BaseURL: url, Model: model})
		if err != nil {
			t.Fatal(err)
		}
		return m
	})
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		o    Options
		says string
	}{
		"nothing":             {Options{}, "name of the model is empty"},
		"no key":              {Options{Model: "m"}, "key is empty"},
		"no key at OpenAI":    {Options{Model: "m", BaseURL: "https://EU.api.openai.com/v1"}, "key is empty"},
		"no key at Azure":     {Options{Model: "m", BaseURL: "https://x.openai.azure.com/openai/v1/"}, "key is empty"},
		"negative limit":      {Options{Model: "m", Key: "k", Output: -1}, "negative"},
		"no scheme":           {Options{Model: "m", BaseURL: "127.0.0.1:11434/v1"}, "read base URL"},
		"other scheme":        {Options{Model: "m", BaseURL: "ftp://host/v1"}, "must begin with http"},
		"no host":             {Options{Model: "m", BaseURL: "http:///v1"}, "and a host"},
		"query":               {Options{Model: "m", BaseURL: "http://host/v1?api-version=1"}, "no user, query"},
		"user":                {Options{Model: "m", BaseURL: "http://u:hunter22@host/v1"}, "no user, query"},
		"secret in a bad URL": {Options{Model: "m", BaseURL: "http://u:hunter22@ho st/v1"}, "no URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := New(c.o)
			if err == nil || m != nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v, want an error with %q", err, c.says)
			}
			if strings.Contains(err.Error(), "hunter22") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

const yes = `data: {"choices":[{"delta":{"content":"Yes."},"finish_reason":"stop"}]}` + "\n\n"

// TestAddresses sends to each product what it takes.
func TestAddresses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		o                        Options
		url, bearer, own, limits string
	}{
		"OpenAI":     {Options{Key: "k"}, "https://api.openai.com/v1/chat/completions", "Bearer k", "", "max_completion_tokens"},
		"region":     {Options{Key: "k", BaseURL: "https://eu.api.openai.com/v1"}, "https://eu.api.openai.com/v1/chat/completions", "Bearer k", "", "max_completion_tokens"},
		"Azure":      {Options{Key: "k", BaseURL: "https://x.openai.azure.com/openai/v1"}, "https://x.openai.azure.com/openai/v1/chat/completions", "Bearer k", "k", "max_completion_tokens"},
		"Foundry":    {Options{Key: "k", BaseURL: "https://x.services.ai.azure.com/openai/v1/"}, "https://x.services.ai.azure.com/openai/v1/chat/completions", "Bearer k", "k", "max_completion_tokens"},
		"Ollama":     {Options{BaseURL: "http://127.0.0.1:11434/v1"}, "http://127.0.0.1:11434/v1/chat/completions", "", "", "max_tokens"},
		"OpenRouter": {Options{Key: "k", BaseURL: "https://openrouter.ai/api/v1"}, "https://openrouter.ai/api/v1/chat/completions", "Bearer k", "", "max_tokens"},
		"look-alike": {Options{Key: "k", BaseURL: "https://api.openai.com.example/v1"}, "https://api.openai.com.example/v1/chat/completions", "Bearer k", "", "max_tokens"},
		"no path":    {Options{Key: "k", BaseURL: "http://vllm:8000"}, "http://vllm:8000/chat/completions", "Bearer k", "", "max_tokens"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &wire{status: http.StatusOK, body: strings.NewReader(yes)}
			c.o.Model, c.o.HTTP = "m", &http.Client{Transport: w}
			m, err := New(c.o)
			if err != nil {
				t.Fatal(err)
			}
			ask(t, m)
			if got := w.asked.URL.String(); got != c.url {
				t.Errorf("asked %s", got)
			}
			if got := w.asked.Header.Get("Authorization"); got != c.bearer {
				t.Errorf("authorized as %q", got)
			}
			if got := w.asked.Header.Get("api-key"); got != c.own {
				t.Errorf("sent api-key %q", got)
			}
			if !strings.Contains(w.sent, `"`+c.limits+`":8192`) || strings.Count(w.sent, `_tokens"`) != 1 {
				t.Errorf("the limit is not in %s alone: %s", c.limits, w.sent)
			}
		})
	}
}

// TestEnvironment finds nothing in the environment.
func TestEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"OPENAI_API_KEY": "env-secret", "OPENAI_ADMIN_KEY": "env-admin", "OPENAI_BASE_URL": "http://env.example/v9",
		"OPENAI_ORG_ID": "env-org", "OPENAI_PROJECT_ID": "env-project", "OPENAI_WEBHOOK_SECRET": "env-hook",
		"OPENAI_CUSTOM_HEADERS": "X-Env: env-header", "AZURE_OPENAI_API_KEY": "env-azure", "OPENAI_LOG": "debug",
	} {
		t.Setenv(name, value)
	}
	if _, err := New(Options{Model: "m"}); err == nil {
		t.Error("a key came from the environment")
	}
	w := &wire{status: http.StatusOK, body: strings.NewReader(yes)}
	m, err := New(Options{Key: "k", Model: "m", HTTP: &http.Client{Transport: w}})
	if err != nil {
		t.Fatal(err)
	}
	ask(t, m)
	if got := w.asked.URL.Host; got != "api.openai.com" {
		t.Errorf("asked %s", got)
	}
	for name, values := range w.asked.Header {
		if strings.Contains(strings.Join(values, " "), "env") || strings.HasPrefix(name, "Openai-") || name == "X-Env" {
			t.Errorf("header %s: %s came from the environment", name, values)
		}
	}
}
