package agent

import (
	"strings"
	"testing"
)

func TestWorks(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"web\tabc\tdef\t10\n":                             1,
		"web\tabc\t-\t0\ndb\t-\t-\t-1\n":                  2,
		"../x\tabc\tdef\t10\n":                            0,
		"a/b\tabc\tdef\t10\n":                             0,
		".\tabc\tdef\t10\n":                               0,
		"\tabc\tdef\t10\n":                                0,
		"web\tabc\tdef\tten\n":                            0,
		"web\tabc\tdef\n":                                 0,
		"web\tabc\tdef\t10\tmore\n":                       0,
		"a\\b\tabc\tdef\t10\n":                            0,
		"web\t" + strings.Repeat("a", 101) + "\tdef\t1\n": 0,
	} {
		if got := works(text); len(got) != want {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

// FuzzWorks: whatever a workspace says, a name stays within its folder.
func FuzzWorks(f *testing.F) {
	f.Add("web\tabc\tdef\t10\n")
	f.Add("..\tabc\tdef\t10\nweb\t\t\t-1")
	f.Fuzz(func(t *testing.T, text string) {
		for _, w := range works(text) {
			if w.Stack == "" || w.Stack == "." || w.Stack == ".." || strings.ContainsAny(w.Stack, "/\\\x00") || len(w.Tip) > 100 {
				t.Errorf("%q: %+v", text, w)
			}
		}
	})
}
