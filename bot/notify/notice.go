// Package notify decides what is sent to whom beside the threads where things
// happen, when, and how it reads: notices are made of committed events, rules and
// people's wishes make deliveries of them, and deliveries become jobs or messages
// to services. It must never know wire formats or SQL.
package notify

import (
	"slices"
	"time"

	"interlock/agent"
)

// Severity is how much a notice matters. The zero value matches no rule.
type Severity string

// The severities, from the mildest.
const (
	Info    Severity = "info"    // work is done, all is well
	Warning Severity = "warning" // something is not as it should be
	Action  Severity = "action"  // somebody has to do something
	Urgent  Severity = "urgent"  // now: it passes quiet hours, mutes and gathering
)

var severities = []Severity{Info, Warning, Action, Urgent}

// Rank is how much a severity matters, from 1; 0 is none that is known.
func (s Severity) Rank() int { return slices.Index(severities, s) + 1 }

// The types of notices that are made of events, or put in directly.
const (
	ApprovalWaiting  = "approval.waiting"
	ApprovalDecided  = "approval.decided"
	ApprovalExpired  = "approval.expired"
	AgentNeedsInput  = "agent.needs_input"
	AgentAnswered    = "agent.answered"
	AgentFailed      = "agent.failed"
	AgentOverBudget  = "agent.budget_exceeded"
	ModelUnreachable = "model.unreachable"
	DriftDetected    = "drift.detected"
	DriftGone        = "drift.gone"
	ScanClean        = "scan.completed.clean"
	ScanFindings     = "scan.completed.findings" // of compliance
	ScanFailed       = "scan.failed"
	ScanRecovered    = "scan.recovered"
	ModelReachable   = "model.reachable"
	ChangeApplied    = "change.applied"
	ChangeFailed     = "change.failed"
	GlassBroken      = "glass.broken"
	Escalated        = "alert.escalated" // a step of a chain that reaches a service
	ScheduleLate     = "schedule.late"   // and the next three: of the dead man's switch
	QueueLate        = "queue.late"
	FailuresHigh     = "failures.high"
	TokensHigh       = "tokens.high"
	NotifyFailed     = "notify.failed" // a delivery was given up
	Test             = "notify.test"
)

// Step is what a notice means to a service that pages people.
type Step string

// The steps of an incident. Empty triggers, as Trigger does.
const (
	Trigger     Step = "trigger"
	Acknowledge Step = "acknowledge"
	Resolve     Step = "resolve"
)

// Notice is one thing that may be told. Title, Body and Facts are computed from
// data; no word of a model is among them. ID is the event's, or makes it once.
//
// Key names what it is about: the same Key to the same target within a rule's window
// is told once, and services know their incident by it; empty is always told. To
// names its targets itself, past all rules. Hold is what waits for people, if it is
// about that.
type Notice struct {
	ID, Org, Type            string
	Severity                 Severity
	Title, Body              string
	Facts                    []agent.Fact `json:",omitempty"`
	Stack, Environment, Team string
	Thread                   agent.Thread // where it happened; zero is nowhere
	Key                      string
	Hold                     string `json:",omitempty"`
	At                       time.Time
	To                       []string `json:",omitempty"`
	Step                     Step     `json:",omitempty"`
}

// ends tells whether a notice ends or takes an incident, and begins none.
func (n Notice) ends() bool { return n.Step == Acknowledge || n.Step == Resolve }

// Topic is what a reader mutes: all of a type about the same thing.
func (n Notice) Topic() string { return n.Type + "/" + n.Stack }
