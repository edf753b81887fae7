package anthropic

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"interlock/agent"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		o    Options
		says string
	}{
		"nothing":           {Options{}, "no model"},
		"no key":            {Options{Model: "m"}, "no key"},
		"no address":        {Options{Model: "m", Key: "k", BaseURL: "localhost:80"}, "base URL"},
		"broken address":    {Options{Model: "m", Key: "k", BaseURL: "http://a b"}, "base URL"},
		"unknown way":       {Options{Model: "m", Key: "k", Via: "pigeon", Region: "r"}, "pigeon"},
		"no region":         {Options{Model: "m", Via: "bedrock"}, "region"},
		"no project":        {Options{Model: "m", Via: "vertex", Region: "r"}, "project"},
		"negative":          {Options{Model: "m", Key: "k", Output: -1}, "negative"},
		"little thinking":   {Options{Model: "m", Key: "k", Thinking: 1023}, "1024"},
		"thinking too much": {Options{Model: "m", Key: "k", Thinking: 8192}, "exceed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if m, err := New(t.Context(), c.o); err == nil || m != nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v %v", m, err)
			}
		})
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{"", "/", "/v1", "/v1/"} {
		w, url := serve(t, stream("end_turn"))
		if _, err := start(t, url+suffix).Next(t.Context(), ask("hi")); err != nil || w.last().path != "/v1/messages" {
			t.Errorf("%q: asked %s, got %v", suffix, w.last().path, err)
		}
	}
	w, url := serve(t, stream("end_turn"))
	if _, err := start(t, url+"/models/of/ours").Next(t.Context(), ask("hi")); err != nil || w.last().path != "/models/of/ours/v1/messages" {
		t.Errorf("asked %s, got %v", w.last().path, err)
	}
}

// The SDK knows keys, tokens, profiles, addresses and headers from the
// environment and from files; none of them may reach a request.
func TestEnvironment(t *testing.T) {
	trap, trapURL := serve(t, stream("end_turn"))
	for _, key := range []bool{true, false} {
		w, url := serve(t, stream("end_turn"))
		poison(t, trapURL)
		m := start(t, url, func(o *Options) {
			if !key {
				o.Key = ""
			}
		})
		if _, err := m.Next(t.Context(), ask("hi")); err != nil {
			t.Fatal(err)
		}
		got := w.last()
		if want := map[bool]string{true: testKey}[key]; got.header.Get("X-Api-Key") != want {
			t.Errorf("sent the key %q, want %q", got.header.Get("X-Api-Key"), want)
		}
		for name, values := range got.header {
			if strings.Contains(strings.Join(values, " "), "poison") || name == "Authorization" {
				t.Errorf("%s: %v comes from the environment", name, values)
			}
		}
		if strings.Contains(got.body, "poison") {
			t.Errorf("the body has something from the environment: %s", got.body)
		}
	}
	if n := trap.count(); n != 0 {
		t.Errorf("the address of the environment was asked %d times", n)
	}
}

// poison sets all that the SDK would read.
func poison(t *testing.T, url string) {
	t.Helper()
	dir := t.TempDir()
	for path, text := range map[string]string{
		"active_config":            "default",
		"configs/default.json":     `{"base_url":"` + url + `","workspace_id":"poison","authentication":{"type":"user_oauth"}}`,
		"credentials/default.json": `{"version":"1.0","type":"oauth_token","access_token":"poison","expires_at":4102444800}`,
	} {
		full := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range map[string]string{
		"ANTHROPIC_API_KEY": "poison", "ANTHROPIC_AUTH_TOKEN": "poison", "ANTHROPIC_BASE_URL": url,
		"ANTHROPIC_CUSTOM_HEADERS": "X-Poison: poison", "ANTHROPIC_CONFIG_DIR": dir, "ANTHROPIC_PROFILE": "default",
		"ANTHROPIC_IDENTITY_TOKEN": "poison", "ANTHROPIC_FEDERATION_RULE_ID": "poison", "ANTHROPIC_ORGANIZATION_ID": "poison",
		"ANTHROPIC_WORKSPACE_ID": "poison", "ANTHROPIC_SERVICE_ACCOUNT_ID": "poison", "ANTHROPIC_MODEL": "poison",
		"ANTHROPIC_OPEN_TELEMETRY": "true", "ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE": "content",
		"AWS_BEARER_TOKEN_BEDROCK": "poison", "XDG_CONFIG_HOME": dir,
	} {
		t.Setenv(name, value)
	}
}

func TestOptionsAreUsed(t *testing.T) {
	t.Parallel()
	w, url := serve(t, stream("end_turn"))
	used := false
	client := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		used = true
		return http.DefaultTransport.RoundTrip(r)
	})}
	r, err := start(t, url, func(o *Options) { o.HTTP, o.Output = client, 77 }).Next(t.Context(), agent.Prompt{Model: "claude-other", Messages: ask("hi").Messages})
	if err != nil || !used || r.Model != "claude-other" || !strings.Contains(w.last().body, `"max_tokens":77`) {
		t.Errorf("got %s %v, client used: %v", show(r), err, used)
	}
}
