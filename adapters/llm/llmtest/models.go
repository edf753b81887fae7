package llmtest

import (
	"net/http"

	"interlock/agent"
)

// models lists the one model, or describes it, in the fields of both wires.
func (s *Server) models(w http.ResponseWriter, r *http.Request) {
	x := &exchange{server: s, wire: openaiWire{}, w: w, r: r}
	if r.Header.Get("anthropic-version") != "" || r.Header.Get("x-api-key") != "" {
		x.wire = anthropicWire{}
	}
	one := map[string]any{
		"id": s.Name(), "type": "model", "object": "model", "display_name": "Test Model 1", "owned_by": "llmtest",
		"created": 1767225600, "created_at": "2026-01-01T00:00:00Z",
	}
	switch id := r.PathValue("id"); {
	case x.wire.key(r.Header) != s.key:
		x.fail(&agent.ModelError{Fault: agent.FaultKey})
	case id == s.Name():
		x.body(http.StatusOK, encode(one))
	case id != "":
		x.ask.prompt.Model = id
		x.fail(&agent.ModelError{Fault: agent.FaultName})
	default:
		x.body(http.StatusOK, encode(map[string]any{
			"object": "list", "data": []any{one}, "has_more": false, "first_id": s.Name(), "last_id": s.Name(),
		}))
	}
}
