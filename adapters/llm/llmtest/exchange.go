package llmtest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"interlock/agent"
)

// exchange is one request and what answers it.
type exchange struct {
	server *Server
	wire   wire
	ask    ask
	serial int // of the request, from 1
	w      http.ResponseWriter
	r      *http.Request
}

// think asks the brain.
func (x *exchange) think() {
	if x.server.brain == nil {
		x.fail(&agent.ModelError{Fault: agent.FaultOverload, Err: errors.New("llmtest: nothing is planned, and there is no brain")})
		return
	}
	reply, err := x.server.brain.Next(x.r.Context(), x.ask.prompt)
	var me *agent.ModelError
	switch {
	case err == nil:
		x.send(x.parts(x.compose(reply)))
	case errors.As(err, &me) && me.Fault == agent.FaultRefused:
		x.refuse(stopped, "", me.Usage)
	case errors.As(err, &me) && me.Fault == agent.FaultNetwork:
		x.abort()
	case errors.As(err, &me) && me.Fault == agent.FaultProtocol:
		x.send([]string{x.wire.garbage()})
	case errors.As(err, &me):
		x.fail(me)
	case x.r.Context().Err() != nil: // nobody listens
	default:
		x.fail(&agent.ModelError{Fault: agent.FaultOverload, Err: err})
	}
}

// compose makes what goes out of a reply: names, ids and usage that it lacks.
func (x *exchange) compose(reply agent.Reply) said {
	s := said{
		id: fmt.Sprintf("msg_%d", x.serial), model: x.server.Name() + "-20260101",
		stop: reply.Stop, usage: reply.Usage, pieces: 4, counted: x.ask.usage,
	}
	for i, b := range reply.Blocks {
		if b.Call != nil && b.Call.ID == "" {
			c := *b.Call
			c.ID = fmt.Sprintf("call_%d_%d", x.serial, i)
			b.Call = &c
		}
		s.blocks = append(s.blocks, b)
	}
	if s.usage == (agent.Usage{}) {
		s.usage = x.count(s.blocks)
	}
	x.server.remember(s)
	return s
}

// remember keeps what later requests and the totals need.
func (s *Server) remember(what said) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usage = s.usage.Plus(what.usage)
	for _, b := range what.blocks {
		if b.Opaque != nil {
			s.signed[thought(b.Opaque.Data)] = true
		}
	}
}

// refuse declines after some text.
func (x *exchange) refuse(how refusal, text string, u agent.Usage) {
	reply := agent.Reply{Stop: agent.StopEnd, Usage: u}
	if text != "" {
		reply.Blocks = []agent.Block{{Text: text}}
	}
	s := x.compose(reply)
	s.refused = how
	x.send(x.parts(s))
}

// parts are the records of a stream, or the pieces of a body.
func (x *exchange) parts(s said) []string {
	if x.ask.stream {
		return x.wire.events(s)
	}
	return cut(x.wire.whole(s), 4)
}

// begin sends status and headers of an answer.
func (x *exchange) begin() {
	kind := "application/json"
	if x.ask.stream {
		kind = "text/event-stream; charset=utf-8"
	}
	x.w.Header().Set("Content-Type", kind)
	x.w.WriteHeader(http.StatusOK)
	x.flush()
}

// send writes each part at once.
func (x *exchange) send(parts []string) { x.pace(parts, 0) }

// pace pauses before each part, and ends early when nobody listens.
func (x *exchange) pace(parts []string, gap time.Duration) {
	x.begin()
	for _, p := range parts {
		if gap > 0 && !x.wait(gap) {
			return
		}
		if _, err := io.WriteString(x.w, p); err != nil {
			return
		}
		x.flush()
	}
}

// wait tells false when the client went or the test ends. A negative time is
// forever.
func (x *exchange) wait(d time.Duration) bool {
	var over <-chan time.Time
	if d >= 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-over:
		return true
	case <-x.r.Context().Done():
	case <-x.server.done:
	}
	return false
}

// flush errs only when the client went, which the next write tells, too.
func (x *exchange) flush() { _ = http.NewResponseController(x.w).Flush() }

// abort closes the connection as it is.
func (x *exchange) abort() { panic(http.ErrAbortHandler) }

// fail answers with an error in the words of the wire.
func (x *exchange) fail(me *agent.ModelError) {
	if me.Wait > 0 {
		x.w.Header().Set("Retry-After", strconv.Itoa(int((me.Wait+time.Second-1)/time.Second)))
	}
	// Some providers repeat the key that they refuse.
	if me.Fault == agent.FaultKey && me.Err == nil {
		me = &agent.ModelError{Fault: me.Fault, Err: fmt.Errorf("the key %s is not valid", x.wire.key(x.r.Header))}
	}
	x.body(x.wire.fault(me, x.ask.prompt.Model))
}

// body answers with a status and JSON.
func (x *exchange) body(status int, body string) {
	x.w.Header().Set("Content-Type", "application/json")
	x.w.WriteHeader(status)
	_, _ = io.Copy(x.w, strings.NewReader(body)) // an error means that the client went
}
