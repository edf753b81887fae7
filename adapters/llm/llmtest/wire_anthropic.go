package llmtest

import (
	"cmp"
	"encoding/json"
	"net/http"

	"interlock/agent"
)

// anthropicWire is the Messages API, version 2023-06-01.
type anthropicWire struct{}

var _ wire = anthropicWire{}

func (anthropicWire) dialect() Dialect { return Anthropic }

func (anthropicWire) key(h http.Header) string { return h.Get("x-api-key") }

// object is a JSON object to write.
type object = map[string]any

func (anthropicWire) stop(s said) any {
	if s.refused != accepted {
		return "refusal"
	}
	switch s.stop {
	case agent.StopEnd:
		return "end_turn"
	case agent.StopCalls:
		return "tool_use"
	case agent.StopLength:
		return "max_tokens"
	}
	return nil
}

func (anthropicWire) usage(u agent.Usage) object {
	return object{
		"input_tokens": u.Input, "cache_creation_input_tokens": u.CacheWrite,
		"cache_read_input_tokens": u.CacheRead, "output_tokens": u.Output,
	}
}

func (w anthropicWire) message(s said, content []any, stop any) object {
	return object{
		"id": s.id, "type": "message", "role": "assistant", "model": s.model, "content": content,
		"stop_reason": stop, "stop_sequence": nil, "usage": w.usage(s.usage),
	}
}

func (w anthropicWire) whole(s said) string {
	content := []any{}
	for _, b := range s.blocks {
		switch {
		case b.Call != nil:
			content = append(content, object{"type": "tool_use", "id": b.Call.ID, "name": b.Call.Tool, "input": input(b.Call.Args)})
		case b.Opaque != nil:
			content = append(content, b.Opaque.Data)
		case b.Text != "":
			content = append(content, object{"type": "text", "text": b.Text})
		}
	}
	return encode(w.message(s, content, w.stop(s)))
}

// input is an object where nothing is streamed: there the provider itself reads
// what the model wrote.
func input(args json.RawMessage) json.RawMessage {
	if len(args) == 0 {
		return json.RawMessage("{}")
	}
	if _, err := objectOf(args); err != nil {
		return json.RawMessage(encode(object{"invalid": string(args)}))
	}
	return args
}

// events are the records of a stream. What message_start counts is counted
// again, as sums, in message_delta.
func (w anthropicWire) events(s said) []string {
	first := s
	first.usage.Output = 1
	all := []string{
		sse("message_start", object{"type": "message_start", "message": w.message(first, []any{}, nil)}),
		sse("ping", object{"type": "ping"}),
	}
	index := 0
	for _, b := range s.blocks {
		start, deltas := w.block(b, s.pieces)
		if start == nil {
			continue
		}
		all = append(all, sse("content_block_start", object{"type": "content_block_start", "index": index, "content_block": start}))
		for _, d := range deltas {
			all = append(all, sse("content_block_delta", object{"type": "content_block_delta", "index": index, "delta": d}))
		}
		all = append(all, sse("content_block_stop", object{"type": "content_block_stop", "index": index}))
		index++
	}
	return append(
		all,
		sse("message_delta", object{
			"type": "message_delta", "delta": object{"stop_reason": w.stop(s), "stop_sequence": nil}, "usage": w.usage(s.usage),
		}),
		sse("message_stop", object{"type": "message_stop"}),
	)
}

// tail counts the records from the one that tells the reason of the end.
func (anthropicWire) tail(said) int { return 2 }

// block is how a block starts, and its deltas.
func (anthropicWire) block(b agent.Block, pieces int) (start object, deltas []object) {
	switch {
	case b.Call != nil:
		start = object{"type": "tool_use", "id": b.Call.ID, "name": b.Call.Tool, "input": object{}}
		deltas = []object{{"type": "input_json_delta", "partial_json": ""}} // the provider begins so
		for _, p := range cut(string(b.Call.Args), pieces) {
			deltas = append(deltas, object{"type": "input_json_delta", "partial_json": p})
		}
	case b.Opaque != nil:
		return thinking(b.Opaque.Data, pieces)
	case b.Text != "":
		start = object{"type": "text", "text": ""}
		for _, p := range cut(b.Text, pieces) {
			deltas = append(deltas, object{"type": "text_delta", "text": p})
		}
	}
	return start, deltas
}

// thinking comes in pieces, with the signature last; redacted thinking at once.
func thinking(data json.RawMessage, pieces int) (start object, deltas []object) {
	var b struct{ Type, Thinking, Signature, Data string }
	if json.Unmarshal(data, &b) != nil {
		return nil, nil
	}
	if b.Type == "redacted_thinking" {
		return object{"type": b.Type, "data": b.Data}, nil
	}
	for _, p := range cut(b.Thinking, pieces) {
		deltas = append(deltas, object{"type": "thinking_delta", "thinking": p})
	}
	deltas = append(deltas, object{"type": "signature_delta", "signature": b.Signature})
	return object{"type": "thinking", "thinking": "", "signature": ""}, deltas
}

func (anthropicWire) fault(me *agent.ModelError, model string) (int, string) {
	status, kind, message := http.StatusBadRequest, "invalid_request_error", "the request is not valid"
	switch me.Fault {
	case agent.FaultKey:
		status, kind, message = http.StatusUnauthorized, "authentication_error", "invalid x-api-key"
	case agent.FaultName:
		status, kind, message = http.StatusNotFound, "not_found_error", "model: "+model
	case agent.FaultRateLimit:
		status, kind, message = http.StatusTooManyRequests, "rate_limit_error", "this request would exceed the rate limit of the organization"
	case agent.FaultOverload:
		status, kind, message = 529, "overloaded_error", "Overloaded"
	case agent.FaultTooLong:
		message = "prompt is too long: 200001 tokens > 200000 maximum"
	case agent.FaultCredit:
		message = "your credit balance is too low to access the API"
	}
	if me.Err != nil {
		message = me.Err.Error()
	}
	return status, anthropicError(kind, message)
}

func anthropicError(kind, message string) string {
	return encode(object{"type": "error", "error": object{"type": cmp.Or(kind, "api_error"), "message": message}, "request_id": "req_test"})
}

func (anthropicWire) broken() string {
	return "event: error\ndata: " + anthropicError("overloaded_error", "Overloaded") + "\n\n"
}

func (anthropicWire) garbage() string {
	return "event: content_block_delta\ndata: <html>\n\n"
}
