package main

import (
	"bytes"
	"os"
	"testing"
	"time"

	"interlock/adapters/slack/slacktest"
)

// The whole loop in Slack, over both ways in, while Slack misbehaves: sockets are
// cut, answers get lost after the work was done, and it wants fewer requests.
func TestTheLoopInSlack(t *testing.T) {
	for _, way := range []string{"socket", "http"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			err := demo(t.Context(), demoOptions{
				addr: "127.0.0.1:0", dir: t.TempDir(), setup: "scripts/setup.sh", slack: way, meddle: misbehave, environ: os.Environ(),
			}, &out)
			if err != nil {
				t.Fatalf("%v\n%s", err, out.String())
			}
		})
	}
}

func misbehave(s *slacktest.Server) {
	s.CutEvery(5)
	s.Inject("chat.postMessage", slacktest.Fault{Status: 500, AfterAccepting: true, Times: 2})
	s.Inject("chat.postMessage", slacktest.Fault{Status: 429, RetryAfter: time.Second})
	s.Inject("chat.startStream", slacktest.Fault{Status: 500, AfterAccepting: true})
	s.Inject("chat.update", slacktest.Fault{Status: 500, AfterAccepting: true})
	s.Inject("users.info", slacktest.Fault{Status: 429, RetryAfter: time.Second})
}
