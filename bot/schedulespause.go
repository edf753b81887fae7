package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"interlock/rbac"
)

// mayHold tells why somebody may not pause or resume a schedule, and what was refused. It
// takes the right to freeze, or to thaw, where the stack is. Whoever paused it may end
// that by the right with which they began it.
func (in *Inbox) mayHold(ctx context.Context, c Command, by rbac.Actor, s Scheduled) (why string, m matter) {
	here := in.Room(ctx, c.Org, c.Thread.Room())
	decide := func(who rbac.Actor, tool string) (rbac.Decision, rbac.Action) {
		act := rbac.Action{Tool: tool, Effect: rbac.Read, Environment: s.Environment}
		return in.Control.Gate.Decide(ctx, rbac.Request{Org: c.Org, Actor: who, Channel: c.Thread.Room(), Tier: here.Tier, Action: act, Label: rbac.Clean()}), act
	}
	tool, theirs := "freeze", false
	if c.Name == resumeSchedule && s.Paused != nil {
		if theirs = s.Paused.By.Subject() != by.Subject(); theirs {
			tool = "thaw"
		}
	}
	d, act := decide(by, tool)
	if d.Outcome == rbac.Allow {
		return "", matter{}
	}
	why = strings.Replace(d.Why(), "may not "+tool, "may not "+c.Name+" schedules", 1)
	if theirs && !slices.Contains(d.Can, s.Paused.By.Name) {
		if own, _ := decide(s.Paused.By, "freeze"); own.Outcome == rbac.Allow {
			why += "; " + s.Paused.By.Name + ", who paused it, can too"
		}
	}
	return why, matter{verb: string(rbac.Do), act: act}
}

// holdSchedules pauses and resumes.
func (in *Inbox) holdSchedules(ctx context.Context, c Command, which, why string, all []Scheduled) (Reply, error) {
	by := in.who(ctx, c.Actor)
	title, did := "Schedule paused", "paused"
	if c.Name == resumeSchedule {
		title, did = "Schedule resumed", "resumed"
	}
	var names []string
	var changed []Scheduled
	for _, s := range all {
		if why, m := in.mayHold(ctx, c, by, s); why != "" {
			return in.refusal(ctx, c.click(), why, m), nil
		}
		if (s.Paused != nil) != (c.Name == pauseSchedule) {
			names, changed = append(names, s.Name), append(changed, s)
		}
	}
	if len(names) == 0 {
		return said("Nothing changed: " + plain(which) + " is " + did + " already."), nil
	}
	text := fmt.Sprintf("%s %s %s%s.", plain(by.Name), did, several(which, len(names)), reason(why))
	var p *Paused
	if c.Name == pauseSchedule {
		p = &Paused{By: by, At: time.Now(), Why: plain(why)}
		text += " What comes due is skipped, and on record; what has come due already goes on. To end it, " + plain(by.Name) + " or an approver says: resume " + plain(which) + "."
	}
	if err := in.Schedules.Hold(ctx, c.Org, names, p, tellRooms(c, changed, title, text)); err != nil {
		return Reply{}, fmt.Errorf("%s schedules: %w", c.Name, err)
	}
	return Reply{}, nil // the card of the notice tells everybody
}
