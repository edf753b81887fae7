package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"interlock/rbac"
)

// close leaves nothing open behind: no call that a later ask would carry out,
// no card that still has buttons. It says what was done and what was not.
func (u *run) close(ctx context.Context, why string) error { return u.closeWith(ctx, why, nil) }

// closeWith has the bill of what the model cost on its way to fail.
func (u *run) closeWith(ctx context.Context, why string, bill *Bill) error {
	turns := []string{u.turn}
	if u.s.stopping() != nil {
		turns = u.s.turns()
	}
	mine := u.turn
	var evs, ended []Event
	for _, u.turn = range turns { // what is written of a turn belongs to it
		open := u.s.Unanswered(u.turn)
		for _, c := range open {
			if err := u.abandon(ctx, c, why); err != nil {
				return err
			}
		}
		if len(open) > 0 || u.turn == mine {
			ended = append(ended, u.s.Results(u.turn)...)
		}
		if u.s.resting(u.turn) { // its card must not say any more that it goes on
			evs = append(evs, u.event(KindResumed, Payload{Text: why}))
		}
	}
	u.turn = mine
	sp := u.spent()
	if bill != nil {
		sp.add(*bill)
	}
	end := Payload{Text: why + achieved(ended), Spent: &sp, Bill: bill, Brief: u.brief}
	return u.commit(ctx, Batch{}, append(evs, u.event(KindStopped, end))...)
}

func (u *run) abandon(ctx context.Context, c ToolCall, why string) error {
	text := "not run: " + why
	if u.s.lastOf(c.ID, KindStarted) != nil {
		text = why + "; the outcome is not known, look before you ask again"
	}
	if ev := u.s.lastOf(c.ID, KindApproval, KindQuestion); ev != nil {
		if err := u.void(ctx, ev.Payload.Hold.ID, why); err != nil {
			return err
		}
	}
	_, err := u.note(ctx, c, ToolResult{Failed: true, Text: text, Label: rbac.Clean()})
	return err
}

// achieved lists what was done before an early end.
func achieved(results []Event) string {
	var did, not []string
	for _, ev := range results {
		if ev.Payload.Result.Failed {
			not = append(not, ev.Payload.Call.Tool)
		} else {
			did = append(did, ev.Payload.Call.Tool)
		}
	}
	text := ""
	if len(did) > 0 {
		text += ". Done: " + strings.Join(did, ", ")
	}
	if len(not) > 0 {
		text += ". Not done: " + strings.Join(not, ", ")
	}
	return text
}

func (u *run) void(ctx context.Context, hold, why string) error {
	h, err := u.Store.Held(ctx, u.s.Org, hold)
	if err != nil || !h.Pending() {
		return err
	}
	return u.end(ctx, h, Void, why)
}

// giveUp tells the thread of a job that failed for the last time, and leaves no call of
// its turn open. What had come to its rest ended well: only its edits are not kept.
func (r *Runner) giveUp(ctx context.Context, c Claimed, cause error) error {
	plain := *r
	plain.Vet = nil // last words are said whoever asked
	u, err := plain.open(ctx, c)
	if err != nil {
		return err
	}
	why := plainCause(cause)
	switch {
	case c.Scan != nil:
		return u.notScanned(ctx, why)
	case u.s.rested(c.ID):
		return u.notKept(ctx, "", why, nil)
	}
	if err := u.carrying(ctx); err != nil {
		return err
	}
	for _, call := range u.s.Unanswered(u.turn) {
		err := u.abandon(ctx, call, fmt.Sprintf("it failed %d times: %s", c.Attempt, why))
		if errors.Is(err, ErrRaced) {
			return r.giveUp(ctx, c, cause) // somebody spoke meanwhile
		}
		if err != nil {
			return err
		}
	}
	var evs []Event
	if u.s.resting(u.turn) { // its card must not say any more that it goes on
		evs = append(evs, u.event(KindResumed, Payload{Text: "it failed"}))
	}
	return u.commit(ctx, Batch{}, append(evs, u.event(KindGaveUp, Payload{Text: fmt.Sprintf("I tried %d times and gave up: %s", c.Attempt, why)}))...)
}

// carrying finds the turn that this job had to carry on: one that paused, or that of its
// hold, unless people still can decide on that one, or nothing waits for it.
func (u *run) carrying(ctx context.Context) error {
	if u.job.Turn != "" {
		u.turn = u.job.Turn
	}
	if u.job.Hold == "" || u.job.Alert != "" { // with an alert, it only draws the card
		return nil
	}
	h, err := u.Store.Held(ctx, u.s.Org, u.job.Hold)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("hold %s: %w", u.job.Hold, err)
	case h.State == Open && u.clock().Before(h.Expires), h.Question != nil && h.Question.Review, !u.carries(h):
		return nil
	}
	u.actor, u.tier, u.turn = h.Request.Actor, h.Request.Tier, h.Turn
	return nil
}

// plainCause is the innermost reason, which is what a person can act on.
func plainCause(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}
