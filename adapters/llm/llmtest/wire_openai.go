package llmtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"interlock/agent"
)

// openaiWire is the Chat Completions API.
type openaiWire struct{}

var _ wire = openaiWire{}

func (openaiWire) dialect() Dialect { return OpenAI }

func (openaiWire) key(h http.Header) string {
	key, _ := strings.CutPrefix(h.Get("Authorization"), "Bearer ")
	return key
}

func (openaiWire) finish(s said) any {
	if s.refused == stopped {
		return "content_filter"
	}
	switch s.stop {
	case agent.StopEnd:
		return "stop"
	case agent.StopCalls:
		return "tool_calls"
	case agent.StopLength:
		return "length"
	}
	return nil
}

// usage of this wire has what came from the cache within prompt_tokens, and
// nothing for what is written to it.
func (openaiWire) usage(u agent.Usage) object {
	prompt := u.Input + u.CacheRead + u.CacheWrite
	return object{
		"prompt_tokens": prompt, "completion_tokens": u.Output, "total_tokens": prompt + u.Output,
		"prompt_tokens_details":     object{"cached_tokens": u.CacheRead, "audio_tokens": 0},
		"completion_tokens_details": object{"reasoning_tokens": 0},
	}
}

// split takes a reply apart as the wire has it: one text, and calls behind.
func (openaiWire) split(s said) (text string, reasoning *string, calls []agent.ToolCall) {
	reply := agent.Reply{Blocks: s.blocks}
	for _, b := range s.blocks {
		var kept struct {
			Reasoning *string `json:"reasoning_content"`
		}
		if b.Opaque != nil && json.Unmarshal(b.Opaque.Data, &kept) == nil && kept.Reasoning != nil {
			reasoning = kept.Reasoning
		}
	}
	return reply.Text(), reasoning, reply.Calls()
}

func function(c agent.ToolCall, arguments string) object {
	return object{"id": c.ID, "type": "function", "function": object{"name": c.Tool, "arguments": arguments}}
}

func (w openaiWire) whole(s said) string {
	text, reasoning, calls := w.split(s)
	m := object{"role": "assistant", "content": nil, "refusal": nil}
	switch {
	case s.refused == declined:
		m["refusal"] = text
	case text != "" || len(calls) == 0:
		m["content"] = text
	}
	if reasoning != nil {
		m["reasoning_content"] = *reasoning
	}
	var out []object
	for _, c := range calls {
		out = append(out, function(c, string(c.Args)))
	}
	if out != nil {
		m["tool_calls"] = out
	}
	return encode(object{
		"id": s.id, "object": "chat.completion", "created": 1767225600, "model": s.model,
		"choices": []object{{"index": 0, "message": m, "logprobs": nil, "finish_reason": w.finish(s)}},
		"usage":   w.usage(s.usage),
	})
}

// events are the records of a stream, with a comment as proxies send it to keep
// the connection.
func (w openaiWire) events(s said) []string {
	text, reasoning, calls := w.split(s)
	all := []string{w.chunk(s, object{"role": "assistant", "content": ""}, nil), ": keep-alive\n\n"}
	if reasoning != nil {
		for _, p := range cut(*reasoning, s.pieces) {
			all = append(all, w.chunk(s, object{"reasoning_content": p}, nil))
		}
	}
	field := "content"
	if s.refused == declined {
		field = "refusal"
	}
	for _, p := range cut(text, s.pieces) {
		all = append(all, w.chunk(s, object{field: p}, nil))
	}
	all = append(all, w.calls(s, calls)...)
	all = append(all, w.chunk(s, object{}, w.finish(s)))
	if s.counted {
		all = append(all, sse("", w.frame(s, []object{}, w.usage(s.usage))))
	}
	return append(all, "data: [DONE]\n\n")
}

// tail counts the records from the one that tells the reason of the end.
func (openaiWire) tail(s said) int {
	if s.counted {
		return 3
	}
	return 2
}

// calls interleaves: the head of each call, then their arguments in turns, the
// last call first.
func (w openaiWire) calls(s said, calls []agent.ToolCall) (all []string) {
	more := make([][]string, len(calls))
	for i, c := range calls {
		head := function(c, "")
		head["index"] = i
		all = append(all, w.chunk(s, object{"tool_calls": []object{head}}, nil))
		more[i] = cut(string(c.Args), s.pieces)
	}
	for slices.ContainsFunc(more, func(p []string) bool { return len(p) > 0 }) {
		for i := len(more) - 1; i >= 0; i-- {
			if len(more[i]) == 0 {
				continue
			}
			delta := object{"index": i, "function": object{"arguments": more[i][0]}}
			all = append(all, w.chunk(s, object{"tool_calls": []object{delta}}, nil))
			more[i] = more[i][1:]
		}
	}
	return all
}

func (w openaiWire) chunk(s said, delta object, finish any) string {
	return sse("", w.frame(s, []object{{"index": 0, "delta": delta, "logprobs": nil, "finish_reason": finish}}, nil))
}

// frame is a chunk; its usage is there, and null, as soon as it was asked for.
func (openaiWire) frame(s said, choices []object, usage any) object {
	o := object{"id": s.id, "object": "chat.completion.chunk", "created": 1767225600, "model": s.model, "choices": choices}
	if s.counted {
		o["usage"] = usage
	}
	return o
}

func (openaiWire) fault(me *agent.ModelError, model string) (int, string) {
	status, kind, code, message := http.StatusBadRequest, "invalid_request_error", "", "the request is not valid"
	switch me.Fault {
	case agent.FaultKey:
		status, code, message = http.StatusUnauthorized, "invalid_api_key", "incorrect API key provided"
	case agent.FaultName:
		status, code, message = http.StatusNotFound, "model_not_found", "the model `"+model+"` does not exist"
	case agent.FaultRateLimit:
		status, kind, code, message = http.StatusTooManyRequests, "requests", "rate_limit_exceeded", "rate limit reached for requests"
	case agent.FaultOverload:
		status, kind, message = http.StatusServiceUnavailable, "server_error", "the server is overloaded"
	case agent.FaultTooLong:
		code, message = "context_length_exceeded", "this model's maximum context length is 128000 tokens, but the messages have 128001 tokens"
	case agent.FaultCredit:
		status, kind, code, message = http.StatusTooManyRequests, "insufficient_quota", "insufficient_quota", "you exceeded your current quota"
	}
	if me.Err != nil {
		message = me.Err.Error()
	}
	return status, openaiError(kind, code, message)
}

func openaiError(kind, code, message string) string {
	e := object{"message": message, "type": kind, "param": nil, "code": nil}
	if code != "" {
		e["code"] = code
	}
	return encode(object{"error": e})
}

func (openaiWire) broken() string {
	return "data: " + openaiError("server_error", "", "the server had an error") + "\n\n"
}

func (openaiWire) garbage() string { return "data: <html>\n\n" }
