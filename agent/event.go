package agent

import (
	"time"

	"interlock/rbac"
)

// Kind says what an Event tells.
type Kind string

// The kinds, in the order in which a run meets them.
const (
	KindAsk      Kind = "ask"
	KindStep     Kind = "step"
	KindStarted  Kind = "started" // an intent: from here on the outcome may be lost
	KindPassage  Kind = "passage" // a request that a command sent out, or that was refused
	KindResult   Kind = "result"
	KindApproval Kind = "approval"
	KindVerdict  Kind = "verdict"
	KindQuestion Kind = "question"
	KindAnswered Kind = "answered" // by a person
	KindClosed   Kind = "closed"   // a hold that is void or expired
	KindCalled   Kind = "called"   // more people were called to a hold
	KindFrozen   Kind = "frozen"   // a hold waits for a freeze to end, or does so no more
	KindRefused  Kind = "refused"
	KindFinding  Kind = "finding" // what a scan told, of a stack's drift when it is told to people
	KindDigest   Kind = "digest"
	KindDrift    Kind = "drift"   // how a stack's drift stands now, when no scan says so
	KindSummary  Kind = "summary" // of what no longer goes to a model word for word
	KindPaused   Kind = "paused"  // no model can be reached: a job follows that tries again
	KindResumed  Kind = "resumed" // one answered again
	KindNotice   Kind = "notice"  // something that people should know
	KindAlert    Kind = "alert"   // an alert was raised, told further, or attended to
	KindKept     Kind = "kept"    // what the session made of a stack's code was put apart
	KindStop     Kind = "stop"
	KindStopped  Kind = "stopped"
	KindAnswer   Kind = "answer" // of the agent
	KindGaveUp   Kind = "gaveup" // a job that failed too often
)

// rests are the kinds after which a run writes nothing more.
var rests = map[Kind]bool{
	KindApproval: true, KindQuestion: true, KindRefused: true,
	KindFinding: true, KindStopped: true, KindAnswer: true, KindGaveUp: true,
	KindPaused: true, KindNotice: true, KindAlert: true, KindCalled: true, KindFrozen: true, KindKept: true, KindDigest: true,
}

// Schema is the version of the envelope; old events are never rewritten.
const Schema = 1

// Event is the unit of history. The envelope is chained and stays; the Payload
// lives apart, encrypted per session, and can be erased.
//
// Run is the job that wrote it; Turn is the ask that it serves, so that a turn
// spans the runs before and after a card. Seq is the store's count in the
// session, from 1, without gaps.
type Event struct {
	Schema                             int
	Seq                                int64
	ID, Org, Session, Turn, Run, Trace string
	Causes                             []string // ids of the job, click, call or event before
	At                                 time.Time
	Actor                              rbac.Actor
	Label                              rbac.Label
	Kind                               Kind
	Payload                            Payload
}

// Payload holds what its Kind needs and leaves the rest nil.
type Payload struct {
	Text    string         `json:",omitempty"`
	Title   string         `json:",omitempty"` // of a notice
	Told    *Told          `json:",omitempty"` // of a notice that the router sent
	Ask     *Ask           `json:",omitempty"`
	Step    *Step          `json:",omitempty"`
	Call    *ToolCall      `json:",omitempty"`
	Act     *rbac.Action   `json:",omitempty"` // of a call that started; of an answer, what policy denied on the way
	Host    string         `json:",omitempty"` // of a call that started: the machine whose sandbox runs it
	Result  *ToolResult    `json:",omitempty"`
	Hold    *Hold          `json:",omitempty"` // as it was at this moment
	Alert   *Alert         `json:",omitempty"` // as it was at this moment
	Scan    *ScanNews      `json:",omitempty"`
	Drift   *Drift         `json:",omitempty"` // as it was at this moment
	Report  *Report        `json:",omitempty"`
	Summary *Summary       `json:",omitempty"`
	Pause   *Pause         `json:",omitempty"`
	Passage *Passage       `json:",omitempty"`
	Kept    *Kept          `json:",omitempty"`
	Bill    *Bill          `json:",omitempty"` // of the model's reply, or of its failure
	Brief   string         `json:",omitempty"` // version of the rules that the model was told
	Spent   *Spent         `json:",omitempty"` // of the turn, on the event that ends it
	Why     *rbac.Decision `json:",omitempty"` // of a refusal
}

// Ask is what began a turn. A turn with Calls is a Command: its calls are fixed
// and no model is asked.
type Ask struct {
	Profile string
	Tier    rbac.Tier
	Calls   []ToolCall `json:",omitempty"`
	Again   string     `json:",omitempty"` // the hold that this one asks anew
	Reads   bool       `json:",omitempty"` // may only read, because another turn's call waits
	Quote   string     `json:",omitempty"` // a message that it is about; foreign text
	Files   []File     `json:",omitempty"` // that came along
}

// Summary stands for all events up to Through in what a model is told. It is
// computed from the log; Kept is the artifact with the words themselves.
type Summary struct {
	From, Through int64 // Seq; From is the first one that Kept holds
	Text          string
	Kept          string `json:",omitempty"`
}

// Pause is a rest that ends by itself: the job Job goes on At.
type Pause struct {
	Job       string
	Since, At time.Time
	Times     int    // in a row
	Do        string // what a person can change meanwhile
}

// Spent is what a turn has cost so far. Unpriced counts replies of models that
// the price table does not hold.
type Spent struct {
	Steps, Calls, Plans int
	Passages, Refusals  int `json:",omitempty"` // requests that went out; that were refused
	Usage               Usage
	Cost                Money
	Currency            string        `json:",omitempty"`
	Unpriced            int           `json:",omitempty"`
	Wall                time.Duration // of the run that ended it
}
