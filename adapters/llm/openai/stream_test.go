package openai

import (
	"encoding/json"
	"errors"
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

var update = flag.Bool("update", false, "write what was found into the golden files")

// wire answers each request as it says and keeps the last one.
type wire struct {
	status int
	header http.Header
	body   io.Reader
	asked  *http.Request
	sent   string
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	w.asked, w.sent = r, string(body)
	if w.header == nil {
		w.header = http.Header{"Content-Type": {"text/event-stream"}}
	}
	return &http.Response{StatusCode: w.status, Header: w.header, Body: io.NopCloser(w.body), Request: r}, nil
}

// model asks a wire that answers 200 with the body.
func model(t testing.TB, body string) (*Model, *wire) {
	t.Helper()
	w := &wire{status: http.StatusOK, body: strings.NewReader(body)}
	m, err := New(Options{Key: "secret-key", BaseURL: "http://gateway.example/v1", Model: "m", HTTP: &http.Client{Transport: w}})
	if err != nil {
		t.Fatal(err)
	}
	return m, w
}

// outcome is what came of a stream, to be read by people.
type outcome struct {
	Shown  string   `json:",omitempty"`
	Blocks []string `json:",omitempty"`
	Stop   string   `json:",omitempty"`
	Fault  string   `json:",omitempty"`
	Usage  agent.Usage
}

func line(b agent.Block) string {
	switch {
	case b.Call != nil:
		return fmt.Sprintf("call %s %s %s", b.Call.ID, b.Call.Tool, b.Call.Args)
	case b.Opaque != nil:
		return fmt.Sprintf("opaque %s %s %s", b.Opaque.Provider, b.Opaque.Model, b.Opaque.Data)
	}
	return "text " + b.Text
}

var (
	stops  = map[agent.Stop]string{agent.StopNone: "none", agent.StopEnd: "end", agent.StopCalls: "calls", agent.StopLength: "length"}
	faults = map[agent.Fault]string{
		agent.FaultProtocol: "protocol", agent.FaultNetwork: "network", agent.FaultRateLimit: "rate limit",
		agent.FaultOverload: "overload", agent.FaultTooLong: "too long", agent.FaultRefused: "refused", agent.FaultKey: "key",
		agent.FaultCredit: "credit", agent.FaultName: "name", agent.FaultRequest: "request",
	}
)

func ask(t testing.TB, m *Model) outcome {
	t.Helper()
	var shown strings.Builder
	reply, err := m.Next(t.Context(), agent.Prompt{Stream: func(s string) { shown.WriteString(s) }})
	var me *agent.ModelError
	switch {
	case err == nil:
		if reply.Model != "m" {
			t.Errorf("the reply is from %q", reply.Model)
		}
		o := outcome{Shown: shown.String(), Stop: stops[reply.Stop], Usage: reply.Usage}
		for _, b := range reply.Blocks {
			o.Blocks = append(o.Blocks, line(b))
		}
		return o
	case !errors.As(err, &me) || me.Model != "m":
		t.Fatalf("got the error %v", err)
	}
	return outcome{Shown: shown.String(), Fault: faults[me.Fault] + ": " + me.Err.Error(), Usage: me.Usage}
}

// TestStreams reads transcripts of servers that bend the wire.
func TestStreams(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/streams/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			m, _ := model(t, string(a.Files[0].Data))
			got := pretty(t, ask(t, m))
			if *update {
				a.Files[1].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := string(a.Files[1].Data); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func pretty(t testing.TB, v any) string {
	t.Helper()
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
