package agent

import (
	"encoding/json"
	"slices"
)

// history tells a model what the log holds, for one turn: first the summary of
// what was compacted, then other turns in the order in which they began, then
// the turn itself. A later step of the turn only adds to the end.
func (s *Session) history(turn string) []Message {
	t := teller{s: s, steps: map[string]bool{}}
	through := int64(0)
	if ev := s.summed(); ev != nil {
		through, t.summed = ev.Payload.Summary.Through, ev.Seq
		t.say(User, ev.Payload.Summary.Text)
	}
	mine := []Event{}
	byTurn := map[string][]Event{}
	for _, ev := range s.Events {
		switch {
		case ev.Turn == turn && (ev.Seq > through || ev.Kind == KindAsk):
			mine = append(mine, ev)
		case ev.Turn != turn && ev.Seq > through:
			byTurn[ev.Turn] = append(byTurn[ev.Turn], ev)
		}
	}
	for _, other := range s.turns() {
		t.turn(byTurn[other])
	}
	t.turn(mine)
	return t.messages
}

// summary is the newest one, or nil.
func (s *Session) summary() *Summary {
	if ev := s.summed(); ev != nil {
		return ev.Payload.Summary
	}
	return nil
}

// summed is the event of the newest summary, or nil.
func (s *Session) summed() *Event { return s.last(KindSummary) }

func (s *Session) last(k Kind) *Event {
	for i := len(s.Events) - 1; i >= 0; i-- {
		if s.Events[i].Kind == k {
			return &s.Events[i]
		}
	}
	return nil
}

// teller writes messages. Each block joins the last message of its role.
type teller struct {
	s        *Session
	messages []Message
	steps    map[string]bool // ids of the calls that stand in messages
	summed   int64           // Seq of the summary that stands before them
}

func (t *teller) add(role Role, b Block) {
	if n := len(t.messages); n > 0 && t.messages[n-1].Role == role {
		t.messages[n-1].Blocks = append(t.messages[n-1].Blocks, b)
		return
	}
	t.messages = append(t.messages, Message{Role: role, Blocks: []Block{b}})
}

func (t *teller) say(role Role, text string) {
	if text != "" {
		t.add(role, Block{Text: text})
	}
}

// turn tells the events of one turn. The results of a step stand right after
// it, in the order of its calls, as every wire wants it.
func (t *teller) turn(evs []Event) {
	for i, ev := range evs {
		switch p := ev.Payload; ev.Kind {
		case KindAsk:
			t.say(User, saidBy(ev))
		case KindStep:
			t.step(ev)
			t.results(p.Step.Calls, evs[i+1:])
		case KindResult:
			t.late(ev)
		case KindAnswer:
			t.say(Assistant, p.Text)
		case KindFinding:
			t.say(User, "A scheduled scan reports.\n"+factsOf(p).tell(scanText(*p.Scan), ev.Label))
		case KindStopped, KindGaveUp:
			t.say(User, "This request ended: "+p.Text)
		}
	}
}

// step tells what a model said, with its own blocks in their places. Those that
// are older than a summary are left out, because a provider signed them after
// other words; but not of the newest step, which some do not take without.
func (t *teller) step(ev Event) {
	st, newest := *ev.Payload.Step, t.s.last(KindStep)
	for _, c := range st.Calls {
		t.steps[c.ID] = true
	}
	if len(st.Blocks) == 0 || ev.Seq < t.summed && ev.Seq != newest.Seq {
		t.say(Assistant, st.Text)
		for _, c := range st.Calls {
			t.add(Assistant, Block{Call: &c})
		}
		return
	}
	calls := st.Calls
	for _, b := range st.Blocks {
		if b.Call != nil && len(calls) > 0 {
			b.Call, calls = &calls[0], calls[1:]
		}
		t.add(Assistant, b)
	}
}

func (t *teller) results(calls []ToolCall, later []Event) {
	for _, c := range calls {
		i := slices.IndexFunc(later, func(ev Event) bool {
			return ev.Kind == KindResult && ev.Payload.Call.ID == c.ID
		})
		if i < 0 {
			t.add(User, Block{Result: &CallResult{Call: c.ID, Tool: c.Tool, Failed: true, Text: t.s.open(c.ID)}})
			continue
		}
		t.add(User, Block{Result: told(later[i])})
	}
}

// late tells a result whose step was compacted. What a scan returned is told by
// its finding.
func (t *teller) late(ev Event) {
	c := ev.Payload.Call
	if t.steps[c.ID] || c.ID == ev.Run {
		return
	}
	t.say(User, "Result of "+c.Tool+" "+string(c.Args)+", called earlier:\n"+told(ev).Text)
}

// told is a result as a model reads it: its own label decides whether it is
// foreign, not what was read before it.
func told(ev Event) *CallResult {
	r, c := ev.Payload.Result, ev.Payload.Call
	return &CallResult{Call: c.ID, Tool: c.Tool, Failed: r.Failed, Text: factsOf(ev.Payload).tell(r.Text, r.Label)}
}

// open says of a call without a result how it stands.
func (s *Session) open(call string) string {
	switch ev := s.lastOf(call, KindApproval, KindQuestion, KindStarted, KindClosed); {
	case ev == nil:
		return "not run"
	case ev.Kind == KindStarted:
		return "it began, and its outcome is not known"
	case ev.Payload.Hold != nil && ev.Payload.Hold.Approval != nil:
		return "it waits for approval, on the card " + ev.Payload.Hold.Approval.PlanCode()
	}
	return "it waits for a person's answer"
}

func scanText(n ScanNews) string {
	if n.Failed != "" {
		return "The stack " + n.Stack + " could not be scanned: " + n.Failed
	}
	js, err := json.Marshal(struct{ New, Known, Gone []Finding }{n.New, n.Known, n.Gone})
	if err != nil {
		return ""
	}
	return string(js)
}
