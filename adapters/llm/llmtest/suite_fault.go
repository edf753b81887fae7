package llmtest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"interlock/agent"
)

// status is an HTTP error with a body in the words of the dialect.
func (s suite) status(code int, kind, message string) Answer {
	body := openaiError(kind, "", message)
	if s.d == Anthropic {
		body = anthropicError(kind, message)
	}
	return Status(code, http.Header{"Content-Type": {"application/json"}}, body)
}

// errors checks what each of the provider's errors means.
func (s suite) errors(t *testing.T) {
	page := http.Header{"Content-Type": {"text/html"}}
	soon := time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat)
	for _, c := range []struct {
		name   string
		answer Answer
		fault  agent.Fault
		least  time.Duration // of the wait, at most
		most   time.Duration
		says   string
	}{
		{"rate limit", RateLimited(""), agent.FaultRateLimit, 0, 0, "limit"},
		{"rate limit in seconds", RateLimited("7"), agent.FaultRateLimit, 7 * time.Second, 7 * time.Second, ""},
		{"rate limit until a date", RateLimited(soon), agent.FaultRateLimit, time.Second, 91 * time.Second, ""},
		{"overloaded", Overloaded(), agent.FaultOverload, 0, 0, "verloaded"},
		{"overloaded by a proxy", Status(http.StatusBadGateway, page, "<html>bad gateway</html>"), agent.FaultOverload, 0, 0, ""},
		{"overloaded without a body", Status(http.StatusServiceUnavailable, http.Header{"Retry-After": {"3"}}, ""), agent.FaultOverload, 3 * time.Second, 3 * time.Second, ""},
		{"500", s.status(500, "api_error", "internal server error"), agent.FaultOverload, 0, 0, "internal"},
		{"500 that tells a number", s.status(500, "api_error", "max 400 connections"), agent.FaultOverload, 0, 0, "max 400"},
		{"500 that tells of a key", s.status(500, "api_error", "cannot read api key 401 store"), agent.FaultOverload, 0, 0, ""},
		{"529", s.status(529, "overloaded_error", "Overloaded"), agent.FaultOverload, 0, 0, ""},
		{"503", s.status(503, "server_error", "try later"), agent.FaultOverload, 0, 0, ""},
		{"key", BadKey(), agent.FaultKey, 0, 0, ""},
		{"no right", s.status(403, "permission_error", "your key has no permission for this resource"), agent.FaultKey, 0, 0, "permission"},
		{"name", UnknownModel(), agent.FaultName, 0, 0, "test-model-1"},
		{"too long", TooLong(), agent.FaultTooLong, 0, 0, ""},
		{"credit", NoCredit(), agent.FaultCredit, 0, 0, ""},
		{"request", Rejected("the field is odd"), agent.FaultRequest, 0, 0, "the field is odd"},
		{"request, many words", Rejected(strings.Repeat("very odd ", 500)), agent.FaultRequest, 0, 0, "very odd"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, server := s.start(t, c.answer)
			me := s.fails(t, m, server, say("Hi?"))
			if me.Fault != c.fault {
				t.Errorf("fault %d, want %d: %v", me.Fault, c.fault, me)
			}
			if me.Wait < c.least || me.Wait > c.most {
				t.Errorf("wait %v, want %v to %v", me.Wait, c.least, c.most)
			}
			if !strings.Contains(me.Error(), c.says) {
				t.Errorf("error %q, want the provider's words %q", me, c.says)
			}
			if n := len(server.Requests()); n != 1 {
				t.Errorf("%d requests, want 1: package llm retries, and no adapter", n)
			}
		})
	}
	t.Run("wrong key", func(t *testing.T) {
		t.Parallel()
		server := NewServer(t, nil)
		wrong := "sk-wrong-0123456789"
		m := s.build(t, server.URL(s.d), wrong, server.Name())
		me := s.fails(t, m, server, say("Hi?"))
		if me.Fault != agent.FaultKey || strings.Contains(me.Error(), wrong) {
			t.Errorf("error %v, want FaultKey without the key", me)
		}
	})
}

// refusals checks that a refusal is a fault, and what it cost.
func (s suite) refusals(t *testing.T) {
	u := agent.Usage{Input: 12, Output: 3}
	for name, answer := range map[string]Answer{
		"at once": Refuse("", u), "after text": Refuse("Well, ", u), "declined": Decline("I can not do that.", u),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, server := s.start(t, answer)
			me := s.fails(t, m, server, say("Break in."))
			if me.Fault != agent.FaultRefused || me.Usage != u {
				t.Errorf("fault %d with usage %+v, want %d with %+v", me.Fault, me.Usage, agent.FaultRefused, u)
			}
		})
	}
}

// broken checks that an answer which breaks off is never taken for a whole one.
func (s suite) broken(t *testing.T) {
	reply := agent.Reply{
		Blocks: []agent.Block{{Text: "I look at both."}, called("call_a", "get", `{"path":"x"}`), called("call_b", "put", `{"path":"y"}`)},
		Stop:   agent.StopCalls,
	}
	answers := map[string]Answer{
		"no finish": NoFinish(reply), "no finish of text": NoFinish(spoken("I look.")), "no finish of nothing": NoFinish(agent.Reply{}),
		"error": ErrorInStream(reply), "drop": Drop(reply), "drop before": DropBefore(), "garbage": Garbage(),
		"nothing": Status(http.StatusOK, nil, ""),
		"page":    Status(http.StatusOK, http.Header{"Content-Type": {"text/html"}}, "<html>\n<body>\nSign in: now\n</body></html>\n"),
	}
	for n := range s.whole(reply) {
		answers[fmt.Sprintf("cut after %d", n)] = CutAfter(n, reply)
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, server := s.start(t, answer)
			me := s.fails(t, m, server, say("Hi?"))
			if me.Fault != agent.FaultProtocol && me.Fault != agent.FaultNetwork && (name != "error" || !me.Passes()) {
				t.Errorf("fault %d, want protocol or network: %v", me.Fault, me)
			}
		})
	}
}

// whole counts the records of a reply's stream before the one with the reason of
// its end; an adapter that does not stream gets four pieces.
func (s suite) whole(r agent.Reply) int {
	if !s.f.Streams {
		return 4
	}
	w := wire(anthropicWire{})
	if s.d == OpenAI {
		w = openaiWire{}
	}
	what := said{blocks: r.Blocks, stop: r.Stop, pieces: 4, counted: true}
	return len(w.events(what)) - w.tail(what) + 1
}
