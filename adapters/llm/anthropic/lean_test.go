//go:build lean

package anthropic

import (
	"strings"
	"testing"
)

func TestLean(t *testing.T) {
	t.Parallel()
	for _, via := range []string{"bedrock", "vertex"} {
		_, err := New(t.Context(), Options{Model: "m", Via: via, Region: "r", Project: "p"})
		if err == nil || !strings.Contains(err.Error(), "build without the tag lean") {
			t.Errorf("%s: got %v", via, err)
		}
	}
}
