package llmtest

import (
	"context"
	"net/http"
	"runtime"
	"testing"
	"time"

	"interlock/agent"
)

// idle is how many connections an adapter may keep for the next call, and thread
// how many goroutines each costs at both of its ends.
const idle, thread = 4, 4

// leaks checks that a thousand failed calls leave nothing behind.
func (s suite) leaks(t *testing.T) {
	m, server := s.start(t, Say(spoken("Yes.")), Overloaded())
	p := say("Hi?")
	p.Stream = func(string) {}
	next(t, m, p)
	if me := s.fails(t, m, server, p); me.Fault != agent.FaultOverload {
		t.Fatalf("error %v, want FaultOverload", me)
	}
	before := runtime.NumGoroutine()
	reply := agent.Reply{Blocks: []agent.Block{{Text: "I look."}, called("call_a", "get", `{"path":"x"}`)}, Stop: agent.StopCalls}
	kinds := []Answer{
		Overloaded(), RateLimited("1"), BadKey(), TooLong(), CutAfter(3, reply), NoFinish(reply), ErrorInStream(reply),
		Drop(reply), DropBefore(), Garbage(), Status(http.StatusOK, nil, ""), lingering(reply), Stall(reply),
	}
	// One context for all: the end of a call's own would close what it forgot.
	whole, end := context.WithTimeout(t.Context(), 5*time.Minute)
	defer end()
	for i := range 1000 {
		kind := i % len(kinds)
		server.Plan(kinds[kind])
		ctx, cancel := whole, func() {}
		if kind == len(kinds)-1 {
			ctx, cancel = context.WithCancel(whole)
			go hangUp(server, len(server.Requests()), cancel)
		}
		reply, err := m.Next(ctx, p)
		cancel()
		if err == nil || whole.Err() != nil {
			t.Fatalf("call %d: reply %+v, error %v", i, reply, err)
		}
	}
	until(t, "connections are closed", func() bool { return server.Open() <= idle })
	until(t, "goroutines end", func() bool { return runtime.NumGoroutine() <= before+idle*thread })
}

// lingering is an error in the stream whose connection stays for a moment: who
// forgets to close it is found out.
func lingering(reply agent.Reply) Answer {
	broken := ErrorInStream(reply)
	return func(x *exchange) {
		broken(x)
		x.wait(20 * time.Millisecond)
	}
}

// hangUp cancels as soon as the server has one more request.
func hangUp(server *Server, before int, cancel func()) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for len(server.Requests()) == before {
		<-tick.C
	}
	cancel()
}
