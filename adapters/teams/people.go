package teams

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"sync"

	"interlock/bot"
	"interlock/rbac"
)

// seen is where people spoke last: there a roster has them. It is safe for concurrent
// use, and the zero value is ready.
type seen struct {
	mu sync.Mutex
	in map[rbac.Subject]string
}

func (s *seen) spoke(who rbac.Actor, conversation string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.in == nil || len(s.in) >= mostPlaces {
		s.in = map[rbac.Subject]string{}
	}
	s.in[who.Subject()] = base(conversation)
}

func (s *seen) last(who rbac.Actor) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.in[who.Subject()]
}

// member is a person in the roster of a conversation.
type member struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Object string `json:"aadObjectId"`
	Other  string `json:"objectId"` // the same, as some rosters name it
	Tenant string `json:"tenantId"`
	Role   string `json:"userRole"`
	Login  string `json:"userPrincipalName"`
}

// profile looks in the rosters of the conversations that somebody was seen in, until
// one has them. Whoever none has is nobody of this organisation any more.
func (p *Platform) profile(ctx context.Context, who rbac.Actor) (bot.Profile, error) {
	pl, err := p.places.find(ctx, who.Org, personPlace(who.Tenant, who.ID))
	if err != nil {
		return bot.Profile{}, err
	}
	tried := map[string]bool{"": true}
	for _, conversation := range []string{p.seen.last(who), pl.Chat, pl.Seen} {
		if tried[conversation] {
			continue
		}
		tried[conversation] = true
		m, err := p.member(ctx, pl.Service, conversation, first(pl.User, who.ID))
		if isStatus(err, http.StatusNotFound) || isStatus(err, http.StatusForbidden) {
			continue
		}
		if err != nil {
			return bot.Profile{}, err
		}
		return bot.Profile{Name: m.Name, Outsider: m.outside(who)}, nil
	}
	return bot.Profile{Outsider: "not known to this organisation"}, nil
}

func (p *Platform) member(ctx context.Context, service, conversation, id string) (m member, err error) {
	err = p.connect(ctx, request{method: http.MethodGet, base: service, path: []string{"v3", "conversations", conversation, "members", id}}, &m)
	return m, err
}

// outside says why somebody is no full member of the organisation. What the roster
// does not say is taken for the worst.
func (m member) outside(who rbac.Actor) string {
	switch {
	case cmp.Or(m.Object, m.Other) != who.ID:
		return "somebody else by the roster's word"
	case m.Tenant != "" && m.Tenant != who.Tenant:
		return "of another organisation"
	case strings.EqualFold(m.Role, "user"):
	case m.Role == "" && m.Login != "" && !strings.Contains(strings.ToUpper(m.Login), "#EXT#"):
	default:
		return "a guest"
	}
	if strings.Contains(strings.ToUpper(m.Login), "#EXT#") {
		return "a guest"
	}
	return ""
}

// Vet is who a chat identity is by Teams' own word, of late: its name, and why it
// is no full member. An error means that Teams did not say within the last hour.
func (p *Platform) Vet(ctx context.Context, who rbac.Actor) (rbac.Actor, error) {
	pr, err := p.people.Vet(ctx, who)
	return pr.Tell(who), err
}

// vouch is Vet for somebody who decides: what Teams said long ago does not count.
func (p *Platform) vouch(ctx context.Context, who rbac.Actor) (rbac.Actor, error) {
	pr, err := p.people.Vouch(ctx, who)
	return pr.Tell(who), err
}
