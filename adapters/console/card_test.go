package console

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"interlock/bot"
)

var update = flag.Bool("update", false, "write the golden files")

func (r *room) drawn(t *testing.T, c bot.Card) string {
	t.Helper()
	v := viewer{session: session{ID: "s", Person: "bob"}, actor: actor("bob", "Bob")}
	m := bot.Message{ID: "m1", Seq: 7, Thread: thread("t1"), Card: &c, At: testTime()}
	h, err := r.fragment("message", r.message(v, m))
	if err != nil {
		t.Fatal(err)
	}
	return string(h)
}

var (
	blank   = regexp.MustCompile(`\n\s*\n+`)
	version = regexp.MustCompile(`\?v=[0-9a-f]+`)
)

// golden compares without the version of the assets, which changes with every
// line of style.
func golden(t *testing.T, name, got string) {
	t.Helper()
	got = version.ReplaceAllString(blank.ReplaceAllString(got, "\n"), "?v=VERSION") + "\n"
	file := filepath.Join("testdata", name+".html")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: run the test with -update", err)
	}
	if string(b) != got {
		t.Errorf("%s differs; run the test with -update and look at the difference. Got:\n%s", file, got)
	}
}

func TestGoldenCards(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]bot.Card{
		"approval": approvalCard(), "drift": driftCard(), "question": questionCard(), "refused": refusedCard(), "hostile": hostileCard(),
		"refusal": refusalNote(), "why": whyCard(),
		"line": {Body: "Alice pressed Put back to code", Fallback: "Alice pressed Put back to code"},
	} {
		r := newRoom(t, nil)
		golden(t, name, r.drawn(t, c))
	}
}

// What a reader of a card must find in it, in words.
func TestCardSpeaks(t *testing.T) {
	t.Parallel()
	r := newRoom(t, nil)
	got := r.drawn(t, approvalCard())
	want(t, got, `aria-label="Approve: Change payments-prod?"`, "What happens next", "waiting for 1 of 1 approvals",
		`<span class="vh">before: </span><del>`, `<span class="vh">after: </span><ins>`, "<dt>Plan code</dt>")
	want(t, r.drawn(t, driftCard()), "Assistant says", "the runbook (https://runbook.invalid/fw)")
	c := approvalCard()
	c.Buttons = nil
	wantNot(t, r.drawn(t, c), "<button", "<form")
}

// A note of buttons alone has no frame around them, and what is too long for a
// column has a row of its own.
func TestCardFits(t *testing.T) {
	t.Parallel()
	r := newRoom(t, nil)
	want(t, r.drawn(t, refusalNote()), `<section class="card bare">`, "Why?", "Request access")
	wantNot(t, r.drawn(t, approvalCard()), "bare", `class="wide"`)
	got := r.drawn(t, whyCard())
	want(t, got, `<div class="wide"><dt>Because</dt>`, `<div class="wide"><dt>Whom to ask</dt>`, "<div><dt>Needed</dt>")
	c := refusalNote()
	c.Body = "with words"
	wantNot(t, r.drawn(t, c), "bare")
}

// A patch stands in one block, in which blanks and long lines are kept.
func TestPatchIsDrawn(t *testing.T) {
	t.Parallel()
	r := newRoom(t, nil)
	got := r.drawn(t, bot.Card{Title: "Done", Code: "diff --git a/x b/x\n@@ -1 +1 @@\n-  a = 1\n+  a = \"<b>\""})
	want(t, got, `<pre class="patch" dir="ltr">diff --git a/x b/x`+"\n@@ -1 +1 @@\n-  a = 1\n+  a = &#34;&lt;b&gt;&#34;</pre>")
	if css := string(r.assets.files["style.css"]); !regexp.MustCompile(`\.patch \{[^}]*white-space: pre-wrap`).MatchString(css) {
		t.Error("a patch has no style that keeps its blanks and wraps its lines")
	}
}

// Red and green are for what a plan takes and brings: whatever else a line says has no class
// that is coloured so, whether a drift is open, taken or accepted, or a rule is broken.
func TestOnlyPlansAreColoured(t *testing.T) {
	t.Parallel()
	r := newRoom(t, nil)
	for action, class := range map[string]string{
		"create": "create", "update": "update", "delete": "delete", "replace": "replace", "drift": "drift",
		"taken": "other", "accepted": "other", "high": "other", "rule": "other",
	} {
		got := r.drawn(t, bot.Card{Title: "x", Lines: []bot.Line{{Action: action, Resource: "a.b", Attribute: "c", Before: "code 1", After: "real 2"}}})
		want(t, got, `<li class="`+class+`">`)
	}
	css := string(r.assets.files["style.css"])
	for _, rule := range regexp.MustCompile(`(?m)^(.*\b(?:del|ins)) \{(.*)\}$`).FindAllStringSubmatch(css, -1) {
		coloured := strings.Contains(rule[2], "var(--good)") || strings.Contains(rule[2], "var(--bad)") || strings.Contains(rule[2], "line-through")
		if plan := strings.HasPrefix(rule[1], ":is(.create, .update, .delete, .replace) "); coloured != plan {
			t.Errorf("%s {%s}", rule[1], rule[2])
		}
	}
}

