package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

const howToFreeze = "Say: freeze ENVIRONMENT until 18:00 because REASON. Instead of an environment, all. Times are UTC: 18:00, tomorrow 09:00, in 2h, 2026-12-01 09:00, or with a zone 2026-12-01T09:00+01:00."

// longestFreeze is what is no freeze any more, but another tier.
const longestFreeze = 90 * 24 * time.Hour

// frost is a parsed freeze.
type frost struct {
	env    string
	until  time.Time
	reason string
}

// parseFreeze reads "ENV until TIME because REASON".
func parseFreeze(text string, now time.Time) (f frost, ok bool) {
	env, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	when, reason, because := cutBecause(rest)
	between, when, isUntil := cutWord(when, "until")
	at, known := parseTime(when, now.UTC())
	f = frost{strings.ToLower(env), at, strings.TrimSpace(reason)}
	return f, because && isUntil && between == "" && known && env != "" && f.reason != ""
}

// cutWord cuts around the first such word.
func cutWord(text, word string) (before, after string, found bool) {
	fields := strings.Fields(text)
	for i, f := range fields {
		if strings.EqualFold(f, word) {
			return strings.Join(fields[:i], " "), strings.Join(fields[i+1:], " "), true
		}
	}
	return text, "", false
}

// cutBecause parts an order from its reason. Of "because of the audit" the word stays: a
// reason must read on its own.
func cutBecause(text string) (order, reason string, found bool) {
	order, reason, found = cutWord(text, "because")
	if first, _, _ := strings.Cut(reason, " "); strings.EqualFold(first, "of") {
		reason = "because " + reason
	}
	return order, reason, found
}

// parseTime reads a time to come: of day (today, or tomorrow when it has
// passed), "tomorrow 09:00", a duration, or a whole moment. Without a zone it is UTC.
func parseTime(text string, now time.Time) (time.Time, bool) {
	text = strings.TrimSuffix(strings.ToUpper(text), " UTC") // as cards write it
	if d, err := time.ParseDuration(strings.ToLower(strings.TrimPrefix(text, "IN "))); err == nil {
		return now.Add(d), d > 0
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02 15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), true
		}
	}
	day, clock := 0, text
	if rest, ok := strings.CutPrefix(text, "TOMORROW "); ok {
		day, clock = 1, rest
	}
	t, err := time.Parse("15:04", clock)
	if err != nil {
		return time.Time{}, false
	}
	at := time.Date(now.Year(), now.Month(), now.Day()+day, t.Hour(), t.Minute(), 0, 0, time.UTC)
	if !at.After(now) {
		at = at.AddDate(0, 0, 1)
	}
	return at, true
}

func (in *Inbox) freeze(ctx context.Context, c Command) (Reply, error) {
	f, ok := parseFreeze(c.Text, time.Now())
	switch {
	case !ok:
		return said(howToFreeze), nil
	case time.Until(f.until) > longestFreeze:
		return said("Not frozen: at most 90 days at once. What lasts longer is a tier in the policy. " + howToFreeze), nil
	}
	already, err := in.frozenAlready(ctx, c, f.env)
	if err != nil {
		return Reply{}, err
	}
	refused, err := in.Control.Freeze(ctx, agent.FreezePress{
		ID: c.ID, Org: c.Org, Thread: c.Thread, By: in.who(ctx, c.Actor), Tier: in.Room(ctx, c.Org, c.Thread.Room()).Tier,
		Env: f.env, Until: f.until, Reason: f.reason,
	})
	if refused == "" && err == nil && already != "" {
		return said(already), nil
	}
	return in.frozen(ctx, c, f.env, "freeze", refused, err)
}

// frozenAlready says which freezes hold an environment before one more does; empty is none.
func (in *Inbox) frozenAlready(ctx context.Context, c Command, env string) (string, error) {
	if in.Freezes == nil {
		return "", nil
	}
	all, err := in.Freezes.Frozen(ctx, c.Org)
	if err != nil {
		return "", fmt.Errorf("list freezes: %w", err)
	}
	var texts []string
	for _, f := range all {
		if f.ID != c.ID && f.Until.After(time.Now()) && (f.Env == env || f.Env == agent.AllEnvironments) {
			texts = append(texts, frozenText(f))
		}
	}
	if len(texts) == 0 {
		return "", nil
	}
	return "It was frozen already: " + strings.Join(texts, "; ") + ". Both hold: changes wait for the later end.", nil
}

func (in *Inbox) thaw(ctx context.Context, c Command) (Reply, error) {
	env, reason, because := cutBecause(c.Text)
	if env = strings.ToLower(strings.TrimSpace(env)); env == "" || strings.Contains(env, " ") || because && reason == "" {
		return said("Say: thaw ENVIRONMENT, or thaw all, with because REASON if there is one."), nil
	}
	refused, err := in.Control.Thaw(ctx, agent.ThawPress{
		ID: c.ID, Org: c.Org, Thread: c.Thread, By: in.who(ctx, c.Actor), Tier: in.Room(ctx, c.Org, c.Thread.Room()).Tier, Env: env, Reason: reason,
	})
	return in.frozen(ctx, c, env, "thaw", refused, err)
}

// click is a command as a press, for what judges both.
func (c Command) click() Click {
	return Click{ID: c.ID, Org: c.Org, Thread: c.Thread, Actor: c.Actor}
}

// frozen is the answer to an order; the thread is told by its own card.
func (in *Inbox) frozen(ctx context.Context, c Command, env, verb, refused string, err error) (Reply, error) {
	switch {
	case err != nil:
		return Reply{}, fmt.Errorf("%s: %w", verb, err)
	case refused == "":
		return Reply{}, nil
	}
	m := matter{verb: string(rbac.Do), act: rbac.Action{Tool: verb, Effect: rbac.Read}}
	if env != agent.AllEnvironments {
		m.act.Environment = env
		if known := in.Control.Environments; known == nil || !slices.Contains(known(c.Org), env) {
			return said("Nothing changed: " + plain(refused) + "."), nil // whoever asks
		}
	}
	if _, _, r, _ := in.request(ctx, c.click(), m); in.Control.Gate.Decide(ctx, r).Outcome == rbac.Allow {
		return said("Nothing changed: " + plain(refused) + "."), nil // it is not policy that refuses
	}
	return in.refusal(ctx, c.click(), refused, m), nil
}
