package main

import (
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// changeRecord is one change for an auditor: what was asked, planned, decided, approved
// and done. Its fields are the columns of the export.
type changeRecord struct {
	At          time.Time `json:"at"`
	Org         string    `json:"org"`
	Thread      string    `json:"thread"`
	Card        string    `json:"card"`
	PlanCode    string    `json:"plan_code"`
	Digest      string    `json:"digest"`
	AskedBy     string    `json:"asked_by"`
	Ask         string    `json:"ask"`
	Tool        string    `json:"tool"`
	Stack       string    `json:"stack"`
	Environment string    `json:"environment"`
	Effect      string    `json:"effect"`
	Plan        string    `json:"plan"`
	Commit      string    `json:"commit"`
	Serial      int64     `json:"state_serial"`
	Needed      []string  `json:"needed"`
	Policy      string    `json:"policy"`
	Foreign     []string  `json:"foreign_text_read"`
	Approvals   []string  `json:"approvals"` // each with its time
	Others      []string  `json:"other_verdicts"`
	State       string    `json:"state"`
	Result      string    `json:"result"`
	Ended       time.Time `json:"ended,omitzero"`
}

// recordsOf are the cards of a session that were opened in [from, to).
func recordsOf(s *agent.Session, from, to time.Time) (all []changeRecord) {
	for _, ev := range s.Events {
		h := ev.Payload.Hold
		if ev.Kind != agent.KindApproval || h == nil || h.Approval == nil || ev.At.Before(from) || !ev.At.Before(to) {
			continue
		}
		if h.ID == "" {
			all = append(all, erasedRecord(s, ev.At))
			continue
		}
		all = append(all, recordOf(s, *h))
	}
	return all
}

// erasedRecord says that there was a card; its words are gone.
func erasedRecord(s *agent.Session, at time.Time) changeRecord {
	return changeRecord{
		At: at, Org: s.Org, Thread: s.Thread.Room() + "/" + s.Thread.ID, State: "erased",
		Needed: []string{}, Foreign: []string{}, Approvals: []string{}, Others: []string{},
	}
}

// recordOf follows one card to its end.
func recordOf(s *agent.Session, h agent.Hold) changeRecord {
	act, b := h.Request.Action, h.Approval.Bound
	r := changeRecord{
		At: h.Opened, Org: s.Org, Thread: s.Thread.Room() + "/" + s.Thread.ID, Card: h.ID, PlanCode: h.Approval.PlanCode(), Digest: h.Approval.Digest,
		AskedBy: identified(h.Request.Actor), Tool: h.Call.Tool, Stack: act.Stack, Environment: act.Environment, Effect: act.Effect.String(),
		Plan: b.Summary, Commit: b.Commit, Serial: b.Serial, Policy: h.Approval.Policy, Foreign: append([]string{}, h.Request.Label.Origins...), State: h.State.String(),
		Needed: []string{}, Approvals: []string{}, Others: []string{},
	}
	for _, n := range h.Approval.Needs {
		r.Needed = append(r.Needed, n.String())
	}
	if ask := s.Asked(h.Turn); ask != nil {
		r.Ask = ask.Payload.Text
	}
	for _, ev := range s.Events {
		if now := ev.Payload.Hold; now != nil && now.ID == h.ID {
			r.State = now.State.String()
			if ev.Kind == agent.KindVerdict {
				r.say(now.Last())
			}
		}
		if ev.Kind == agent.KindResult && ev.Payload.Call.ID == h.Call.ID {
			r.Ended, r.Result = ev.At, ev.Payload.Result.Applied
			if r.Result == "" {
				r.Result = ev.Payload.Result.Text
			}
		}
	}
	return r
}

func (r *changeRecord) say(v agent.Verdict) {
	text := identified(v.By) + " at " + v.At.Format(time.RFC3339)
	switch {
	case v.Approve:
		r.Approvals = append(r.Approvals, text)
		return
	case v.Back:
		text += " took the approval back"
	case v.Glass:
		text += " broke the glass: " + v.Reason
	default:
		text += " declined: " + v.Reason
	}
	r.Others = append(r.Others, text)
}

func identified(a rbac.Actor) string { return a.Name + " <" + rbac.Identity(a) + ">" }
