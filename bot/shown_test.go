package bot

import (
	"strings"
	"testing"
)

func TestSound(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		" a\tb\u2028c\x00\x1b[31m\u202e d ":        "a b c[31m d",
		"\xffx":                                    "\ufffdx",
		"line\nline":                               "line\nline",
		string(momentOpens) + "no moment":          string(momentOpens) + "no moment",
		string(momentOpens):                        "",
		string(momentOpens) + string(momentCloses): "",
		" \u200e \n":                               "",
	} {
		if got := Sound(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// A moment that somebody else wrote into a moment leaves no mark behind.
func TestMomentsWithinMoments(t *testing.T) {
	t.Parallel()
	o, c := string(momentOpens), string(momentCloses)
	for _, text := range []string{o + "1|" + o + "x" + c, o + "1|" + o + "2|x" + c + c, o + o + "1|x" + c, c + o} {
		if got := Moments(text, nil); strings.ContainsAny(got, o+c) {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestWritten(t *testing.T) {
	t.Parallel()
	c := Card{
		Title: "Change web", Status: "waiting", Body: "2 to change", Fields: []Field{{"Where", "web"}}, Next: "It runs.", Footer: "3 s",
		Lines: []Line{
			{Action: "delete", Resource: "a.b"},
			{Action: "update", Resource: "c.d", Attribute: "size", Before: "1", After: "2"},
			{Action: "update", Resource: "c.d", Attribute: "text", After: "two\nlines"},
			{Action: "and 7 more lines", More: 7},
		},
		Buttons: []Button{{Label: "Approve"}},
	}
	want := "Change web\nwaiting\n\n2 to change\n\nWhere: web\n\n- delete a.b\n~ update c.d\n    size: 1 \u2192 2\n    text: two \u23ce lines\nand 7 more lines\n\nIt runs.\n\n3 s\n"
	if got := c.Written(); got != want {
		t.Errorf("%q", got)
	}
	rows, more := Changes(c.Lines, func(s string) string { return s })
	if len(rows) != 4 || more != 7 || !rows[0].Gone || rows[1].Gone || rows[2].Head {
		t.Errorf("%+v, %d more", rows, more)
	}
}
