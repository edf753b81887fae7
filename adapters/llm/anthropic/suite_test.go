package anthropic

import (
	"testing"

	"interlock/adapters/llm/llmtest"
	"interlock/agent"
)

func TestSuite(t *testing.T) {
	can := llmtest.Features{Streams: true, Opaque: true, Cache: true, FlagsFailure: true, Exact: true}
	llmtest.TestModel(t, llmtest.Anthropic, can, func(t *testing.T, url, key, model string) agent.Model {
		t.Helper()
		m, err := New(t.Context(), Options{Key: key, BaseURL: url, Model: model})
		if err != nil {
			t.Fatal(err)
		}
		return m
	})
}
