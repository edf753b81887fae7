package llmtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"interlock/agent"
)

// wires are the two, with a request that each takes.
var wires = map[Dialect]string{
	Anthropic: `{"model":"test-model-1","max_tokens":9,"stream":true,"messages":[` + userA + `]}`,
	OpenAI:    `{"model":"test-model-1","stream":true,"messages":[` + userA + `]}`,
}

// TestBrain asks the brain when nothing is planned, and tells its faults.
func TestBrain(t *testing.T) {
	t.Parallel()
	for d, body := range wires {
		for fault, status := range map[agent.Fault]int{
			agent.FaultRateLimit: 429, agent.FaultKey: 401, agent.FaultName: 404, agent.FaultTooLong: 400,
			agent.FaultRequest: 400, agent.FaultRefused: 200, agent.FaultProtocol: 200,
		} {
			s := NewServer(t, brain(func(agent.Prompt) (agent.Reply, error) {
				return agent.Reply{}, fmt.Errorf("think: %w", &agent.ModelError{Fault: fault, Wait: 1500 * time.Millisecond, Err: errors.New("odd")})
			}))
			got, header, text := post(t, s, d, body)
			if got != status {
				t.Errorf("%v: fault %d is status %d, want %d", d, fault, got, status)
			}
			if status >= 400 && (!strings.Contains(text, "odd") || header.Get("Retry-After") != "2") {
				t.Errorf("%v: fault %d is %v %s, want its words and Retry-After", d, fault, header, text)
			}
		}
		s := NewServer(t, brain(func(p agent.Prompt) (agent.Reply, error) {
			return spoken("You say " + p.Messages[0].Blocks[0].Text), nil
		}))
		s.Plan(Say(spoken("As planned.")))
		post(t, s, d, body)
		if _, _, text := post(t, s, d, body); !strings.Contains(text, `"i?"`) {
			t.Errorf("%v: the brain is not heard: %s", d, text)
		}
		post(t, NewServer(t, nil), d, body) // no plan, no brain: an error, no crash
	}
}

// TestConnections breaks connections and ends with the client.
func TestConnections(t *testing.T) {
	t.Parallel()
	for d, body := range wires {
		s := NewServer(t, nil)
		s.Plan(Drop(spoken("One, two, three.")))
		if err := drain(t.Context(), s, d, body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%v: error %v, want an unexpected end", d, err)
		}
		for name, answer := range map[string]Answer{"hang": Hang(), "slow": Slow(spoken("One."), time.Hour), "stall": Stall(spoken("One."))} {
			s.Plan(answer)
			ask := len(s.Requests())
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- drain(ctx, s, d, body) }()
			until(t, "the server is asked", func() bool { return len(s.Requests()) > ask })
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("%v: %s ends with %v", d, name, err)
			}
			until(t, "the connection is closed", func() bool { return s.Open() == 0 })
		}
		s.Plan(DropBefore())
		if err := drain(t.Context(), s, d, body); !errors.Is(err, io.EOF) {
			t.Errorf("%v: error %v, want the end at once", d, err)
		}
	}
}

// drain asks and reads all.
func drain(ctx context.Context, s *Server, d Dialect, body string) error {
	resp, err := send(ctx, s, d, body)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// TestLong has one line of the size that was asked for.
func TestLong(t *testing.T) {
	t.Parallel()
	for d, body := range wires {
		s := NewServer(t, nil)
		s.Plan(Long(200 << 10))
		_, _, text := post(t, s, d, body)
		longest := 0
		for line := range strings.Lines(text) {
			longest = max(longest, len(line))
		}
		if longest < 200<<10 {
			t.Errorf("%v: the longest line has %d bytes", d, longest)
		}
	}
}

// TestModels lists and describes the one model.
func TestModels(t *testing.T) {
	t.Parallel()
	s := NewServer(t, nil)
	for path, want := range map[string]int{"": 200, "/" + s.Name(): 200, "/other": 404} {
		for header, key := range map[string]string{"x-api-key": s.Key(), "Authorization": "Bearer " + s.Key(), "X-None": ""} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL(OpenAI)+"/models"+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set(header, key)
			resp, err := s.http.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			want := want
			if key == "" {
				want = http.StatusUnauthorized
			}
			if resp.StatusCode != want || want == http.StatusOK && !strings.Contains(string(body), s.Name()) {
				t.Errorf("models%s with %s: %d %s, want %d", path, header, resp.StatusCode, body, want)
			}
		}
	}
	s.Rename("other")
	if s.Name() != "other" {
		t.Errorf("name %q, want other", s.Name())
	}
	if len(s.Requests()) != 0 {
		t.Error("looking at models is on record as asking one")
	}
}

// TestCache follows two growing prompts.
func TestCache(t *testing.T) {
	t.Parallel()
	rule := strings.Repeat("x", 4000)
	marked := func(text string) string {
		return `{"type":"text","text":"` + text + `","cache_control":{"type":"ephemeral"}}`
	}
	ask := func(blocks ...string) string {
		return `{"model":"test-model-1","max_tokens":9,"system":[` + marked(rule) + `],"messages":[{"role":"user","content":[` + strings.Join(blocks, ",") + `]}]}`
	}
	s := NewServer(t, nil)
	count := func(d Dialect, body string) agent.Usage {
		before := s.Usage()
		s.Plan(Say(spoken("Yes.")))
		post(t, s, d, body)
		u := s.Usage()
		return agent.Usage{Input: u.Input - before.Input, CacheRead: u.CacheRead - before.CacheRead, CacheWrite: u.CacheWrite - before.CacheWrite}
	}
	first := count(Anthropic, ask(`{"type":"text","text":"one"}`))
	again := count(Anthropic, ask(`{"type":"text","text":"two"}`))
	grown := count(Anthropic, ask(`{"type":"text","text":"two"}`, marked("three")))
	moved := count(Anthropic, ask(`{"type":"text","text":"two"}`, `{"type":"text","text":"three"}`, marked("four")))
	if first.CacheRead != 0 || first.CacheWrite < 1000 || first.Input == 0 {
		t.Errorf("first %+v, want the rule written", first)
	}
	if again.CacheRead != first.CacheWrite || again.CacheWrite != 0 {
		t.Errorf("again %+v, want the rule read", again)
	}
	if grown.CacheRead != first.CacheWrite || grown.CacheWrite == 0 || grown.Input != 0 {
		t.Errorf("grown %+v, want the rule read and the rest written", grown)
	}
	if moved.CacheRead != grown.CacheRead+grown.CacheWrite || moved.CacheWrite == 0 {
		t.Errorf("moved %+v, want all read up to the mark before", moved)
	}
	talk := `{"model":"test-model-1","messages":[{"role":"system","content":"` + rule + `"},{"role":"user","content":"`
	for i, want := range []int{0, 896} { // 4000 bytes and some are 7 whole blocks of 128 tokens
		if u := count(OpenAI, talk+fmt.Sprint("question ", i, `"}]}`)); u.CacheRead != want || u.CacheWrite != 0 {
			t.Errorf("question %d %+v, want %d read", i, u, want)
		}
	}
	if u := count(OpenAI, strings.Replace(talk, "xx", "yx", 1)+`Hi?"}]}`); u.CacheRead != 0 {
		t.Errorf("another rule %+v, want nothing read", u)
	}
}
