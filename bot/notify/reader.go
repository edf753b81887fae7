package notify

import (
	"context"
	"slices"
	"strings"
)

// prefer drops what persons do not want, and finds the way to them.
func (r *Router) prefer(ctx context.Context, p *passing) {
	p.keep(func(d *draft) bool {
		id, ok := person(d.Target)
		if !ok {
			return true
		}
		w := p.rules.people[id]
		if !p.pinned() && (anyOf(w.Mute, p.Type) || p.Severity.Rank() < Severity(w.Least).Rank()) {
			return false
		}
		if d.Way, ok = r.way(ctx, p, id, w); !ok && p.Type != NotifyFailed {
			p.lost = append(p.lost, p.lose(d.Target, "no chat and no mail address is known by which "+id+" can be told: add one to chat, or to notify.people"))
		}
		if strings.HasPrefix(d.Way, byMail+":") {
			d.Lane = p.rules.mail
		}
		return ok
	})
}

// way is the first of a person's ways that there is: rooms of their own, then mail.
func (r *Router) way(ctx context.Context, p *passing, id string, w wish) (string, bool) {
	var rooms []string
	if r.Reach != nil {
		rooms = r.Reach(ctx, p.Org, id)
	}
	via := w.Via
	if len(via) == 0 {
		for _, room := range rooms {
			platform, _, _ := strings.Cut(room, ":")
			via = append(via, platform)
		}
		via = append(via, byMail)
	}
	for _, v := range via {
		if v == byMail && w.Mail != "" && p.rules.mail != "" {
			return byMail + ":" + w.Mail, true
		}
		if i := slices.IndexFunc(rooms, func(room string) bool { return strings.HasPrefix(room, v+":") }); i >= 0 && v != byMail {
			return rooms[i], true
		}
	}
	return "", false
}
