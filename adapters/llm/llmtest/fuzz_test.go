package llmtest

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"interlock/agent"
)

// seed adds the requests of the transcripts of one dialect.
func seed(f *testing.F, d Dialect) {
	f.Helper()
	files, err := filepath.Glob("testdata/" + d.String() + "-*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(a.Files[0].Data)
	}
}

// probe reads a request, and what is taken must hold together.
func probe(t *testing.T, w wire, body []byte) {
	a, err := w.read(body)
	w.count(a, map[string]bool{})
	if err != nil {
		return
	}
	open := map[string]bool{}
	for _, m := range a.prompt.Messages {
		for _, b := range m.Blocks {
			if b.Result != nil && !open[b.Result.Call] {
				t.Errorf("the result of %q has no call: %s", b.Result.Call, body)
			}
			if b.Call != nil {
				open[b.Call.ID] = true
				if !json.Valid(b.Call.Args) || b.Call.ID == "" {
					t.Errorf("call %+v is taken: %s", b.Call, body)
				}
			}
		}
	}
	s := said{blocks: a.prompt.Messages[0].Blocks, stop: agent.StopEnd, pieces: 4, counted: true}
	if whole := w.whole(s); !json.Valid([]byte(whole)) {
		t.Errorf("the answer is no JSON: %s", whole)
	}
	for _, record := range w.events(s) {
		if !strings.HasSuffix(record, "\n\n") || strings.Contains(strings.TrimSuffix(record, "\n\n"), "\n\n") {
			t.Errorf("a record is not one: %q", record)
		}
	}
}

func FuzzReadAnthropic(f *testing.F) {
	seed(f, Anthropic)
	f.Add([]byte(anthropicBody(userA + "," + callsA + "," + resultsA)))
	f.Add([]byte(anthropicBody(userA + `,{"role":"assistant","content":[{"type":"thinking","thinking":"x","signature":"y"}]},` + userA)))
	f.Fuzz(func(t *testing.T, body []byte) { probe(t, anthropicWire{}, body) })
}

func FuzzReadOpenAI(f *testing.F) {
	seed(f, OpenAI)
	f.Add([]byte(openaiBody(userA + "," + callsO + "," + resultO + "," + resultOB)))
	f.Add([]byte(openaiBody(userA + `,{"role":"assistant","content":"x","reasoning_content":"y"}`)))
	f.Fuzz(func(t *testing.T, body []byte) { probe(t, openaiWire{}, body) })
}

// FuzzCut puts the pieces together again.
func FuzzCut(f *testing.F) {
	f.Add("", 4)
	f.Add("ü", 4)
	f.Add("One, two, three.\x00\U0001f600", 4)
	f.Add("xyz", 0)
	f.Fuzz(func(t *testing.T, text string, n int) {
		pieces := cut(text, n)
		if strings.Join(pieces, "") != text || len(pieces) > max(1, n) {
			t.Errorf("%q in %d is %q", text, n, pieces)
		}
	})
}
