package llmtest

import (
	"errors"
	"maps"
	"net/http"
	"strings"
	"time"

	"interlock/agent"
)

// Answer is a planned answer to one request. Where a request asks for no stream,
// the records of the stream that are spoken of here are four pieces of the body.
type Answer func(x *exchange)

// Status answers with an HTTP status, headers and a body.
func Status(code int, header http.Header, body string) Answer {
	return func(x *exchange) {
		maps.Copy(x.w.Header(), header)
		x.w.WriteHeader(code)
		_, _ = x.w.Write([]byte(body)) // an error means that the client went
	}
}

// faulty answers with an error of the wire.
func faulty(f agent.Fault, message string) Answer {
	me := &agent.ModelError{Fault: f}
	if message != "" {
		me.Err = errors.New(message)
	}
	return func(x *exchange) { x.fail(me) }
}

// RateLimited answers 429 with wait as Retry-After: seconds or a date; empty
// sends none.
func RateLimited(wait string) Answer {
	return func(x *exchange) {
		if wait != "" {
			x.w.Header().Set("Retry-After", wait)
		}
		x.fail(&agent.ModelError{Fault: agent.FaultRateLimit})
	}
}

// Overloaded answers 529 (Anthropic) or 503 (OpenAI).
func Overloaded() Answer { return faulty(agent.FaultOverload, "") }

// BadKey answers 401, and repeats the key in its message.
func BadKey() Answer { return faulty(agent.FaultKey, "") }

// UnknownModel answers 404.
func UnknownModel() Answer { return faulty(agent.FaultName, "") }

// TooLong answers 400: the prompt does not fit.
func TooLong() Answer { return faulty(agent.FaultTooLong, "") }

// NoCredit answers 400 (Anthropic) or 429 (OpenAI): the account is empty.
func NoCredit() Answer { return faulty(agent.FaultCredit, "") }

// Rejected answers 400 with a message.
func Rejected(message string) Answer { return faulty(agent.FaultRequest, message) }

// Refuse is stopped by the provider after some text.
func Refuse(text string, u agent.Usage) Answer {
	return func(x *exchange) { x.refuse(stopped, text, u) }
}

// Decline is a model that says no. Anthropic tells it as Refuse.
func Decline(text string, u agent.Usage) Answer {
	return func(x *exchange) { x.refuse(declined, text, u) }
}

// Say answers with the reply.
func Say(reply agent.Reply) Answer {
	return func(x *exchange) { x.send(x.parts(x.compose(reply))) }
}

// CutAfter ends the stream regularly after n records.
func CutAfter(n int, reply agent.Reply) Answer {
	return func(x *exchange) {
		parts := x.parts(x.compose(reply))
		x.send(parts[:min(n, len(parts)-1)])
	}
}

// NoFinish sends the whole reply but no reason for its end.
func NoFinish(reply agent.Reply) Answer {
	reply.Stop = agent.StopNone
	return Say(reply)
}

// ErrorInStream sends half of the reply, then an error as a record. Without a
// stream it is status 500.
func ErrorInStream(reply agent.Reply) Answer {
	return func(x *exchange) {
		if !x.ask.stream {
			_, body, _ := strings.Cut(x.wire.broken(), "data: ")
			x.body(http.StatusInternalServerError, strings.TrimSpace(body))
			return
		}
		parts := x.parts(x.compose(reply))
		x.send(append(parts[:len(parts)/2:len(parts)/2], x.wire.broken()))
	}
}

// Drop closes the connection in the middle of the reply.
func Drop(reply agent.Reply) Answer {
	return func(x *exchange) {
		parts := x.parts(x.compose(reply))
		x.send(parts[:len(parts)/2])
		x.abort()
	}
}

// DropBefore closes the connection without a byte.
func DropBefore() Answer { return (*exchange).abort }

// Slow pauses before each record, and ends when the client goes.
func Slow(reply agent.Reply, gap time.Duration) Answer {
	return func(x *exchange) { x.pace(x.parts(x.compose(reply)), gap) }
}

// Stall sends half of the reply and then nothing until the client goes.
func Stall(reply agent.Reply) Answer {
	return func(x *exchange) {
		parts := x.parts(x.compose(reply))
		x.send(parts[:len(parts)/2])
		x.wait(-1)
	}
}

// Hang answers nothing until the client goes.
func Hang() Answer {
	return func(x *exchange) {
		x.wait(-1)
		x.abort()
	}
}

// Long says a text of so many bytes in one record.
func Long(bytes int) Answer {
	return func(x *exchange) {
		s := x.compose(agent.Reply{Blocks: []agent.Block{{Text: strings.Repeat("x", bytes)}}, Stop: agent.StopEnd})
		s.pieces = 1
		x.send(x.parts(s))
	}
}

// Garbage answers 200 with a record that is no JSON.
func Garbage() Answer {
	return func(x *exchange) { x.send([]string{x.wire.garbage()}) }
}

// Redirect answers 307.
func Redirect(to string) Answer {
	return Status(http.StatusTemporaryRedirect, http.Header{"Location": {to}}, "")
}
