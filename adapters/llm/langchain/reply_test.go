package langchain

import (
	"context"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/tmc/langchaingo/llms"

	"interlock/agent"
)

func fn(name, args string) *llms.FunctionCall { return &llms.FunctionCall{Name: name, Arguments: args} }

func wrapped(t *testing.T, all ...*llms.ContentChoice) (agent.Reply, error) {
	t.Helper()
	return Wrap(&scripted{answer: choices(all...)}, WrapOptions{Model: "m"}).Next(t.Context(), ask("hi"))
}

func TestChoicesAreMergedAndUsageCountsOnce(t *testing.T) {
	t.Parallel()
	info := map[string]any{"InputTokens": 10, "OutputTokens": 5, "CacheReadInputTokens": 3, "CacheCreationInputTokens": 2}
	got, err := wrapped(
		t,
		&llms.ContentChoice{Content: "one", StopReason: "tool_use", GenerationInfo: info},
		nil,
		&llms.ContentChoice{ToolCalls: []llms.ToolCall{{ID: "a", FunctionCall: fn("get", `{"k":1}`)}}, StopReason: "tool_use", GenerationInfo: info},
		&llms.ContentChoice{Content: "two", StopReason: "tool_use", GenerationInfo: info},
		&llms.ContentChoice{ToolCalls: []llms.ToolCall{{ID: "b", FunctionCall: fn("list", "")}}, StopReason: "tool_use", GenerationInfo: info},
	)
	want := agent.Reply{
		Blocks: []agent.Block{{Text: "one"}, call("a", "get", `{"k":1}`), {Text: "two"}, call("b", "list", `{}`)},
		Stop:   agent.StopCalls, Model: "m",
		Usage: agent.Usage{Input: 10, Output: 5, CacheRead: 3, CacheWrite: 2},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Next = %+v, %v\nwant   %+v", got, err, want)
	}
}

func TestCallListedUnderTwoChoicesIsOneCall(t *testing.T) {
	t.Parallel()
	shared := []llms.ToolCall{{FunctionCall: fn("apply", `{}`)}}
	got, err := wrapped(t, &llms.ContentChoice{ToolCalls: shared, StopReason: "FinishReasonStop"}, &llms.ContentChoice{ToolCalls: shared, StopReason: "FinishReasonStop"})
	if err != nil || len(got.Calls()) != 1 || got.Stop != agent.StopCalls {
		t.Errorf("Next = %+v, %v", got, err)
	}
}

func TestCallsWithoutIDGetDifferentOnes(t *testing.T) {
	t.Parallel()
	got, err := wrapped(t, &llms.ContentChoice{StopReason: "stop", ToolCalls: []llms.ToolCall{{FunctionCall: fn("get", "null")}, {FunctionCall: fn("get", "{}")}}})
	if err != nil || len(got.Calls()) != 2 {
		t.Fatalf("Next = %+v, %v", got, err)
	}
	a, b := got.Calls()[0], got.Calls()[1]
	if a.ID == b.ID || !anthropicID.MatchString(a.ID) || len(a.ID) > 40 || string(a.Args) != "{}" {
		t.Errorf("calls %+v, %+v", a, b)
	}
}

func TestArgumentsThatAreNoJSONStayAsTheyAre(t *testing.T) {
	t.Parallel()
	got, err := wrapped(t, &llms.ContentChoice{StopReason: "tool_calls", ToolCalls: []llms.ToolCall{{ID: "a", FunctionCall: fn("get", `{"k":`)}}})
	if err != nil || string(got.Calls()[0].Args) != `{"k":` {
		t.Errorf("Next = %+v, %v", got, err)
	}
}

func TestOnlyTheOldFieldIsFilled(t *testing.T) {
	t.Parallel()
	got, err := wrapped(t, &llms.ContentChoice{StopReason: "function_call", FuncCall: fn("get", `{"k":1}`)})
	if err != nil || len(got.Calls()) != 1 || got.Calls()[0].Tool != "get" {
		t.Errorf("Next = %+v, %v", got, err)
	}
}

func TestStopReasons(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]agent.Stop{
		"stop": agent.StopEnd, "end_turn": agent.StopEnd, "STOP": agent.StopEnd, "FinishReasonStop": agent.StopEnd,
		"stop_sequence": agent.StopEnd, "COMPLETE": agent.StopEnd,
		"length": agent.StopLength, "max_tokens": agent.StopLength, "FinishReasonMaxTokens": agent.StopLength,
		"MAX_TOKENS": agent.StopLength, "model_length": agent.StopLength, "model_context_window_exceeded": agent.StopLength,
	} {
		got, err := wrapped(t, &llms.ContentChoice{Content: "x", StopReason: reason})
		if err != nil || got.Stop != want {
			t.Errorf("%s: stop %v, %v; want %v", reason, got.Stop, err, want)
		}
	}
	for reason, want := range map[string]agent.Fault{
		"": agent.FaultProtocol, "FinishReasonUnspecified": agent.FaultProtocol, "pause_turn": agent.FaultProtocol,
		"error": agent.FaultProtocol, "tool_calls": agent.FaultProtocol, // no calls came
		"refusal": agent.FaultRefused, "content_filter": agent.FaultRefused, "FinishReasonSafety": agent.FaultRefused,
		"PROHIBITED_CONTENT": agent.FaultRefused, "FinishReasonRecitation": agent.FaultRefused,
	} {
		_, err := wrapped(t, &llms.ContentChoice{Content: "x", StopReason: reason, GenerationInfo: map[string]any{"PromptTokens": 7}})
		me := modelError(t, err)
		if me.Fault != want || me.Usage.Input != 7 || me.Model != "m" {
			t.Errorf("%s: %+v; want fault %v", reason, me, want)
		}
	}
}

