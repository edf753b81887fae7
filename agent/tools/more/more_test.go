package more

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"interlock/agent"
	"interlock/rbac"
)

// kept is a store of artifacts by their ids.
type kept map[string]agent.Artifact

func (k kept) Keep(context.Context, agent.Artifact) (string, error) {
	return "", errors.New("a tool that reads keeps nothing")
}

func (k kept) Artifact(_ context.Context, org, id string) (agent.Artifact, error) {
	if id == "broken" {
		return agent.Artifact{}, errors.New("disk is gone")
	}
	a, ok := k[id]
	if !ok || a.Org != org {
		return agent.Artifact{}, agent.ErrNotFound
	}
	return a, nil
}

var internal = rbac.Label{Integrity: rbac.Trusted, Confidentiality: rbac.Internal}

func output(text string) agent.Artifact {
	return agent.Artifact{Org: "acme", Session: "s1", Kind: agent.KindOutput, Meta: json.RawMessage(`{"Integrity": 1, "Confidentiality": 1}`), Bytes: []byte(text)}
}

func with(a agent.Artifact, change func(*agent.Artifact)) agent.Artifact {
	change(&a)
	return a
}

func run(t *testing.T, k kept, args string) (agent.ToolResult, error) {
	t.Helper()
	tool := Tool{Artifacts: k}
	raw := json.RawMessage(args)
	if a, err := tool.Action(t.Context(), "acme", raw); err != nil || !reflect.DeepEqual(a, rbac.Action{Tool: "read_more", Effect: rbac.Read}) {
		t.Errorf("%s: %+v, %v", args, a, err)
	}
	return tool.Run(t.Context(), agent.Env{Org: "acme", Session: "s1"}, agent.ToolCall{ID: "c1", Args: raw})
}

func TestParts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 10_000) + "Needle here" + strings.Repeat("b", 10_000) + "needle again"
	k := kept{
		"long": output(long), "short": output("one\ntwo\n"), "empty": output(""), "wide": output("\u00e9\u00e9\u00e9"), "fold": output("\u212aELVIN \u00c9TAT"),
		"binary": output("\x80\x81\x82\x83\x84\x85"),
		"log":    with(output("#7 ask by ana at noon\nsee #8 and #12\n\n#12 step by \nx\n\n#123 step by \ny\n"), func(a *agent.Artifact) { a.Kind = agent.KindLog }),
	}
	for _, c := range []struct{ args, head, body string }{
		{`{"handle": "short"}`, "[bytes 0 to 8 of 8; this is the end]", "one\ntwo\n"},
		{`{"handle": "short", "from": 4}`, "[bytes 4 to 8 of 8; this is the end]", "two\n"},
		{`{"handle": "short", "bytes": 3}`, `[bytes 0 to 3 of 8; read on with "from": 3]`, "one"},
		{`{"handle": "short", "from": 900}`, "[bytes 8 to 8 of 8; this is the end]", ""},
		{`{"handle": "short", "find": "TWO"}`, `[bytes 0 to 8 of 8; found at 4, the next place is found with "from": 5; this is the end]`, "one\ntwo\n"},
		{`{"handle": "short", "find": "two", "bytes": 4}`, `[bytes 2 to 6 of 8; found at 4, the next place is found with "from": 5; read on with "from": 6]`, "e\ntw"},
		{`{"handle": "short", "find": "o.e"}`, "", "not found from byte 0 on: search from 0, or for a shorter text"},
		{`{"handle": "short", "find": "one", "from": 1}`, "", "not found from byte 1 on: search from 0, or for a shorter text"},
		{`{"handle": "empty"}`, "[bytes 0 to 0 of 0; this is the end]", ""},
		{`{"handle": "long"}`, `[bytes 0 to 8000 of 20023; read on with "from": 8000]`, long[:8000]},
		{`{"handle": "long", "bytes": 12000}`, `[bytes 0 to 12000 of 20023; read on with "from": 12000]`, long[:12000]},
		{`{"handle": "long", "find": "NEEDLE", "bytes": 500}`, `[bytes 9800 to 10300 of 20023; found at 10000, the next place is found with "from": 10001; read on with "from": 10300]`, long[9800:10300]},
		{`{"handle": "long", "find": "needle", "from": 10001}`, `[bytes 19811 to 20023 of 20023; found at 20011, the next place is found with "from": 20012; this is the end]`, long[19811:]},
		{`{"handle": "wide", "from": 1, "bytes": 1}`, `[bytes 0 to 2 of 6; read on with "from": 2]`, "\u00e9"},
		{`{"handle": "wide", "bytes": 3}`, `[bytes 0 to 4 of 6; read on with "from": 4]`, "\u00e9\u00e9"},
		{`{"handle": "fold", "find": "kelvin \u00e9tat"}`, `[bytes 0 to 14 of 14; found at 0, the next place is found with "from": 1; this is the end]`, "\u212aELVIN \u00c9TAT"},
		{`{"handle": "binary", "from": 1, "bytes": 1}`, `[bytes 1 to 2 of 6; read on with "from": 2]`, "\ufffd"},
		{`{"handle": "log", "find": "#12", "bytes": 22}`, `[bytes 27 to 49 of 70; found at 38, the next place is found with "from": 39; read on with "from": 49]`, "8 and #12\n\n#12 step by"},
		{`{"handle": "log", "find": "#8"}`, "", "not found from byte 0 on: search from 0, or for a shorter text"},
		{`{"handle": "log", "find": "see #8", "bytes": 12}`, `[bytes 16 to 28 of 70; found at 22, the next place is found with "from": 23; read on with "from": 28]`, " noon\nsee #8"},
	} {
		r, err := run(t, k, c.args)
		want := strings.TrimPrefix(c.head+"\n"+c.body, "\n")
		if err != nil || r.Text != want || r.Failed != (c.head == "") {
			t.Errorf("%s: %v %v\n got %.300q\nwant %.300q", c.args, r.Failed, err, r.Text, want)
		}
		if c.head != "" && !reflect.DeepEqual(r.Label, internal) {
			t.Errorf("%s: label %+v", c.args, r.Label)
		}
	}
}

