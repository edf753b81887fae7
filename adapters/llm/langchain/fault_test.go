package langchain

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"interlock/agent"
)

func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		name, kind, answer string
		want               agent.Fault
		usage              int
	}{
		{"refused with text", "anthropic", `{"content":[{"type":"text","text":"I"}],"stop_reason":"refusal","usage":{"input_tokens":7}}`, agent.FaultRefused, 7},
		{"refused without text", "anthropic", `{"content":[],"stop_reason":"refusal","usage":{"input_tokens":7}}`, agent.FaultRefused, 7},
		{"no end", "anthropic", `{"content":[{"type":"text","text":"I"}],"stop_reason":null,"usage":{"input_tokens":7}}`, agent.FaultProtocol, 7},
		{"empty and no end", "anthropic", `{"content":[],"usage":{"input_tokens":7}}`, agent.FaultProtocol, 7},
		{"no JSON", "anthropic", `<html>`, agent.FaultProtocol, 0},
		{"cut", "anthropic", anthropicText[:60], agent.FaultProtocol, 0},
		{"a refusal beside the text", "openai", `{"choices":[{"message":{"content":null,"refusal":"I cannot"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7}}`, agent.FaultRefused, 7},
		{"filtered", "openai", `{"choices":[{"message":{"content":"x"},"finish_reason":"content_filter"}],"usage":{"prompt_tokens":7}}`, agent.FaultRefused, 7},
		{"no end", "openai", `{"choices":[{"message":{"content":"x"},"finish_reason":null}],"usage":{"prompt_tokens":7}}`, agent.FaultProtocol, 7},
		{"no choices", "openai", `{"choices":[],"usage":{"prompt_tokens":7}}`, agent.FaultProtocol, 7},
		{"a null choice makes the client panic", "openai", `{"choices":[null],"usage":{"prompt_tokens":7}}`, agent.FaultProtocol, 7},
		{"an end without choices", "openai", `{"finish_reason":"stop"}`, agent.FaultProtocol, 0},
		{"nothing", "openai", ``, agent.FaultProtocol, 0},
	} {
		_, err := newProvider(t, http.StatusOK, r.answer).model(t, r.kind).Next(t.Context(), ask("hi"))
		if me := modelError(t, err); me.Fault != r.want || me.Usage.Input != r.usage || me.Model != "m-1" || me.Err == nil {
			t.Errorf("%s, %s: %+v", r.kind, r.name, me)
		}
	}
}

func TestStatusWaitAndWordsOfAnError(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		status int
		answer string
		want   agent.Fault
		words  string
	}{
		{429, `{"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}}`, agent.FaultRateLimit, "slow down"},
		{429, `{"error":{"message":"pay","type":"insufficient_quota","code":null}}`, agent.FaultCredit, "pay"},
		{500, `{"error":{"message":"max 400 connections, invalid api key"}}`, agent.FaultOverload, "max 400 connections"},
		{503, `<html>Service Unavailable</html>`, agent.FaultOverload, "<html>"},
		{401, `{"error":{"message":"Incorrect API key provided: ` + testKey + `","code":"invalid_api_key"}}`, agent.FaultKey, "[key]"},
		{404, `{"error":{"message":"The model m-1 does not exist","code":"model_not_found"}}`, agent.FaultName, "m-1"},
		{400, `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 5 tokens > 4 maximum"}}`, agent.FaultTooLong, "prompt is too long"},
		{400, `{"object":"error","message":"Invalid model: m-1","type":"invalid_model","code":"1500"}`, agent.FaultName, "Invalid model"},
		{529, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, agent.FaultOverload, "Overloaded"},
		{200, `{"error":{"message":"slow","code":429}}`, agent.FaultRateLimit, "slow"}, // a gateway
		{200, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, agent.FaultOverload, "Overloaded"},
		{200, `{"error":null}`, agent.FaultProtocol, ""},
		{418, ``, agent.FaultRequest, "418"},
		{400, strings.Repeat("x", 9000), agent.FaultRequest, "xxx..."},
	} {
		for _, name := range []string{"openai", "anthropic", "mistral"} {
			p := newProvider(t, r.status, r.answer)
			p.header.Set("Retry-After", "7")
			_, err := p.model(t, name).Next(t.Context(), ask("hi"))
			me := modelError(t, err)
			if me.Fault != r.want || me.Wait != 7*time.Second && r.words != "" || me.Model != "m-1" || !strings.Contains(me.Error(), r.words) {
				t.Errorf("%s, %d %.60s: %d, %v, %v", name, r.status, r.answer, me.Fault, me.Wait, me)
			}
			if strings.Contains(me.Error(), testKey) || len(me.Error()) > 500 {
				t.Errorf("%s: the error shows too much: %s", name, me)
			}
			if p.asked != 1 {
				t.Errorf("%s: asked %d times", name, p.asked)
			}
		}
	}
}

func TestNoConnection(t *testing.T) {
	t.Parallel()
	for name := range wires {
		p := newProvider(t, http.StatusOK, "")
		m := p.model(t, name)
		p.Close()
		_, err := m.Next(t.Context(), ask("hi"))
		if me := modelError(t, err); me.Fault != agent.FaultNetwork || me.Model != "m-1" {
			t.Errorf("%s: %v", name, me)
		}
	}
}

func TestAnswerThatIsCutShort(t *testing.T) {
	t.Parallel()
	for name := range wires {
		p := newProvider(t, http.StatusOK, "{")
		p.header.Set("Content-Length", "100")
		_, err := p.model(t, name).Next(t.Context(), ask("hi"))
		if me := modelError(t, err); me.Fault != agent.FaultProtocol {
			t.Errorf("%s: %+v", name, me)
		}
	}
}

func TestEndOfTheContext(t *testing.T) {
	t.Parallel()
	for name := range wires {
		ctx, cancel := context.WithCancel(t.Context())
		p := newProvider(t, http.StatusOK, wires[name])
		m := p.model(t, name)
		p.Config.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // else the server does not see the client go
			cancel()
			<-r.Context().Done()
		})
		if _, err := m.Next(ctx, ask("hi")); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		var me *agent.ModelError
		if _, err := m.Next(ctx, ask("hi")); !errors.Is(err, context.Canceled) || errors.As(err, &me) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRedirectToAnotherHostTakesNoKeyAlong(t *testing.T) {
	t.Parallel()
	other := newProvider(t, http.StatusOK, openAIText)
	p := newProvider(t, http.StatusTemporaryRedirect, "")
	p.header.Set("Location", other.URL)
	m, err := New(Options{Kind: "openai", Key: testKey, BaseURL: p.URL, Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Next(t.Context(), ask("hi"))
	if me := modelError(t, err); me.Fault != agent.FaultRequest || other.asked != 0 {
		t.Errorf("%v; asked %d times", me, other.asked)
	}
}

func TestTransportForAWrappedModel(t *testing.T) {
	t.Parallel()
	p := newProvider(t, http.StatusTooManyRequests, `{"error":{"message":"slow","code":"rate_limit_exceeded"}}`)
	p.header.Set("Retry-After", "3")
	own, err := openOpenAI(Options{Key: "k", BaseURL: p.URL, Model: "m"}, &http.Client{Transport: Transport(nil)}, "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Wrap(own, WrapOptions{Model: "m"}).Next(t.Context(), ask("hi"))
	if me := modelError(t, err); me.Fault != agent.FaultRateLimit || me.Wait != 3*time.Second {
		t.Errorf("%+v", me)
	}
}
