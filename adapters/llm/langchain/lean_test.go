//go:build lean

package langchain

import (
	"strings"
	"testing"
)

func TestGeminiIsLeftOut(t *testing.T) {
	t.Parallel()
	if _, err := New(Options{Kind: "gemini", Key: "k", Model: "m"}); err == nil || !strings.Contains(err.Error(), "lean") {
		t.Errorf("error %v", err)
	}
}
