package slack

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"golang.org/x/sync/singleflight"

	"interlock/rbac"
)

// fresh is how long Slack's word on a person counts. Who was switched off loses
// every right within it.
const fresh = 10 * time.Minute

// mostPeople is how many are kept in mind; the rest is asked anew.
const mostPeople = 20_000

// profile is what Slack says of a person.
type profile struct {
	name, outsider string
	at             time.Time
}

// people are the profiles of late. It is safe for concurrent use.
type people struct {
	do   requester
	now  func() time.Time
	once singleflight.Group

	mu  sync.Mutex
	all map[string]profile
}

// requester does one request in its turn.
type requester func(ctx context.Context, method, channel string, do func(api *slack.Client) error) error

func newPeople(do requester) *people {
	return &people{do: do, now: time.Now, all: map[string]profile{}}
}

// name is for display: what was last known, or the id.
func (p *people) name(user string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return cmp.Or(p.all[user].name, user)
}

// of asks Slack, unless it has said so of late.
func (p *people) of(ctx context.Context, user string) (profile, error) {
	p.mu.Lock()
	known, ok := p.all[user]
	p.mu.Unlock()
	if ok && p.now().Sub(known.at) < fresh {
		return known, nil
	}
	asked := p.once.DoChan(user, func() (any, error) { // for all who wait, whoever came first
		ctx, done := context.WithTimeout(context.WithoutCancel(ctx), apiTimeout)
		defer done()
		return p.ask(ctx, user)
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

func (p *people) ask(ctx context.Context, user string) (profile, error) {
	var u *slack.User
	err := p.do(ctx, methodUser, "", func(api *slack.Client) (err error) {
		u, err = api.GetUserInfoContext(ctx, user)
		return err
	})
	pr := profile{at: p.now()}
	switch {
	case code(err) == "user_not_found" || code(err) == "user_not_visible":
		pr.outsider = "not known to this workspace"
	case err != nil:
		return profile{}, fmt.Errorf("look up person: %w", err)
	default:
		pr.name = first(u.Profile.DisplayName, u.RealName, u.Profile.RealName, u.Name)
		pr.outsider = outside(u)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.all) >= mostPeople {
		clear(p.all)
	}
	p.all[user] = pr
	return pr, nil
}

// outside says why somebody is no full member of the workspace.
func outside(u *slack.User) string {
	switch {
	case u.Deleted:
		return "switched off"
	case u.IsBot || u.IsWorkflowBot || u.ID == "USLACKBOT":
		return "a bot"
	case u.IsStranger:
		return "of another workspace"
	case u.IsRestricted || u.IsUltraRestricted || u.IsInvitedUser:
		return "a guest"
	}
	return ""
}

// stale is how long Slack's word counts for a request that is underway while Slack
// itself cannot be asked: an approved change does not fail for that.
const stale = time.Hour

// Vet is who a chat identity is by Slack's own word, of late: its name, and why
// it is no full member. An error means that Slack did not say within the last hour.
func (p *Platform) Vet(ctx context.Context, who rbac.Actor) (rbac.Actor, error) {
	pr, err := p.people.of(ctx, who.ID)
	if err != nil {
		p.people.mu.Lock()
		known, ok := p.people.all[who.ID]
		p.people.mu.Unlock()
		if !ok || p.people.now().Sub(known.at) > stale {
			return who, err
		}
		pr = known
	}
	return pr.tell(who), nil
}

// vouch is Vet for somebody who decides: what Slack said long ago does not count.
func (p *Platform) vouch(ctx context.Context, who rbac.Actor) (rbac.Actor, error) {
	pr, err := p.people.of(ctx, who.ID)
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
