//go:build !lean

package anthropic

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"

	"interlock/agent"
)

const bedrockModel = "anthropic.claude-test-v1:0"

// frames writes a stream of events as Bedrock's binary frames.
func frames(t *testing.T, sse string) string {
	t.Helper()
	var out bytes.Buffer
	for line := range strings.Lines(sse) {
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		payload, err := json.Marshal(map[string][]byte{"bytes": []byte(data)})
		if err != nil {
			t.Fatal(err)
		}
		frame(t, &out, payload, map[string]string{":message-type": "event", ":event-type": "chunk"})
	}
	return out.String()
}

func frame(t *testing.T, w io.Writer, payload []byte, headers map[string]string) {
	t.Helper()
	m := eventstream.Message{Payload: payload}
	for k, v := range headers {
		m.Headers.Set(k, eventstream.StringValue(v))
	}
	if err := eventstream.NewEncoder().Encode(w, m); err != nil {
		t.Fatal(err)
	}
}

// cloud points the usual credentials of AWS at made-up ones.
func cloud(t *testing.T) {
	t.Helper()
	none := t.TempDir() + "/none"
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIDMADEUP", "AWS_SECRET_ACCESS_KEY": "made-up", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_BEARER_TOKEN_BEDROCK": "", "AWS_REGION": "elsewhere-1",
	} {
		t.Setenv(name, value)
	}
}

func onBedrock(key string) func(*Options) {
	return func(o *Options) { o.Via, o.Region, o.Key, o.Model = "bedrock", "nowhere-1", key, bedrockModel }
}

func TestBedrock(t *testing.T) {
	for name, c := range map[string]struct{ key, authorization string }{
		"signed": {"", "AWS4-HMAC-SHA256 Credential=AKIDMADEUP/"},
		"key":    {"bedrock-key", "Bearer bedrock-key"},
	} {
		t.Run(name, func(t *testing.T) {
			poison(t, "http://poison.test")
			cloud(t)
			w, url := serve(t, frames(t, stream("tool_use", says(0, "Hello"), calls(1, "A", "get", `{"z":1}`))))
			w.kind = "application/vnd.amazon.eventstream"
			p := agent.Prompt{System: []string{"be careful"}, Tools: specs, Messages: ask("hi").Messages}
			var told strings.Builder
			p.Stream = func(s string) { told.WriteString(s) }
			r, err := start(t, url, onBedrock(c.key)).Next(t.Context(), p)
			if err != nil || r.Text() != "Hello" || len(r.Calls()) != 1 || r.Usage.Output != 42 || r.Model != bedrockModel || told.String() != "Hello" {
				t.Fatalf("got %s %v, told %q", show(r), err, told.String())
			}
			got := w.last()
			if got.path != "/model/anthropic.claude-test-v1%3A0/invoke-with-response-stream" {
				t.Errorf("asked %s", got.path)
			}
			if a := got.header.Get("Authorization"); !strings.HasPrefix(a, c.authorization) || got.header.Get("X-Api-Key") != "" {
				t.Errorf("authorized by %q", a)
			}
			if c.key == "" && !strings.Contains(got.header.Get("Authorization"), "/nowhere-1/bedrock/") {
				t.Errorf("signed for another region: %s", got.header.Get("Authorization"))
			}
			golden(t, "bedrock", got.body)
		})
	}
}

func TestBedrockFaults(t *testing.T) {
	cloud(t)
	var thrown bytes.Buffer
	thrown.WriteString(frames(t, events(begin)))
	frame(t, &thrown, []byte(`{"message":"too many tokens, please wait"}`), map[string]string{":message-type": "exception", ":exception-type": "throttlingException"})
	whole := frames(t, stream("end_turn", says(0, "Hello")))
	for name, c := range map[string]struct {
		status int
		body   string
		fault  agent.Fault
		usage  agent.Usage
	}{
		"exception": {200, thrown.String(), agent.FaultRateLimit, agent.Usage{Input: 11, Output: 1, CacheRead: 7, CacheWrite: 3}},
		"cut frame": {200, whole[:len(whole)-20], agent.FaultProtocol, agent.Usage{Input: 11, Output: 42, CacheRead: 7, CacheWrite: 3}},
		"status":    {503, `{"message":"busy"}`, agent.FaultOverload, agent.Usage{}},
	} {
		t.Run(name, func(t *testing.T) {
			w, url := serve(t, c.body)
			w.kind, w.status = "application/vnd.amazon.eventstream", c.status
			r, err := start(t, url, onBedrock("")).Next(t.Context(), ask("hi"))
			var me *agent.ModelError
			if !errors.As(err, &me) || me.Fault != c.fault || me.Usage != c.usage {
				t.Errorf("got %s %v", show(r), err)
			}
		})
	}
}

// Making a Model asks nobody for credentials; their lack is told by Next.
func TestBedrockWithoutCredentials(t *testing.T) {
	cloud(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("somebody was asked") }))
	t.Cleanup(server.Close)
	_, err := start(t, server.URL, onBedrock("")).Next(t.Context(), ask("hi"))
	var me *agent.ModelError
	if !errors.As(err, &me) || me.Fault != agent.FaultKey {
		t.Errorf("got %v", err)
	}
}
