package teams

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"interlock/rbac"
)

// fresh is how long Teams' word on a person counts. Who is in no roster any more
// loses every right within it.
const fresh = 10 * time.Minute

// stale is how long it counts for a request that is underway while Teams cannot be
// asked: an approved change does not fail for that.
const stale = time.Hour

// mostKnown is how many are kept in mind; the rest is asked anew.
const mostKnown = 20_000

// profile is what Teams says of a person.
type profile struct {
	name, outsider string
	at             time.Time
}

// people are the profiles of late, by tenant and id. It is safe for concurrent use.
type people struct {
	p    *Platform
	once singleflight.Group

	mu   sync.Mutex
	all  map[string]profile
	seen map[string]string // the conversation that they spoke in last
}

func newPeople(p *Platform) *people {
	return &people{p: p, all: map[string]profile{}, seen: map[string]string{}}
}

func personKey(who rbac.Actor) string { return who.Tenant + "/" + who.ID }

// spoke remembers where somebody is.
func (p *people) spoke(who rbac.Actor, conversation string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.seen) >= mostKnown {
		clear(p.seen)
	}
	p.seen[personKey(who)] = base(conversation)
}

// name is for display: what was last known.
func (p *people) name(who rbac.Actor) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all[personKey(who)].name
}

func (p *people) late(who rbac.Actor) (pr profile, where string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	pr, ok = p.all[personKey(who)]
	return pr, p.seen[personKey(who)], ok
}

// of asks Teams, unless it has said so of late.
func (p *people) of(ctx context.Context, who rbac.Actor) (profile, error) {
	known, where, ok := p.late(who)
	if ok && p.p.now().Sub(known.at) < fresh {
		return known, nil
	}
	asked := p.once.DoChan(personKey(who), func() (any, error) { // for all who wait, whoever came first
		ctx, done := context.WithTimeout(context.WithoutCancel(ctx), apiTimeout)
		defer done()
		return p.ask(ctx, who, where)
	})
	select {
	case <-ctx.Done():
		return profile{}, fmt.Errorf("look up person: %w", ctx.Err())
	case r := <-asked:
		if r.Err != nil {
			return profile{}, r.Err
		}
		return r.Val.(profile), nil
	}
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

// ask looks in the rosters of the conversations that somebody was seen in, until
// one has them. Whoever none has is nobody of this organisation any more.
func (p *people) ask(ctx context.Context, who rbac.Actor, where string) (profile, error) {
	pl, err := p.p.places.find(ctx, who.Org, personPlace(who.Tenant, who.ID))
	if err != nil {
		return profile{}, err
	}
	pr := profile{outsider: "not known to this organisation", at: p.p.now()}
	tried := map[string]bool{"": true}
	for _, conversation := range []string{where, pl.Chat, pl.Seen} {
		if tried[conversation] {
			continue
		}
		tried[conversation] = true
		m, err := p.p.member(ctx, pl.Service, conversation, first(pl.User, who.ID))
		if isStatus(err, http.StatusNotFound) || isStatus(err, http.StatusForbidden) {
			continue
		}
		if err != nil {
			return profile{}, fmt.Errorf("look up person: %w", err)
		}
		pr.name, pr.outsider = m.Name, m.outside(who)
		break
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.all) >= mostKnown {
		clear(p.all)
	}
	p.all[personKey(who)] = pr
	return pr, nil
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
	pr, err := p.people.of(ctx, who)
	if err != nil {
		known, _, ok := p.people.late(who)
		if !ok || p.now().Sub(known.at) > stale {
			return who, err
		}
		pr = known
	}
	return pr.tell(who), nil
}

// vouch is Vet for somebody who decides: what Teams said long ago does not count.
func (p *Platform) vouch(ctx context.Context, who rbac.Actor) (rbac.Actor, error) {
	pr, err := p.people.of(ctx, who)
	if err != nil {
		return who, err
	}
	return pr.tell(who), nil
}

func (pr profile) tell(who rbac.Actor) rbac.Actor {
	who.Name = first(pr.name, who.Name)
	who.Outsider = first(who.Outsider, pr.outsider)
	return who
}
