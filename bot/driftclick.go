package bot

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// longestAccept is what is no acceptance any more, but another code.
const longestAccept = 90 * 24 * time.Hour

// drifting answers a press on the card of a stack's drift. What is decided about it is a
// job of this thread, and policy judges that.
func (in *Inbox) drifting(ctx context.Context, c Click) (Reply, error) {
	value := c.Value
	c.Value, _, _ = strings.Cut(value, "#")
	if r, refused := in.mayNot(ctx, c); refused {
		return r, nil
	}
	m := Mention{ID: c.ID, Org: c.Org, Thread: c.Thread, Actor: c.Actor}
	switch c.Verb {
	case verbAccept:
		return in.accept(ctx, c, m, value)
	case verbMine:
		return said("Yours: what nobody has accepted, as soon as it is on record."), in.judge(ctx, m, agent.Judgement{Kind: agent.Own, Stack: c.Value})
	case verbIgnore:
		return in.ignore(ctx, c)
	case verbKeep: // in a thread of its own: this one has read foreign text, after which a proposal needs approval
		m.Thread.ID = "~keep/" + c.Value + "/" + c.ID
		return said("Writing what " + c.Value + " really is into a copy of its code; the patch follows in a thread of its own."), in.enqueue(ctx, m, agent.Job{
			Text: pressed + labelKeep + ": " + c.Value, Calls: []agent.ToolCall{onStack("drift_keep", c.Value)},
		})
	}
	return said("Looking into " + c.Value + "."), in.enqueue(ctx, m, agent.Job{ // the mark of a press keeps it from answering a question
		Text: pressed + labelExplain + "\nExplain the drift in " + c.Value + ": what it means, what may have caused it, and what you advise. Scan, and read the code; change nothing.",
	})
}

// mayNot refuses a press to the person alone, before anything is asked of them. The job
// that follows judges again.
func (in *Inbox) mayNot(ctx context.Context, c Click) (Reply, bool) {
	effect := map[string]rbac.Effect{verbAccept: rbac.Propose, verbKeep: rbac.Propose}[c.Verb]
	act := rbac.Action{Tool: "drift_scan", Effect: max(effect, rbac.Read), Stack: c.Value, Environment: in.environment(c.Org, c.Value)}
	here := in.Room(ctx, c.Org, c.room())
	d := in.Control.Gate.Decide(ctx, rbac.Request{
		Org: c.Org, Actor: in.who(ctx, c.Actor), Profile: here.Profile, Channel: c.room(), Tier: here.Tier, Action: act, Label: rbac.Clean(),
	})
	if d.Outcome == rbac.Allow {
		return Reply{}, false
	}
	return in.refusal(ctx, c, d.Why(), matter{verb: string(rbac.Do), act: act}), true
}

// environment is that of a stack, by configuration; empty is not known.
func (in *Inbox) environment(org, stack string) string {
	if in.Stacks != nil {
		for _, s := range in.Stacks(org) {
			if s.Name == stack {
				return s.Environment
			}
		}
	}
	return ""
}

// accept takes "until TIME because REASON"; anything else comes back to be mended.
func (in *Inbox) accept(ctx context.Context, c Click, m Mention, value string) (Reply, error) {
	text := strings.TrimSpace(c.Reason)
	if text == "" {
		return Reply{Modal: acceptCard(value, "", time.Now())}, nil
	}
	until, because, why := parseAccept(text, time.Now())
	if why != "" {
		card := acceptCard(value, text, time.Now())
		card.Body = "Not yet: " + why + ". " + card.Body
		return Reply{Modal: card}, nil
	}
	_, seen, _ := strings.Cut(value, "#")
	return said("Accepted until " + moment(until, until.UTC().Format("2 January 2006 15:04 MST")) + ", as soon as it is on record."),
		in.judge(ctx, m, agent.Judgement{Kind: agent.Accept, Stack: c.Value, Until: until, Because: because, Seen: seen})
}

