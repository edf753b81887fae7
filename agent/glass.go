package agent

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// alarm tells every room that must know, at once, that a glass was broken: the
// jobs are written with the verdict itself.
func (c *Control) alarm(h Hold, p Press) (jobs []Job) {
	if c.Rooms == nil {
		return nil
	}
	text := fmt.Sprintf("%s broke the glass for %s on %s, asked for by %s, plan code %s: %s.", line(p.By.Name), h.Call.Tool,
		h.object(), line(h.Request.Actor.Name), h.Approval.PlanCode(), strings.TrimRight(line(p.Text), "."))
	if n := h.Approval.Need - h.Approvals(); n > 0 {
		text += fmt.Sprintf(" It runs without %d of %d approvals.", n, h.Approval.Need)
	}
	if len(h.Approval.Whom) > 0 {
		text += " To review it afterwards: " + strings.Join(h.Approval.Whom, ", ") + "."
	}
	for _, t := range c.Rooms(h.Org, h.Request.Action) {
		t.ID = "~glass/" + h.ID
		jobs = append(jobs, Job{ID: p.ID + "/alarm/" + t.Room(), Org: h.Org, Trace: h.Trace, Thread: t, Title: "Glass broken", Notice: text})
	}
	return jobs
}

// object is what the call is about, in one word.
func (h *Hold) object() string {
	if s := h.Request.Action.Stack; s != "" {
		return s
	}
	return "this session"
}

// The choices of a review, and how long it waits for somebody.
const (
	ReviewRight    = "it was right"
	ReviewFollowUp = "follow up"
	reviewWait     = 7 * 24 * time.Hour
)

// review asks, once the call has ended, whether breaking the glass was right.
// It has a call of its own, so that nothing waits for it; who broke the glass
// may not answer, nor who asked, nor an author.
func (u *run) review(h Hold) (Hold, error) {
	v := h.Approval.Broken()
	args, err := json.Marshal(map[string]string{"hold": h.ID})
	if err != nil {
		return Hold{}, fmt.Errorf("open review: %w", err)
	}
	r := h.Request
	r.Authors = append(r.Authors[:len(r.Authors):len(r.Authors)], v.By)
	q := u.hold(ToolCall{ID: rand.Text(), Tool: "review", Args: args}, r, reviewWait)
	q.Question = &Question{
		Text: fmt.Sprintf("Review: %s broke the glass for %s on %s (plan code %s): %s. Was that right?",
			line(v.By.Name), h.Call.Tool, h.object(), h.Approval.PlanCode(), strings.TrimRight(line(v.Reason), ".")),
		Choices: []string{ReviewRight, ReviewFollowUp}, Otherwise: "the review stays open in the audit", Wait: reviewWait, Review: true,
	}
	return q, nil
}
