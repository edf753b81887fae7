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
// Answered, Void and Expired are final. docs/approvals.md draws the machine.
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
	errNotHeld = errors.New("you have no approval to take back")
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
	Why                           string       // it is void, expired or denied
	Frozen                        *rbac.Freeze `json:",omitempty"` // it waits until this is over
	Opened, Expires               time.Time
	Version                       int // counted by the store
	Approval                      *Approval
	Question                      *Question
}

// Verdict is one person's word: a decline, unless one of Approve, Back and Glass
// is set. ID is the click's, so that a redelivered click is the same verdict.
type Verdict struct {
	ID, Reason string
	Approve    bool
	Back       bool `json:",omitempty"` // takes the same person's approval back
	Glass      bool `json:",omitempty"` // breaks the glass: runs without the approvals that are missing
	By         rbac.Actor
	At         time.Time
	Policy     string `json:",omitempty"` // version of the policy that let them
	Proof      string `json:",omitempty"` // how we know that it was them; "chat" is the platform's word
}

// Approval is what the card showed and what people said to it.
type Approval struct {
	Need     int         // people at least, of whatever kind
	Needs    []rbac.Need `json:",omitempty"` // when it was opened
	Missing  []rbac.Need `json:",omitempty"` // after the newest verdict
	Digest   string
	Bound    Bound
	Whom     []string      `json:",omitempty"` // names of who could approve, when it was opened
	Was      *Plan         `json:",omitempty"` // what the card showed that this one asks anew
	Policy   string        `json:",omitempty"` // version of the policy that asked
	Urgent   bool          `json:",omitempty"` // quiet hours do not pause it
	Glass    bool          `json:",omitempty"` // somebody may break the glass
	Called   []Called      `json:",omitempty"` // who was called, oldest first
	NextUp   []string      `json:",omitempty"` // who is called next, by name
	NextAt   time.Time     `json:",omitzero"`  // and when
	Anew     int           `json:",omitempty"` // how often it was opened again, because an approval was taken back
	Chain    string        `json:",omitempty"` // that is called from then on, in place of NextUp's ladder
	Alert    *Alert        `json:",omitempty"` // how far a chain is that was called to it, without the words
	First    time.Duration `json:",omitempty"` // delay of its first rung
	Verdicts []Verdict
}

// Called is who was told that a card waits for them.
type Called struct {
	Names []string
	At    time.Time
}

// Question says what happens when nobody answers in time.
type Question struct {
	Text, Otherwise string
	Choices         []string
	Wait            time.Duration
	Answer          string
	By              rbac.Actor
	Review          bool `json:",omitempty"` // of a broken glass: only who could have approved may answer
}

// Pending tells whether people still can change it.
func (h *Hold) Pending() bool { return h.State == Open || h.State == Approved }

// Thawing tells whether an approved call waits for a freeze that goes on at a moment.
func (h *Hold) Thawing(at time.Time) bool {
	return h.State == Approved && h.Frozen != nil && h.Frozen.Until.After(at) && h.Approval.Broken() == nil
}

// Settle adds one verdict; missing is what the quorum lacks with it. Approved is
// not final: a deny wins, and an approval can be taken back, until the call has
// begun. The approvals of one person count once.
func (h *Hold) Settle(v Verdict, missing []rbac.Need) error {
	a, standing := h.Approval, h.Approval.Standing()
	has := slices.ContainsFunc(standing, func(w rbac.Actor) bool { return w.Subject() == v.By.Subject() })
	switch {
	case !h.Pending():
		return errSettled
	case !v.At.Before(h.Expires):
		return errExpired
	case v.Back && !has:
		return errNotHeld
	case v.Approve && has:
		return errTwice
	case (v.Approve || v.Glass) && h.State == Approved:
		return errSettled
	}
	a.Verdicts, a.Missing = append(a.Verdicts, v), missing
	switch {
	case v.Glass:
		h.State = Approved
	case v.Back:
		if a.Broken() != nil { // a broken glass never rested on approvals
			break
		}
		if h.State == Approved {
			a.Anew++
		}
		h.State = Open
	case !v.Approve:
		h.State, h.Why = Denied, v.Reason
	case len(missing) == 0 && h.Approvals() >= a.Need:
		h.State = Approved
	}
	return nil
}

// Standing are the people whose last word is yes, in the order of their words.
func (a *Approval) Standing() (who []rbac.Actor) {
	for _, v := range a.Verdicts {
		switch {
		case v.Approve:
			who = append(who, v.By)
		case v.Back:
			who = slices.DeleteFunc(who, func(w rbac.Actor) bool { return w.Subject() == v.By.Subject() })
		}
	}
	return who
}

// with are the people who say yes once v is counted.
func (a *Approval) with(v Verdict) []rbac.Actor {
	return (&Approval{Verdicts: append(slices.Clone(a.Verdicts), v)}).Standing()
}

// Broken is the verdict that broke the glass, if one did.
func (a *Approval) Broken() *Verdict {
	if i := slices.IndexFunc(a.Verdicts, func(v Verdict) bool { return v.Glass }); i >= 0 {
		return &a.Verdicts[i]
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

// Approvals counts the people who say yes.
func (h *Hold) Approvals() int { return len(h.Approval.Standing()) }

// Last is the newest verdict.
func (h *Hold) Last() Verdict { return h.Approval.Verdicts[len(h.Approval.Verdicts)-1] }

// Confirm is what an approver must type before something is destroyed; empty
// when a press is enough.
func (h *Hold) Confirm() string {
	switch {
	case h.Request.Action.Effect != rbac.Destroy:
		return ""
	case h.Request.Action.Stack != "":
		return h.Request.Action.Stack
	}
	return h.Call.Tool
}