func TestTheGraverEndOfTwoChoicesCounts(t *testing.T) {
	t.Parallel()
	for _, r := range []struct{ a, b, want string }{
		{"stop", "length", "length"},
		{"length", "stop", "length"},
		{"stop", "stop", "stop"},
		{"", "stop", "stop"},
		{"stop", "content_filter", "content_filter"},
		{"content_filter", "stop", "content_filter"},
		{"stop", "error", "error"},
		{"error", "length", "error"},
		{"error", "safety", "safety"},
	} {
		if got := graver(r.a, r.b); got != r.want {
			t.Errorf("graver(%q, %q) = %q, want %q", r.a, r.b, got, r.want)
		}
	}
}

func TestUsageByEachClientsNames(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]struct {
		info map[string]any
		want agent.Usage
	}{
		"anthropic":        {map[string]any{"InputTokens": 10, "OutputTokens": 5, "CacheReadInputTokens": 90}, agent.Usage{Input: 10, Output: 5, CacheRead: 90}},
		"anthropic cached": {map[string]any{"InputTokens": 0, "OutputTokens": 5, "CacheCreationInputTokens": 90}, agent.Usage{Output: 5, CacheWrite: 90}},
		"openai":           {map[string]any{"PromptTokens": 100, "CompletionTokens": 5, "PromptCachedTokens": 80}, agent.Usage{Input: 20, Output: 5, CacheRead: 80}},
		"googleai":         {map[string]any{"PromptTokens": int32(100), "CompletionTokens": int32(5), "input_tokens": int32(100), "CacheReadInputTokens": int32(30)}, agent.Usage{Input: 70, Output: 5, CacheRead: 30}},
		"bedrock":          {map[string]any{"input_tokens": int64(9), "output_tokens": int64(4)}, agent.Usage{Input: 9, Output: 4}},
		"mistral": {map[string]any{"usage": struct {
			P int `json:"prompt_tokens"`
			C int `json:"completion_tokens"`
		}{8, 3}}, agent.Usage{Input: 8, Output: 3}},
		"none": {nil, agent.Usage{}},
	} {
		if got := usage(r.info); got != r.want {
			t.Errorf("%s: %+v, want %+v", name, got, r.want)
		}
	}
}

func TestTextIsStreamedOnceAtTheEnd(t *testing.T) {
	t.Parallel()
	fake := &scripted{answer: choices(&llms.ContentChoice{Content: "a", StopReason: "stop"}, &llms.ContentChoice{Content: "b", StopReason: "stop"})}
	p := ask("hi")
	var heard []string
	p.Stream = func(text string) { heard = append(heard, text) }
	if _, err := Wrap(fake, WrapOptions{}).Next(t.Context(), p); err != nil || !reflect.DeepEqual(heard, []string{"a\n\nb"}) {
		t.Errorf("heard %q, %v", heard, err)
	}
	if fake.options.StreamingFunc != nil || fake.options.StreamingReasoningFunc != nil {
		t.Error("the client was asked to stream")
	}
}

func TestOptionsOfACall(t *testing.T) {
	t.Parallel()
	fake := &scripted{answer: choices(&llms.ContentChoice{Content: "a", StopReason: "stop"})}
	m := Wrap(fake, WrapOptions{Model: "own"})
	p := history()
	p.Model, p.Output = "other", 77
	got, err := m.Next(t.Context(), p)
	if err != nil || got.Model != "other" || fake.options.Model != "other" || fake.options.MaxTokens != 77 || len(fake.options.Tools) != 2 {
		t.Errorf("Next = %+v, %v; options %+v", got, err, fake.options)
	}
	if got, err = m.Next(t.Context(), ask("hi")); err != nil || got.Model != "own" || fake.options.MaxTokens != 8192 || fake.options.Tools != nil {
		t.Errorf("Next = %+v, %v; options %+v", got, err, fake.options)
	}
}

func TestPanicOfTheClientIsAFault(t *testing.T) {
	t.Parallel()
	m := Wrap(&scripted{answer: func(context.Context) (*llms.ContentResponse, error) {
		return &llms.ContentResponse{Choices: []*llms.ContentChoice{}[:0:0][1:]}, nil
	}}, WrapOptions{})
	_, err := m.Next(t.Context(), ask("hi"))
	if me := modelError(t, err); me.Fault != agent.FaultProtocol || !strings.Contains(me.Error(), "panicked") {
		t.Errorf("error %v", me)
	}
}

func TestErrorsOfAWrappedModel(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]struct {
		err  error
		want agent.Fault
	}{
		"words alone":  {errors.New("API returned unexpected status code: 500: max 400 connections, invalid api key"), agent.FaultProtocol},
		"a connection": {io.ErrUnexpectedEOF, agent.FaultNetwork},
	} {
		_, err := Wrap(&scripted{answer: func(context.Context) (*llms.ContentResponse, error) { return nil, r.err }}, WrapOptions{}).Next(t.Context(), ask("hi"))
		if me := modelError(t, err); me.Fault != r.want {
			t.Errorf("%s: %v", name, me)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Wrap(&scripted{answer: func(context.Context) (*llms.ContentResponse, error) {
		cancel()
		return nil, errors.New("request cancelled")
	}}, WrapOptions{}).Next(ctx, ask("hi"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestEmptyPromptIsNotSent(t *testing.T) {
	t.Parallel()
	m := Wrap(&scripted{answer: choices()}, WrapOptions{})
	_, err := m.Next(t.Context(), agent.Prompt{System: []string{"x"}, Messages: []agent.Message{{Role: agent.User, Blocks: []agent.Block{{Text: "\n"}}}}})
	if me := modelError(t, err); me.Fault != agent.FaultRequest {
		t.Errorf("error %v", me)
	}
}