// What another session kept, what another Org has and what is of another kind
// answer like what was never there.
func TestOnlyThisSession(t *testing.T) {
	t.Parallel()
	const secret = "what is not yours"
	k := kept{
		"other session": with(output(secret), func(a *agent.Artifact) { a.Session = "s2" }),
		"no session":    with(output(secret), func(a *agent.Artifact) { a.Session = "" }),
		"other org":     with(output(secret), func(a *agent.Artifact) { a.Org = "globex" }),
		"plan":          with(output(secret), func(a *agent.Artifact) { a.Kind = "plan" }),
		"state":         with(output(secret), func(a *agent.Artifact) { a.Kind = "state" }),
		"no kind":       with(output(secret), func(a *agent.Artifact) { a.Kind = "" }),
	}
	want, err := run(t, k, `{"handle": "never kept"}`)
	if err != nil || !want.Failed || !strings.HasPrefix(want.Text, "there is nothing under this handle in this thread") {
		t.Fatalf("%+v, %v", want, err)
	}
	for handle := range k {
		if r, err := run(t, k, fmt.Sprintf(`{"handle": %q}`, handle)); err != nil || !reflect.DeepEqual(r, want) {
			t.Errorf("%s: %+v, %v", handle, r, err)
		}
	}
	mine := kept{"x": with(output(secret), func(a *agent.Artifact) { a.Session = "" })}
	r, err := Tool{Artifacts: mine}.Run(t.Context(), agent.Env{Org: "acme"}, agent.ToolCall{Args: json.RawMessage(`{"handle": "x"}`)})
	if err != nil || !reflect.DeepEqual(r, want) {
		t.Errorf("without a session: %+v, %v", r, err)
	}
}

// A label that is missing or makes no sense never makes a text trusted.
func TestLabels(t *testing.T) {
	t.Parallel()
	foreign := rbac.Label{Confidentiality: rbac.Internal, Origins: []string{"shell"}}
	js, err := json.Marshal(foreign)
	if err != nil {
		t.Fatal(err)
	}
	for meta, want := range map[string]rbac.Label{
		string(js): foreign,
		"":         {}, "null": {}, "{}": {}, "[]": {}, "{": {}, `"trusted"`: {}, `{"stack": "web"}`: {},
		`{"Integrity": 2}`: {}, `{"Integrity": -1}`: {}, `{"Integrity": 1, "Confidentiality": 3}`: {}, `{"Integrity": 1, "Confidentiality": "public"}`: {},
	} {
		k := kept{"x": with(output("text"), func(a *agent.Artifact) { a.Meta = json.RawMessage(meta) })}
		if r, err := run(t, k, `{"handle": "x"}`); err != nil || r.Failed || !reflect.DeepEqual(r.Label, want) {
			t.Errorf("%s: %+v, %v", meta, r.Label, err)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	if _, err := run(t, kept{}, `{"handle": "broken"}`); err == nil || errors.Is(err, agent.ErrNotFound) {
		t.Errorf("a store that fails gives %v", err)
	}
	if r, err := run(t, kept{}, `{"handle": 1}`); err != nil || !r.Failed {
		t.Errorf("%+v, %v", r, err)
	}
}

// Whatever is kept and asked for: reading on comes to the end, a part is whole
// characters, stays within its size, and holds what was found.
func FuzzFind(f *testing.F) {
	f.Add("one two", "TWO", 0, 3, false)
	f.Add("#1 ask\n#12 step\n", "#1", 0, 0, true)
	f.Add("\u00e9\x80\x80\x80\x80\x80", "\u00c9", 1, 1, false)
	f.Add("", "", -1, -1, false)
	f.Add("\u00e9\u00e9\u00e9", "", 3, 1, false)
	f.Fuzz(func(t *testing.T, text, look string, from, size int, log bool) {
		a := args{From: from, Find: look, Bytes: size}
		p, ok := find([]byte(text), a, log)
		if !ok {
			return
		}
		shown := p.text([]byte(text))
		if p.from < 0 || p.to < p.from || p.to > len(text) || p.to-p.from > most+utf8.UTFMax || !utf8.ValidString(shown) {
			t.Fatalf("%+v of %d bytes", p, len(text))
		}
		if look != "" && (p.found < p.from-utf8.UTFMax || p.found > p.to) {
			t.Fatalf("found at %d, shown %d to %d", p.found, p.from, p.to)
		}
		if p.to == p.from && p.to < len(text) {
			t.Fatalf("reading on from %d of %d stands still", p.to, len(text))
		}
		if utf8.ValidString(text) && !utf8.ValidString(text[p.from:p.to]) {
			t.Fatalf("cut inside of a character: %+v", p)
		}
		if at := min(max(from, 0), len(text)); look == "" && (p.from > at || p.to < at || p.to == at && at < len(text)) {
			t.Fatalf("asked for byte %d, shown %d to %d", at, p.from, p.to)
		}
	})
}
