//go:build !lean

package langchain

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"interlock/agent"
)

var update = flag.Bool("update", false, "write the golden files anew")

const geminiText = `{"candidates":[{"content":{"role":"model","parts":[{"text":"hi"}]},"finishReason":1,"index":0}],
	"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":5,"thoughtsTokenCount":40,"cachedContentTokenCount":80,"totalTokenCount":145}}`

func TestGeminiText(t *testing.T) {
	t.Parallel()
	p := newProvider(t, http.StatusOK, geminiText)
	want := agent.Reply{
		Blocks: []agent.Block{{Text: "hi"}}, Stop: agent.StopEnd, Model: "m-1",
		Usage: agent.Usage{Input: 20, Output: 45, CacheRead: 80},
	}
	for _, prompt := range []agent.Prompt{ask("hello"), history()} { // the client sends these two in different ways
		got, err := p.model(t, "gemini").Next(t.Context(), prompt)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Next = %+v, %v", got, err)
		}
		if p.path != "/v1beta/models/m-1:generateContent" || p.headers.Get("X-Goog-Api-Key") != testKey {
			t.Errorf("path %s, headers %v", p.path, p.headers)
		}
	}
}

func TestGeminiRequest(t *testing.T) {
	t.Parallel()
	p := newProvider(t, http.StatusOK, geminiText)
	if _, err := p.model(t, "gemini").Next(t.Context(), history()); err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(p.sent(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/gemini.json"
	if *update {
		if err := os.WriteFile(golden, append(got, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || strings.TrimSpace(string(want)) != string(got) {
		t.Errorf("%v: the request is not as in %s:\n%s", err, golden, got)
	}
}

func TestGeminiLargeNumbersInTheHistoryStayAsTheyAre(t *testing.T) {
	t.Parallel()
	p := newProvider(t, http.StatusOK, geminiText)
	prompt := history()
	prompt.Messages[1].Blocks[2].Call.Args = json.RawMessage(`{"id":1234567890123456789}`)
	if _, err := p.model(t, "gemini").Next(t.Context(), prompt); err != nil || !strings.Contains(string(p.body), `{"args":{"id":1234567890123456789},"name":"get"}`) {
		t.Errorf("%v: %s", err, p.body)
	}
}

func TestGeminiCallsWithoutID(t *testing.T) {
	t.Parallel()
	answer := `{"candidates":[{"content":{"parts":[{"text":"I look"},
		{"functionCall":{"name":"get","args":{"id":1234567890123456789}},"thoughtSignature":"c2ln"},{"functionCall":{"name":"list"}}]},"finishReason":"STOP"}],"usageMetadata":{}}`
	got, err := newProvider(t, http.StatusOK, answer).model(t, "gemini").Next(t.Context(), history())
	if err != nil || got.Stop != agent.StopCalls || got.Text() != "I look" || len(got.Calls()) != 2 {
		t.Fatalf("Next = %+v, %v", got, err)
	}
	a, b := got.Calls()[0], got.Calls()[1]
	if a.ID == "" || a.ID == b.ID || string(a.Args) != `{"id":1234567890123456789}` || string(b.Args) != "{}" {
		t.Errorf("calls %+v, %+v", a, b)
	}
}

func TestGeminiSecondCandidateRepeatsNoCall(t *testing.T) {
	t.Parallel()
	one := `{"content":{"parts":[{"functionCall":{"name":"apply","args":{"n":1}}}]},"finishReason":"STOP"}`
	two := `{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}`
	got, err := newProvider(t, http.StatusOK, `{"candidates":[`+one+`,`+two+`]}`).model(t, "gemini").Next(t.Context(), ask("hi"))
	if err != nil || len(got.Calls()) != 1 || string(got.Calls()[0].Args) != `{"n":1}` {
		t.Errorf("Next = %+v, %v", got, err)
	}
}

func TestGeminiAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]struct {
		answer string
		want   agent.Fault
	}{
		"blocked answer":         {`{"candidates":[{"finishReason":3}],"usageMetadata":{"promptTokenCount":7}}`, agent.FaultRefused},
		"blocked, by name":       {`{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"PROHIBITED_CONTENT"}],"usageMetadata":{"promptTokenCount":7}}`, agent.FaultRefused},
		"blocked, by number":     {`{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":9}],"usageMetadata":{"promptTokenCount":7}}`, agent.FaultRefused},
		"blocked prompt":         {`{"promptFeedback":{"blockReason":1},"usageMetadata":{"promptTokenCount":7}}`, agent.FaultRefused},
		"malformed call":         {`{"candidates":[{"finishReason":10}],"usageMetadata":{"promptTokenCount":7}}`, agent.FaultProtocol},
		"no end":                 {`{"candidates":[{"content":{"parts":[{"text":"x"}]}}],"usageMetadata":{"promptTokenCount":7}}`, agent.FaultProtocol},
		"no candidates":          {`{"usageMetadata":{"promptTokenCount":7}}`, agent.FaultProtocol},
		"a part of a new type":   {`{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"a/b","data":"eA=="}}]},"finishReason":1}],"usageMetadata":{"promptTokenCount":7}}`, agent.FaultProtocol},
		"an end of a new number": {`{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":99}],"usageMetadata":{"promptTokenCount":7}}`, agent.FaultProtocol},
	} {
		for i, prompt := range []agent.Prompt{ask("hi"), history()} {
			_, err := newProvider(t, http.StatusOK, r.answer).model(t, "gemini").Next(t.Context(), prompt)
			if me := modelError(t, err); me.Fault != r.want || me.Usage.Input != 7 {
				t.Errorf("%s, %d: %+v", name, i, me)
			}
		}
	}
	_, err := newProvider(t, http.StatusOK, `no JSON`).model(t, "gemini").Next(t.Context(), history())
	if me := modelError(t, err); me.Fault != agent.FaultProtocol {
		t.Errorf("no JSON: %+v", me)
	}
}

func TestGeminiEndsThatAreReplies(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]agent.Stop{
		`{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":2}]}`: agent.StopLength,
		`{"candidates":[{"finishReason":1}]}`:                                    agent.StopEnd,
		`{"candidates":[{"finishReason":"MAX_TOKENS"}]}`:                         agent.StopLength,
	} {
		got, err := newProvider(t, http.StatusOK, answer).model(t, "gemini").Next(t.Context(), history())
		if err != nil || got.Stop != want {
			t.Errorf("%s: %+v, %v", answer, got, err)
		}
	}
}

func TestGeminiErrors(t *testing.T) {
	t.Parallel()
	body := func(code int, status, message string) string {
		return fmt.Sprintf(`{"error":{"code":%d,"message":%q,"status":%q,"details":[{"@type":"x"},{"retryDelay":"34s"}]}}`, code, message, status)
	}
	for _, r := range []struct {
		status int
		after  string
		answer string
		want   agent.Fault
		wait   time.Duration
	}{
		{429, "7", body(429, "RESOURCE_EXHAUSTED", "quota"), agent.FaultRateLimit, 7 * time.Second},
		{429, "", body(429, "RESOURCE_EXHAUSTED", "quota"), agent.FaultRateLimit, 34 * time.Second},
		{429, "", "[" + body(429, "RESOURCE_EXHAUSTED", "quota") + "]", agent.FaultRateLimit, 34 * time.Second},
		{503, "", `{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}`, agent.FaultOverload, 0},
		{400, "", `{"error":{"code":400,"message":"Invalid JSON","status":"INVALID_ARGUMENT"}}`, agent.FaultRequest, 0},
		{400, "", `{"error":{"code":400,"message":"API key not valid: ` + testKey + `","status":"INVALID_ARGUMENT"}}`, agent.FaultKey, 0},
		{404, "", `{"error":{"code":404,"message":"models/m-1 is not found for API version v1beta","status":"NOT_FOUND"}}`, agent.FaultName, 0},
	} {
		for _, prompt := range []agent.Prompt{ask("hi"), history()} {
			p := newProvider(t, r.status, r.answer)
			if r.after != "" {
				p.header.Set("Retry-After", r.after)
			}
			_, err := p.model(t, "gemini").Next(t.Context(), prompt)
			me := modelError(t, err)
			if me.Fault != r.want || me.Wait != r.wait || strings.Contains(me.Error(), testKey) {
				t.Errorf("%d %s: %d, %v, %v", r.status, r.answer, me.Fault, me.Wait, me)
			}
			if p.asked != 1 {
				t.Errorf("%d: the client asked %d times", r.status, p.asked)
			}
		}
	}
}

func TestGeminiReadsNothingFromTheEnvironment(t *testing.T) {
	for _, name := range []string{"GOOGLE_API_KEY", "GEMINI_API_KEY"} {
		t.Setenv(name, "key-of-the-environment")
	}
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", "/no/such/file")
	t.Setenv("GOOGLE_API_USE_MTLS_ENDPOINT", "always")
	p := newProvider(t, http.StatusOK, geminiText)
	if _, err := p.model(t, "gemini").Next(t.Context(), ask("hi")); err != nil || p.headers.Get("X-Goog-Api-Key") != testKey {
		t.Errorf("%v, %v", p.headers, err)
	}
	if _, err := New(Options{Kind: "gemini", Model: "m"}); err == nil {
		t.Error("a key was found somewhere")
	}
}

func TestGeminiTwoNamesAtOnce(t *testing.T) {
	t.Parallel()
	p := newProvider(t, http.StatusOK, geminiText)
	m := p.model(t, "gemini")
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			prompt := ask("hi")
			prompt.Model = fmt.Sprintf("m-%d", i%2)
			if got, err := m.Next(t.Context(), prompt); err != nil || got.Model != prompt.Model {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	wg.Wait()
}

// Not parallel: it counts goroutines.
func TestGeminiLeavesNothingBehind(t *testing.T) {
	p := newProvider(t, http.StatusOK, geminiText)
	count := func() int {
		p.Client().CloseIdleConnections()
		return runtime.NumGoroutine()
	}
	before := count()
	m := p.model(t, "gemini") // the client would connect by gRPC here
	for range 20 {
		if _, err := m.Next(t.Context(), history()); err != nil {
			t.Fatal(err)
		}
	}
	for i := 0; count() > before+1; i++ {
		if i == 1000 {
			t.Fatalf("%d goroutines, before %d", runtime.NumGoroutine(), before)
		}
		time.Sleep(time.Millisecond) // connections end in their own time
	}
}
