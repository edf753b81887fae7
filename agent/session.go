package agent

import (
	"slices"

	"interlock/rbac"
)

// Thread is where a session is held. An ID that begins with "~" is ours: the
// bot opens such a thread itself, and its real id is known after the first post.
type Thread struct{ Platform, Channel, ID string }

// Room is the thread's channel as policy names it.
func (t Thread) Room() string { return t.Platform + ":" + t.Channel }

// Session is a thread and its log, oldest event first. Everything below reads
// the log alone, so that a run resumes anywhere.
type Session struct {
	ID, Org string
	Thread  Thread
	Events  []Event
}

// Seq is the number of the newest event.
func (s *Session) Seq() int64 {
	if len(s.Events) == 0 {
		return 0
	}
	return s.Events[len(s.Events)-1].Seq
}

// Unanswered lists the calls of a turn's last step that have no result yet.
func (s *Session) Unanswered(turn string) []ToolCall {
	var open []ToolCall
	for _, ev := range s.Events {
		switch {
		case ev.Turn != turn:
		case ev.Kind == KindStep:
			open = slices.Clone(ev.Payload.Step.Calls)
		case ev.Kind == KindResult:
			open = slices.DeleteFunc(open, func(c ToolCall) bool { return c.ID == ev.Payload.Call.ID })
		}
	}
	return open
}

// turns lists the turns that have begun, oldest first.
func (s *Session) turns() []string {
	var all []string
	for _, ev := range s.Events {
		if ev.Turn != "" && !slices.Contains(all, ev.Turn) {
			all = append(all, ev.Turn)
		}
	}
	return all
}

// waits tells whether a call of another turn is open.
func (s *Session) waits(turn string) bool {
	return slices.ContainsFunc(s.turns(), func(t string) bool { return t != turn && len(s.Unanswered(t)) > 0 })
}

// Asked returns the event that began a turn, or nil.
func (s *Session) Asked(turn string) *Event {
	for i := range s.Events {
		if s.Events[i].Turn == turn && s.Events[i].Kind == KindAsk {
			return &s.Events[i]
		}
	}
	return nil
}

// Results are the results of a turn, oldest first.
func (s *Session) Results(turn string) []Event {
	var res []Event
	for _, ev := range s.Events {
		if ev.Turn == turn && ev.Kind == KindResult {
			res = append(res, ev)
		}
	}
	return res
}

// Label joins what the whole log has read: also what other turns read, because
// the model sees it.
func (s *Session) Label() rbac.Label {
	l := rbac.Clean()
	for _, ev := range s.Events {
		l = l.Join(ev.Label)
	}
	return l
}

// Authors are those whose asks and answers led to the calls of a turn. A turn
// that asks another one's card anew has that one's authors too.
func (s *Session) Authors(turn string) []rbac.Actor {
	var who []rbac.Actor
	for _, ev := range s.Events {
		if ev.Turn == turn && (ev.Kind == KindAsk || ev.Kind == KindAnswered) && !slices.Contains(who, ev.Actor) {
			who = append(who, ev.Actor)
		}
	}
	if ask := s.Asked(turn); ask != nil && ask.Payload.Ask != nil && ask.Payload.Ask.Again != "" {
		if was := s.turnOf(ask.Payload.Ask.Again); was != "" && was != turn {
			who = append(who, s.Authors(was)...)
		}
	}
	return who
}

// asking is the oldest question without choices that nobody has answered.
func (s *Session) asking() *Hold {
	for _, ev := range s.Events {
		h := ev.Payload.Hold
		if ev.Kind == KindQuestion && len(h.Question.Choices) == 0 && s.lastOf(h.Call.ID, KindAnswered, KindClosed, KindResult) == nil {
			return h
		}
	}
	return nil
}

// turnOf is the turn in which a hold was opened.
func (s *Session) turnOf(hold string) string {
	for _, ev := range s.Events {
		if h := ev.Payload.Hold; h != nil && h.ID == hold {
			return h.Turn
		}
	}
	return ""
}

// lastOf returns the newest event of these kinds about one call.
func (s *Session) lastOf(call string, kinds ...Kind) *Event {
	for i := len(s.Events) - 1; i >= 0; i-- { // by index: an Event is large to copy
		if ev := &s.Events[i]; ev.Payload.Call != nil && ev.Payload.Call.ID == call && slices.Contains(kinds, ev.Kind) {
			return ev
		}
	}
	return nil
}

// wrote is the first event that a job or a press has written here, or nil.
func (s *Session) wrote(run string) *Event {
	for i := range s.Events {
		if s.Events[i].Run == run {
			return &s.Events[i]
		}
	}
	return nil
}

// rested tells whether this run has come to its rest: a redelivered job ends here.
func (s *Session) rested(run string) bool {
	for _, ev := range slices.Backward(s.Events) {
		if ev.Run == run {
			return rests[ev.Kind]
		}
	}
	return false
}

// stopping returns the stop that nobody has obeyed yet.
func (s *Session) stopping() *Event {
	for _, ev := range slices.Backward(s.Events) {
		switch ev.Kind {
		case KindStop:
			return &ev
		case KindStopped:
			return nil
		}
	}
	return nil
}

// aside are the kinds that say nothing of whether a run goes on.
var aside = map[Kind]bool{KindRefused: true, KindClosed: true, KindNotice: true, KindAlert: true, KindCalled: true, KindFrozen: true, KindKept: true, KindDrift: true}

// cutOff tells whether the step of a call reached the limit of output.
func (s *Session) cutOff(call string) bool {
	for _, ev := range slices.Backward(s.Events) {
		if ev.Kind == KindStep && slices.ContainsFunc(ev.Payload.Step.Calls, func(c ToolCall) bool { return c.ID == call }) {
			return ev.Payload.Step.Cut
		}
	}
	return false
}

// askedBy tells whether somebody asked for the newest turn or for one whose call
// is open.
func (s *Session) askedBy(who rbac.Actor) bool {
	turns := s.turns()
	for i, turn := range turns {
		ask := s.Asked(turn)
		if ask != nil && ask.Actor.Subject() == who.Subject() && (i == len(turns)-1 || len(s.Unanswered(turn)) > 0 || s.paused(turn) != nil) {
			return true
		}
	}
	return false
}

// idle tells whether there is nothing to stop.
func (s *Session) idle() bool {
	for _, turn := range s.turns() {
		if len(s.Unanswered(turn)) > 0 || s.paused(turn) != nil {
			return false
		}
	}
	for _, ev := range slices.Backward(s.Events) {
		review := ev.Kind == KindAnswered && ev.Payload.Hold != nil && ev.Payload.Hold.Question.Review // nothing waits for it
		if !aside[ev.Kind] && !review {
			return rests[ev.Kind]
		}
	}
	return true
}
