package agent

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// How long a run rests when no model can be reached: it doubles from the first
// to the longest, and after a day the run ends. A provider's bad hours are
// minutes to hours; after a day people have found another way.
const (
	firstPause   = 30 * time.Second
	longestPause = 15 * time.Minute
	pauseEnds    = 24 * time.Hour
)

// faulted ends the run after a model that did not answer: what passes by itself
// is a pause; anything else needs a person, who is told what to change.
func (u *run) faulted(ctx context.Context, me *ModelError) error {
	why := me.What() + ": " + me.Do()
	if me.Fault == FaultRefused && me.Err != nil {
		why = me.What() + ": " + short(me.Err.Error(), 200)
	}
	bill := u.spending.bill(me.Model, me.Usage)
	if !me.Passes() {
		return u.closeWith(ctx, why, bill)
	}
	p := u.pausing()
	p.At = u.clock().Add(max(me.Wait, min(firstPause<<min(p.Times, 10), longestPause)))
	p.Times++
	p.Do = me.Do()
	if p.At.Sub(p.Since) > pauseEnds {
		return u.closeWith(ctx, fmt.Sprintf("no model could be reached since %s: %s", p.Since.Format("2 January 15:04 MST"), why), bill)
	}
	p.Job = fmt.Sprintf("%s/go-on/%d", u.turn, u.s.Seq())
	job := Job{
		ID: p.Job, Org: u.s.Org, Trace: u.job.Trace, Thread: u.s.Thread, Actor: u.actor, Tier: u.tier,
		Profile: u.profile.Name, After: p.At, Turn: u.turn,
	}
	return u.commit(ctx, Batch{Jobs: []Job{job}}, u.event(KindPaused, Payload{Text: me.What(), Pause: &p, Bill: bill}))
}

// pausing is the pause that this turn is in, as far as it goes; a new one begins now.
func (u *run) pausing() Pause {
	if ev := u.s.paused(u.turn); ev != nil {
		return *ev.Payload.Pause
	}
	return Pause{Since: u.clock()}
}

// paused is the event by which a turn rests until a model can be reached. A stop
// ends every pause of the thread.
func (s *Session) paused(turn string) *Event {
	for _, ev := range slices.Backward(s.Events) {
		switch {
		case ev.Kind == KindStop:
			return nil
		case ev.Turn == turn && ev.Kind == KindPaused:
			return &ev
		case ev.Turn == turn && ev.Kind == KindResumed:
			return nil
		}
	}
	return nil
}

// resting tells whether a turn is in a pause that nothing has ended yet. Whatever ends
// one says so; what else is written of the turn meanwhile ends none: its edits are put
// apart, or somebody presses an old card of it.
func (s *Session) resting(turn string) bool {
	for _, ev := range slices.Backward(s.Events) {
		if ev.Turn == turn && (ev.Kind == KindPaused || ev.Kind == KindResumed) {
			return ev.Kind == KindPaused
		}
	}
	return false
}

// goOn takes up a turn that paused, when this job is the one that it waits for.
func (u *run) goOn() bool {
	u.turn = u.job.Turn
	ev := u.s.paused(u.turn)
	return ev != nil && ev.Payload.Pause.Job == u.job.ID
}
