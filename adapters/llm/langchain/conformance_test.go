package langchain_test

import (
	"testing"

	"interlock/adapters/llm/langchain"
	"interlock/adapters/llm/llmtest"
	"interlock/agent"
)

func build(kind string) func(t *testing.T, url, key, model string) agent.Model {
	return func(t *testing.T, url, key, model string) agent.Model {
		t.Helper()
		m, err := langchain.New(langchain.Options{Kind: kind, Key: key, BaseURL: url, Model: model})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
}

func TestConformanceOpenAI(t *testing.T) {
	llmtest.TestModel(t, llmtest.OpenAI, llmtest.Features{Cache: true, Exact: true}, build("openai"))
}

// The bytes of a whole answer are the provider's, not those that its model wrote.
func TestConformanceAnthropic(t *testing.T) {
	llmtest.TestModel(t, llmtest.Anthropic, llmtest.Features{}, build("anthropic"))
}
