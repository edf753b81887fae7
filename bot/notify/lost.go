package notify

import (
	"slices"
	"strings"
	"time"

	"interlock/agent"
	"interlock/bot"
)

// lost is what administrators are told of a bundle that was given up: by other ways
// than the one that failed, and never of such a notice itself.
func (r *Router) lost(b Bundle, cause error) []Notice {
	m := r.message(b)
	if m.Type == NotifyFailed || m.Type == Test {
		return nil
	}
	p := passing{Notice: m.Notice, rules: r.Rules(b.Org), now: r.now()}
	p.ID = b.ID
	return []Notice{p.lose(b.Target, cause.Error())}
}

// Unseen is what administrators are told of a room that a chat does not let the bot
// write to: once a day, whatever was to be told there.
func Unseen(org, room, why string, now time.Time, admins []string) Notice {
	p := passing{Notice: Notice{ID: room + "/" + now.UTC().Format(time.DateOnly), Org: org}, rules: Rules{admins: admins}, now: now}
	n := p.lose(room, why)
	n.Facts = nil
	return n
}

// climb has the next step of a chain told at once, when a service was that of its step.
func climb(b Bundle, cause error) []agent.Job {
	if len(b.Top) == 0 || b.Top[0].Type != Escalated || b.Top[0].ends() {
		return nil
	}
	n := b.Top[0]
	a := agent.Alert{ID: strings.TrimPrefix(n.Key, alertKey), Org: n.Org, Key: n.Thread.ID}
	return []agent.Job{a.Lost(b.Target, cause.Error(), b.ID)}
}

// lose tells the administrators that a target was not told; without any, the rules
// decide.
func (p *passing) lose(target, why string) Notice {
	return Notice{
		ID: p.ID + "/lost/" + target, Org: p.Org, Type: NotifyFailed, Severity: Usual(NotifyFailed), At: p.now, Key: NotifyFailed + "/" + target,
		Title: general(NotifyFailed), Body: bot.Safe(target + " was not told: " + why + ". Mend it, then try it with: interlock notify test " + target),
		Facts: []agent.Fact{{Name: "Was to say", Value: general(p.Type)}},
		To:    slices.DeleteFunc(slices.Clone(p.rules.admins), func(to string) bool { return to == target }),
	}
}