// judge has a judgement made: of a card that stands for several stacks, about each that
// still shows the same.
func (in *Inbox) judge(ctx context.Context, m Mention, j agent.Judgement) error {
	if err := in.enqueue(ctx, m, agent.Job{Judge: &j}); err != nil || in.Drifts == nil || in.Alike == nil {
		return err
	}
	d, err := in.Drifts.Drift(ctx, m.Org, j.Stack)
	if err != nil || !d.Shared() || j.Kind == agent.Accept && d.Unsettled() != j.Seen {
		return err // what nobody has seen is accepted nowhere
	}
	all, err := in.Alike(ctx, m.Org, d)
	if err != nil {
		return fmt.Errorf("read drift: %w", err)
	}
	for _, o := range all {
		if o.Stack == d.Stack || o.Change() != d.Change() {
			continue
		}
		one := j
		one.Stack, one.Seen = o.Stack, o.Unsettled()
		if err := in.enqueue(ctx, m, agent.Job{ID: m.ID + "/" + o.Stack, Judge: &one}); err != nil {
			return err
		}
	}
	return nil
}

func acceptCard(value, draft string, now time.Time) *Card {
	stack, _, _ := strings.Cut(value, "#")
	const usual = 14 * 24 * time.Hour
	if draft == "" {
		draft = "until " + now.UTC().Add(usual).Format(time.DateOnly) + " because "
	}
	return &Card{
		Title: "Accept this drift", Body: "All that drifts in " + stack + " now, with these values, is quiet until then. It is told again when the time is over, or when a value changes.",
		Next: "Until when, and why", Draft: draft, Fallback: "Until when, and why?",
		Buttons: []Button{{Label: "Accept", Verb: verbAccept, Value: value}},
	}
}

// parseAccept reads "until TIME because REASON"; a day alone is all of that day.
func parseAccept(text string, now time.Time) (until time.Time, because, why string) {
	when, because, found := cutBecause(text)
	before, when2, isUntil := cutWord(when, "until")
	if isUntil && before == "" {
		when = when2
	}
	when = strings.TrimSpace(when)
	day, err := time.Parse(time.DateOnly, when)
	until, known := parseTime(when, now.UTC())
	if err == nil {
		until, known = day.AddDate(0, 0, 1), true
	}
	if n, ok := strings.CutSuffix(strings.TrimPrefix(strings.ToLower(when), "in "), "d"); ok && !known {
		days, err := strconv.Atoi(n)
		until, known = now.UTC().AddDate(0, 0, min(days, 1000)), err == nil && days > 0
	}
	switch {
	case !known:
		return until, because, "the time is not understood; write it as 2026-12-24, tomorrow 09:00 or in 14d"
	case !until.After(now):
		return until, because, "that time has passed"
	case until.Sub(now) > longestAccept:
		return until, because, "at most 90 days; what lasts longer belongs into the code"
	case !found || len(strings.Fields(because)) == 0:
		return until, because, "say why, after the word because"
	}
	return until, because, ""
}

// ignore proposes the rules by which the stack's own configuration leaves findings out,
// those too that somebody accepted for a time.
// It is people who put it there: what is never told again is decided in review.
func (in *Inbox) ignore(ctx context.Context, c Click) (Reply, error) {
	if in.Drifts == nil {
		return said("This is not kept here."), nil
	}
	d, err := in.Drifts.Drift(ctx, c.Org, c.Value)
	if err != nil {
		return Reply{}, fmt.Errorf("read drift: %w", err)
	}
	card := &Card{
		Title: "Rules that would ignore this drift",
		Next:  "An administrator adds those that are right to what the stack ignores, in the configuration (of a variant, at the variant or at its base). * stands for any text.",
	}
	all := agent.Of(d.Findings, "")
	if len(all) == 0 {
		return said("Nothing of " + plain(c.Value) + " drifts any more, so there is nothing to ignore."), nil
	}
	rules := []string{"ignore:"}
	for _, f := range all[:min(len(all), most)] {
		rules = append(rules, fmt.Sprintf("  - %q", strings.TrimSpace(plain(f.Resource)+" "+plain(f.Attribute))))
	}
	if left := len(all) - most; left > 0 {
		rules = append(rules, fmt.Sprintf("and %s more", count(left, "rule")))
	}
	card.Body = strings.Join(rules, "\n")
	card.Fallback = card.Title + ": " + card.Body
	return Reply{Note: card}, nil
}
