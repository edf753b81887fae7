package agenttest

import (
	"crypto/rand"
	"encoding/json"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// Org and Rival are the two organisations of the suites: a store that is
// opened for one must know both.
const (
	Org   = "acme"
	Rival = "rival"
)

// Thread is a thread of the suites' chat.
func Thread(id string) agent.Thread {
	return agent.Thread{Platform: "console", Channel: "ops", ID: id}
}

// Person is somebody of an Org.
func Person(org, id string) rbac.Actor {
	return rbac.Actor{Org: org, Platform: "console", ID: id, Name: id}
}

// Now is the moment as stores keep it.
func Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Answer is an event of a session, as a run writes it at its end.
func Answer(s *agent.Session, text string) agent.Event {
	return agent.Event{
		Schema: agent.Schema, ID: rand.Text(), Org: s.Org, Session: s.ID, Turn: "turn", Run: "run", Trace: "trace",
		Causes: []string{"job", "call"}, At: Now(), Actor: Person(s.Org, "alice"), Label: rbac.Clean(),
		Kind: agent.KindAnswer, Payload: agent.Payload{Text: text},
	}
}

// Asked is a job of a person in a thread.
func Asked(org, id string, t agent.Thread) agent.Job {
	return agent.Job{ID: id, Org: org, Trace: id, Thread: t, Actor: Person(org, "alice"), Tier: rbac.Gated, Text: "please"}
}

// card is an approval that waits, with everything in it that must survive.
func card(s *agent.Session) agent.Hold {
	at := Now()
	return agent.Hold{
		ID: rand.Text(), Org: s.Org, Session: s.ID, Turn: "turn", Trace: "trace", Thread: s.Thread, State: agent.Open,
		Call:    agent.ToolCall{ID: "call", Tool: "apply", Args: json.RawMessage(`{"b":"<&>","a":1.0}`)},
		Request: rbac.Request{Org: s.Org, Actor: Person(s.Org, "alice"), Label: rbac.Label{Origins: []string{"issue 7"}}},
		Opened:  at, Expires: at.Add(time.Hour),
		Approval: &agent.Approval{Need: 2, Digest: "7f3a91c2aa", Bound: agent.Bound{Artifact: "x", Plan: &agent.Plan{Create: 1}}},
	}
}
