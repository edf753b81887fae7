package notify

import (
	"context"
	"slices"
	"strings"
	"time"

	"interlock/config"
)

// A notice becomes deliveries in this order: match, prefer, then, with what its
// targets were told before, each of the stages.
var stages = []func(p *passing){begun, mute, dedup, hush, gather}

// passing is one notice on its way.
type passing struct {
	Notice
	rules  Rules
	now    time.Time
	drafts []*draft
	lost   []Notice // what could not be sent to anybody
}

// draft is a delivery that is not decided yet. A rule that is zero is the notice's
// own choice of targets.
type draft struct {
	Delivery
	rule Rule
	past Past
}

// keep drops the drafts for which ok is false.
func (p *passing) keep(ok func(d *draft) bool) {
	p.drafts = slices.DeleteFunc(p.drafts, func(d *draft) bool { return !ok(d) })
}

// pinned tells whether the notice goes to the targets that it names whatever rules and
// readers wish. That something was not told is no such news: a service that is down for
// a night would fill a room.
func (p *passing) pinned() bool { return len(p.To) > 0 && p.Type != NotifyFailed }

// failures is how that is told.
var failures = Rule{NotifyRule: config.NotifyRule{Dedup: time.Hour, Group: time.Minute}}

// draw makes the drafts of a notice.
func (r *Router) draw(ctx context.Context, n Notice) *passing {
	rules := r.Rules(n.Org)
	p := &passing{Notice: rules.complete(n), rules: rules, now: r.now()}
	p.match()
	r.prefer(ctx, p)
	return p
}

// settle decides the drafts, now that it is known what their targets were told.
func (p *passing) settle() {
	for _, stage := range stages {
		stage(p)
	}
}

// match finds the rules that are about the notice, and their targets, each once:
// the first rule that names a target decides.
func (p *passing) match() {
	named := Rule{}
	if !p.pinned() {
		named = failures
	}
	for _, to := range p.To {
		p.add(to, named)
	}
	if len(p.To) > 0 {
		return
	}
	for _, rule := range p.rules.rules {
		for _, to := range rule.To {
			if p.rules.sends(rule, to, p.Notice) {
				p.add(to, rule)
			}
		}
	}
}

func (p *passing) add(target string, rule Rule) {
	if slices.ContainsFunc(p.drafts, func(d *draft) bool { return d.Target == target }) {
		return
	}
	lane, _ := strings.CutPrefix(target, toService)
	if lane == target {
		lane = ""
	}
	p.drafts = append(p.drafts, &draft{rule: rule, Delivery: Delivery{
		ID: deliveryID(p.Org, p.ID, target), Org: p.Org, Notice: p.ID, Target: target, Way: target, Lane: lane, Type: p.Type, Stack: p.Stack,
		Severity: p.Severity, Key: p.Key, Topic: p.Topic(), Step: p.Step, Due: p.now,
		Alone: p.Severity == Urgent || p.pinned() || p.rules.follows(target),
	}})
}

// begun drops the end of what a target was not told the beginning of. An end that is
// bad news by itself is told to people all the same.
func begun(p *passing) {
	if !p.ends() || len(p.To) > 0 {
		return
	}
	p.keep(func(d *draft) bool { return !d.past.Told.IsZero() || p.Severity != Info && !p.rules.follows(d.Target) })
}

// mute drops what a room or a person does not want now. What is urgent is told all
// the same.
func mute(p *passing) {
	p.keep(func(d *draft) bool { return !d.past.Muted || p.Severity == Urgent || p.pinned() })
}

// dedup counts what was told within the rule's window instead of telling it again. An
// end is no repeat of its beginning.
func dedup(p *passing) {
	for _, d := range p.drafts {
		window := d.rule.Dedup
		if p.Type == NotifyFailed {
			window = max(window, failures.Dedup)
		}
		d.Repeat = p.Key != "" && !p.ends() && window > 0 && !d.past.Told.IsZero() && p.now.Sub(d.past.Told) < window
		if !d.Repeat {
			d.More = d.past.More
		}
	}
}

// hush puts off what is not urgent until the rule's quiet hours are over, and those
// of the person.
func hush(p *passing) {
	if p.Severity == Urgent || p.pinned() {
		return
	}
	for _, d := range p.drafts {
		d.Due = d.rule.quiet.Ends(d.Due)
		if id, ok := person(d.Target); ok {
			d.Due = d.rule.quiet.Ends(p.rules.people[id].quiet.Ends(d.Due))
		}
	}
}

// gather lets a burst become one message: the first of it says when it is sent.
func gather(p *passing) {
	for _, d := range p.drafts {
		if d.Alone = d.Alone || d.rule.Group == 0 && !d.Due.After(p.now); d.Alone || d.rule.Group == 0 {
			continue
		}
		at := d.Due.Add(d.rule.Group)
		if o := d.past.Opens; !o.IsZero() && !o.Before(d.Due) && o.Before(at) {
			at = o
		}
		d.Due = at
	}
}

const byMail = "mail"

func outside(way string) bool {
	return isService(way) || strings.HasPrefix(way, byMail+":")
}
