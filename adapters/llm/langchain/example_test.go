//go:build !lean

package langchain_test

import (
	"fmt"

	"interlock/adapters/llm/langchain"
)

func ExampleNew() {
	m, err := langchain.New(langchain.Options{
		Kind:   "gemini",
		Key:    "the key, never from the environment",
		Model:  "gemini-2.5-flash",
		Output: 4096,
	})
	fmt.Println(m != nil, err)

	_, err = langchain.New(langchain.Options{Kind: "cohere", Key: "key", Model: "command"})
	fmt.Println(err)
	// Output:
	// true <nil>
	// langchain: there is no kind "cohere": name one of anthropic, gemini, mistral, openai
}
