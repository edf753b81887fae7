package agent

import (
	"errors"
	"slices"
	"time"

	"interlock/rbac"
)

// State is how far a hold is. The zero value lets nothing run.
type State int

// A hold is decided by Approved, Answered or Denied; Consumed, Denied,
// Answered, Void and Expired are final.
const (
	Nothing State = iota
	Open
	Approved
	Answered
	Denied
	Void
	Expired
	Consumed
)

var stateNames = [...]string{"nothing", "open", "approved", "answered", "denied", "void", "expired", "used"}

func (s State) String() string { return stateNames[s] }

var (
	errSettled = errors.New("already decided")
	errExpired = errors.New("it has expired")
	errTwice   = errors.New("already decided: your approval counts once")
	errChoice  = errors.New("that is not one of the choices")
)

// Hold is a call that waits for people, as a row: nothing waits in memory.
// Exactly one of Approval and Question is set. ID is ours, never the model's.
type Hold struct {
	ID, Org, Session, Turn, Trace string
	Thread                        Thread
	Call                          ToolCall
	Request                       rbac.Request // who asked, for what, after reading what
	State                         State
	Why                           string // it is void, expired or denied
	Opened, Expires               time.Time
	Version                       int // counted by the store
	Approval                      *Approval
	Question                      *Question
}

// Verdict is one person's word. ID is the click's, so that a redelivered click
// is the same verdict.
type Verdict struct {
	ID, Reason string
	Approve    bool
	By         rbac.Actor
	At         time.Time
}

// Approval is what the card showed and what people said to it.
type Approval struct {
	Need     int
	Digest   string
	Bound    Bound
	Whom     []string `json:",omitempty"` // names of who could approve, when it was opened
	Was      *Plan    `json:",omitempty"` // what the card showed that this one asks anew
	Verdicts []Verdict
}

// Question says what happens when nobody answers in time.
type Question struct {
	Text, Otherwise string
	Choices         []string
	Wait            time.Duration
	Answer          string
	By              rbac.Actor
}

// Pending tells whether people still can change it.
func (h *Hold) Pending() bool { return h.State == Open || h.State == Approved }

// Settle adds one verdict. Approved is not final: a deny wins until the call
// has begun. The approvals of one person count once.
func (h *Hold) Settle(v Verdict) error {
	switch {
	case h.State != Open && (h.State != Approved || v.Approve):
		return errSettled
	case !v.At.Before(h.Expires):
		return errExpired
	case v.Approve && slices.ContainsFunc(h.Approval.Verdicts, func(o Verdict) bool { return o.By.Subject() == v.By.Subject() }):
		return errTwice
	}
	h.Approval.Verdicts = append(h.Approval.Verdicts, v)
	switch {
	case !v.Approve:
		h.State, h.Why = Denied, v.Reason
	case len(h.Approval.Verdicts) >= h.Approval.Need:
		h.State = Approved
	}
	return nil
}

// Take records the answer to a question.
func (h *Hold) Take(text string, by rbac.Actor, at time.Time) error {
	switch q := h.Question; {
	case h.State != Open:
		return errSettled
	case !at.Before(h.Expires):
		return errExpired
	case len(q.Choices) > 0 && !slices.Contains(q.Choices, text):
		return errChoice
	}
	h.State, h.Question.Answer, h.Question.By = Answered, text, by
	return nil
}

// Approvals counts the people who said yes.
func (h *Hold) Approvals() (n int) {
	for _, v := range h.Approval.Verdicts {
		if v.Approve {
			n++
		}
	}
	return n
}

// Last is the newest verdict.
func (h *Hold) Last() Verdict { return h.Approval.Verdicts[len(h.Approval.Verdicts)-1] }
