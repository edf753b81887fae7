package main

import (
	"bytes"
	"os"
	"testing"
	"time"

	"interlock/adapters/teams/teamstest"
)

// The whole loop in Teams while it misbehaves: answers get lost after the work was
// done, and it wants fewer requests.
func TestTheLoopInTeams(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	err := demo(t.Context(), demoOptions{
		addr: "127.0.0.1:0", dir: t.TempDir(), setup: "scripts/setup.sh", teams: true, environ: os.Environ(),
		unsettle: func(s *teamstest.Server) {
			s.Inject("create", teamstest.Fault{Status: 502, AfterAccepting: true})
			s.Inject("send", teamstest.Fault{Status: 412, AfterAccepting: true, Times: 2})
			s.Inject("update", teamstest.Fault{Status: 429, RetryAfter: time.Second})
			s.Inject("update", teamstest.Fault{Status: 504, AfterAccepting: true})
		},
	}, &out)
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
}