// No text of a card becomes markup, a class or an address.
func TestHostileCard(t *testing.T) {
	t.Parallel()
	r := newRoom(t, nil)
	got := r.drawn(t, hostileCard())
	wantNot(t, got, "<script", "<img src=x", `class="&#34;`, "href=")
	allowed := []string{"article", "img", "div", "p", "span", "time", "section", "h3", "strong", "ul", "li", "code", "del", "ins", "dl", "dt", "dd", "form", "input", "button", "br"}
	for _, tag := range regexp.MustCompile(`<([a-zA-Z0-9]+)`).FindAllStringSubmatch(got, -1) {
		if !slices.Contains(allowed, tag[1]) {
			t.Errorf("tag %s", tag[1])
		}
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	for in, out := range map[string]string{
		"":                             "",
		"one\ntwo\n\nthree":            "<p>one<br>two</p><p>three</p>",
		"- a\n* b\n\n1. c\n2) d":       "<ul><li>a</li><li>b</li></ul><ol><li>c</li><li>d</li></ol>",
		"text\n- a":                    "<p>text</p><ul><li>a</li></ul>",
		"**bold** and `co<de`":         "<p><strong>bold</strong> and <code>co&lt;de</code></p>",
		"`**not bold**`":               "<p><code>**not bold**</code></p>",
		"2 ** 3 ** 4":                  "<p>2 ** 3 ** 4</p>",
		"an `open tick":                "<p>an `open tick</p>",
		"# Head #\ntext":               "<p><strong>Head</strong></p><p>text</p>",
		"```tf\na < b\n```\nafter":     "<pre><code>a &lt; b</code></pre><p>after</p>",
		"```\nnever closed":            "<pre><code>never closed</code></pre>",
		"```":                          "<pre><code></code></pre>",
		"[x](javascript:alert(1))":     "<p>[x](javascript:alert(1))</p>",
		"![x](https://e.invalid/?k=1)": "<p>x (https://e.invalid/?k=1)</p>",
		"<b>&amp;</b>":                 "<p>&lt;b&gt;&amp;amp;&lt;/b&gt;</p>",
		"a\u202eb\x1bc":                "<p>abc</p>",
	} {
		if got := string(markdown(in)); got != out {
			t.Errorf("%q: %s, want %s", in, got, out)
		}
	}
}

// Whatever a model writes, only the tags of the list come out, closed in order.
func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{
		"", "**a**", "`a` **`b`**", "- a\n- b", "1. a", "```\n<x>\n```", "# h", "[a](b) ![c](d)", "<script>alert(1)</script>",
		"**a `b** c`", "a\x00b\u202e", "&lt;p&gt;", "**<p>**", "-\n- \n```", "<p onclick=x>", driftCard().Prose,
	} {
		f.Add(s)
	}
	tag := regexp.MustCompile(`<[^>]*>?`)
	f.Fuzz(func(t *testing.T, s string) {
		got := string(markdown(s))
		var open []string
		for _, m := range tag.FindAllString(got, -1) {
			name := strings.Trim(m, "</>")
			switch {
			case !slices.Contains([]string{"p", "br", "ul", "ol", "li", "pre", "code", "strong"}, name):
				t.Fatalf("%q gives the tag %s in %s", s, m, got)
			case name == "br":
			case strings.HasPrefix(m, "</"):
				if len(open) == 0 || open[len(open)-1] != name {
					t.Fatalf("%q closes %s out of order in %s", s, name, got)
				}
				open = open[:len(open)-1]
			default:
				open = append(open, name)
			}
		}
		if len(open) > 0 {
			t.Fatalf("%q leaves %v open in %s", s, open, got)
		}
	})
}

func FuzzUnseal(f *testing.F) {
	r := &Platform{opt: Options{Key: []byte(strings.Repeat("k", 32))}, now: testTime}
	good := r.seal(session{ID: "s", Person: "bob", Ends: testTime().Add(sessionLife)})
	f.Add(good)
	f.Add("")
	f.Add("." + r.mac("session", ""))
	f.Add(strings.ToUpper(good))
	f.Fuzz(func(t *testing.T, value string) {
		if s, err := r.unseal(value); err == nil && (value != good || s.Person != "bob") {
			t.Fatalf("%q is taken as %+v", value, s)
		}
	})
}

func TestText(t *testing.T) {
	t.Parallel()
	for in, out := range map[string]string{
		"scan x": "scan x", "@interlock scan x": "scan x", "@Interlock: scan x": "scan x", "@interlock, scan": "scan", "@interlock": "",
		"@interlocking is off": "@interlocking is off", "@interlock-bot scan": "@interlock-bot scan", "ask @interlock": "ask @interlock",
	} {
		if got := unmentioned(in); got != out {
			t.Errorf("%q: %q", in, got)
		}
	}
	if got := clean(" a\r\nb\tc\x1b\u202e\u200b d\xff "); got != "a\nb c\u200b d\uFFFD" {
		t.Errorf("%q", got)
	}
	if got := cut("abcdefgh", 6); got != "abc..." {
		t.Errorf("%q", got)
	}
	if initial("") != "?" || initial("\u00e9mile") != "\u00c9" {
		t.Error("initials")
	}
}
