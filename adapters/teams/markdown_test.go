package teams

import (
	"strings"
	"testing"
)

func TestMarkdown(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                     "",
		"one\ntwo\n\nthree":                    "one\ntwo\nthree\n",
		"# Head #\ntext":                       "Head\ntext\n",
		"- a\n* b\n\n1. c\n12) d":              "•\na\n•\nb\n1.\nc\n12.\nd\n",
		"[x](javascript:alert(1))":             "[x](javascript:alert(1))\n",
		"see ![x](https://e.invalid/?k=1).":    "see x (https://e.invalid/?k=1).\n",
		"2 ** 3 ** 4, an `open tick, a_b_c":    "2 ** 3 ** 4, an `open tick, a_b_c\n",
		"```tf\na  <  b\n  c\n```\nafter":      "a  <  b\n\u00a0\u00a0c\nafter\n",
		"```\nnever closed":                    "never closed\n",
		"a|**b**\n-|-\nc|`ddd`\n|":             "a: c\nb: ddd\n",
		"not a | table\nnext":                  "not a | table\nnext\n",
		"a\n---\nb":                            "a\nb\n",
		"> quoted\n> twice":                    "quoted\ntwice\n",
		"a\u202eb\x1bc \ue0f01|now\ue0f1 \xff": "abc now \uFFFD\n",
		"a {{DATE(x)}} {{{b":                   "a {{DATE(x)}} {{{b\n",
	} {
		if got := cardSeen(t, encoded(markdown(in))); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

// What is set off is set off, and nothing is a link.
func TestMarkdownInline(t *testing.T) {
	t.Parallel()
	mono := `{"type":"TextRun","text":"https://e.invalid/x","fontType":"Monospace"`
	for in, want := range map[string]string{
		"[a](https://e.invalid/x)":  mono,
		"go to https://e.invalid/x": mono,
		"**https://e.invalid/x**":   `{"type":"TextRun","text":"https://e.invalid/x","weight":"Bolder","fontType":"Monospace"`,
		"**a**":                     `"text":"a","weight":"Bolder"`,
		"*a*":                       `"text":"a","italic":true`,
		"~~a~~":                     `"text":"a","strikethrough":true`,
		"`a`":                       `"text":"a","fontType":"Monospace"`,
		"a {{b":                     `"text":"a {"},{"type":"TextRun","text":"{b"`,
	} {
		if got := string(encoded(markdown(in))); !strings.Contains(got, want) || strings.Contains(got, `"url"`) {
			t.Errorf("%q: %s", in, got)
		}
	}
}

// Only a tame text stands where Teams looks for markup.
func TestWordsAreTame(t *testing.T) {
	t.Parallel()
	const at = "\ue0f01764248580|13:03 UTC\ue0f1"
	for in, tame := range map[string]bool{
		at: true, "until " + at + ", urgent": true, "I try again at " + at + " by myself.": true, "no moment": false,
		"*" + at: false, at + " a_b": false, "[a](b) " + at: false, "- " + at: false, "1. " + at: false, "1) " + at: false, at + "\nb": false,
		at + " http://x": false, at + " www.e.invalid": false, at + " :smile:": false, "<at>" + at + "</at>": false, at + " {{b": false, "+ " + at: false,
		"\ue0f0999999999999999|far\ue0f1": false, at + " \ue0f0999999999999999|[a](b)\ue0f1": false, at + " \ue0f01|\ue0f0[a](b)\ue0f1": false,
	} {
		all := words(in, look{})
		if got := all[0].Type == "TextBlock"; got != tame || strings.ContainsAny(cardSeen(t, encoded(all)), "\ue0f0\ue0f1") {
			t.Errorf("%q is a %s: %s", in, all[0].Type, encoded(all))
		}
	}
}
