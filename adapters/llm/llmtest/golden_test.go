package llmtest

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"interlock/agent"
)

var update = flag.Bool("update", false, "write the transcripts anew")

// send asks the server as a client without any library does.
func send(ctx context.Context, s *Server, d Dialect, body string) (*http.Response, error) {
	path := "/v1/messages"
	if d == OpenAI {
		path = "/v1/chat/completions"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.http.URL+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("x-api-key", s.Key())
	req.Header.Set("Authorization", "Bearer "+s.Key())
	return s.http.Client().Do(req)
}

// post gives status, header and body of an answer, which must come.
func post(t testing.TB, s *Server, d Dialect, body string) (int, http.Header, string) {
	t.Helper()
	resp, err := send(t.Context(), s, d, body)
	if err != nil {
		t.Fatalf("ask: %v", err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("read answer: %v", err)
	}
	return resp.StatusCode, resp.Header, string(answer)
}

// planned are the answers that transcripts name.
func planned(name string) (Answer, error) {
	reply := agent.Reply{Blocks: []agent.Block{{Text: "I look."}}, Stop: agent.StopEnd, Usage: agent.Usage{Input: 5, Output: 2}}
	a, ok := map[string]Answer{
		"rate limited": RateLimited("7"), "overloaded": Overloaded(), "bad key": BadKey(), "unknown model": UnknownModel(),
		"too long": TooLong(), "no credit": NoCredit(), "rejected": Rejected("the field is odd"),
		"refused": Refuse("I ", reply.Usage), "declined": Decline("I do not.", reply.Usage),
		"no finish": NoFinish(reply), "cut": CutAfter(3, reply), "error in stream": ErrorInStream(reply), "garbage": Garbage(),
	}[name]
	if !ok {
		return nil, fmt.Errorf("nothing is planned as %q", name)
	}
	return a, nil
}

// TestTranscripts holds the wires to what is on file: for a request the prompt
// that is read of it, and the answer to it, byte for byte.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			transcript(t, file, strings.HasPrefix(name, "openai"))
		})
	}
}

func transcript(t *testing.T, file string, openai bool) {
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	part := map[string][]byte{}
	for _, f := range a.Files {
		part[f.Name] = f.Data
	}
	d := Anthropic
	if openai {
		d = OpenAI
	}
	s := NewServer(t, nil)
	if say, ok := part["say.json"]; ok {
		var reply agent.Reply
		if err := json.Unmarshal(say, &reply); err != nil {
			t.Fatalf("say.json: %v", err)
		}
		s.Plan(Say(reply))
	} else {
		answer, err := planned(strings.TrimSpace(string(part["plan"])))
		if err != nil {
			t.Fatal(err)
		}
		s.Plan(answer)
	}
	status, header, body := post(t, s, d, string(part["ask.json"]))
	head := fmt.Sprintf("%d %s", status, header.Get("Content-Type"))
	if wait := header.Get("Retry-After"); wait != "" {
		head += "\nRetry-After: " + wait
	}
	answer := strings.TrimRight(strings.ReplaceAll(head+"\n\n"+body, s.Key(), "KEY"), "\n") + "\n"
	prompt, err := json.MarshalIndent(s.Requests()[0].Prompt.Messages, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	compareParts(t, file, a, map[string][]byte{"prompt.json": append(prompt, '\n'), "answer": []byte(answer)})
}

// compareParts compares, or writes, what a transcript holds.
func compareParts(t *testing.T, file string, a *txtar.Archive, got map[string][]byte) {
	t.Helper()
	for _, name := range []string{"prompt.json", "answer"} {
		i := 0
		for i < len(a.Files) && a.Files[i].Name != name {
			i++
		}
		if i == len(a.Files) {
			a.Files = append(a.Files, txtar.File{Name: name})
		}
		if !*update && !bytes.Equal(a.Files[i].Data, got[name]) {
			t.Errorf("%s of %s is\n%s\nwant\n%s", name, file, got[name], a.Files[i].Data)
		}
		a.Files[i].Data = got[name]
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(a), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
