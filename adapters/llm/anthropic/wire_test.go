package anthropic

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"interlock/agent"
)

const (
	testKey   = "key-of-the-test"
	testModel = "claude-test"
)

// wire answers each request with the same status, type and body, and keeps what
// it was asked.
type wire struct {
	status int
	kind   string
	header http.Header
	body   string

	mu       sync.Mutex
	requests []request
}

type request struct {
	path   string
	header http.Header
	body   string
}

func (w *wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.mu.Lock()
	w.requests = append(w.requests, request{r.URL.EscapedPath(), r.Header.Clone(), string(body)})
	w.mu.Unlock()
	for k, v := range w.header {
		rw.Header()[k] = v
	}
	rw.Header().Set("Content-Type", w.kind)
	rw.WriteHeader(w.status)
	_, _ = io.WriteString(rw, w.body)
}

func (w *wire) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.requests)
}

func (w *wire) last() request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests[len(w.requests)-1]
}

// serve starts a wire that answers with a stream.
func serve(t testing.TB, body string) (*wire, string) {
	t.Helper()
	w := &wire{status: http.StatusOK, kind: "text/event-stream", body: body}
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	return w, server.URL
}

// start makes a Model that asks url.
func start(t testing.TB, url string, change ...func(*Options)) *Model {
	t.Helper()
	o := Options{Key: testKey, BaseURL: url, Model: testModel}
	for _, c := range change {
		c(&o)
	}
	m, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// ask is a prompt of one line.
func ask(text string) agent.Prompt {
	return agent.Prompt{Messages: []agent.Message{{Role: agent.User, Blocks: []agent.Block{{Text: text}}}}}
}

// events writes JSON objects as a stream of events that are named by their type.
func events(objects ...string) string {
	var b strings.Builder
	for _, o := range objects {
		var head struct{ Type string }
		if err := json.Unmarshal([]byte(o), &head); err != nil {
			panic(fmt.Sprintf("%v in %s", err, o))
		}
		fmt.Fprintf(&b, "event: %s\ndata: %s\n\n", head.Type, o)
	}
	return b.String()
}

const (
	begin = `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-test-20990101","content":[],"stop_reason":null,"usage":{"input_tokens":11,"output_tokens":1,"cache_read_input_tokens":7,"cache_creation_input_tokens":3}}}`
	stop  = `{"type":"message_stop"}`
	ping  = `{"type":"ping"}`
)

func opens(i int, block string) string {
	return fmt.Sprintf(`{"type":"content_block_start","index":%d,"content_block":%s}`, i, block)
}

func adds(i int, delta string) string {
	return fmt.Sprintf(`{"type":"content_block_delta","index":%d,"delta":%s}`, i, delta)
}

func closes(i int) string { return fmt.Sprintf(`{"type":"content_block_stop","index":%d}`, i) }

func ends(reason string) string {
	return fmt.Sprintf(`{"type":"message_delta","delta":{"stop_reason":%q,"stop_sequence":null},"usage":{"output_tokens":42}}`, reason)
}

// says is a block of text.
func says(i int, parts ...string) (out []string) {
	out = append(out, opens(i, `{"type":"text","text":""}`))
	for _, p := range parts {
		quoted, err := json.Marshal(p)
		if err != nil {
			panic(err)
		}
		out = append(out, adds(i, `{"type":"text_delta","text":`+string(quoted)+`}`))
	}
	return append(out, closes(i))
}

// calls is a call whose arguments come in parts.
func calls(i int, id, tool string, parts ...string) (out []string) {
	out = append(out, opens(i, fmt.Sprintf(`{"type":"tool_use","id":%q,"name":%q,"input":{}}`, id, tool)))
	for _, p := range parts {
		quoted, err := json.Marshal(p)
		if err != nil {
			panic(err)
		}
		out = append(out, adds(i, `{"type":"input_json_delta","partial_json":`+string(quoted)+`}`))
	}
	return append(out, closes(i))
}

// stream is a whole answer around blocks.
func stream(reason string, blocks ...[]string) string {
	all := []string{begin}
	for _, b := range blocks {
		all = append(all, b...)
	}
	return events(append(all, ends(reason), stop)...)
}
