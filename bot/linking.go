package bot

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// linkTime is how long an offer can be taken up and confirmed.
const linkTime = 10 * time.Minute

const badCode = "Not linked: this code is not valid here. It works once, for 10 minutes, in the other chat; say link to begin anew."

// link joins two chat identities of one person, each side confirming: link in
// the first chat gives a code, link CODE in the second one gives another, and
// that one in the first chat joins. Names and addresses decide nothing.
func (in *Inbox) link(ctx context.Context, c Command) (Reply, error) {
	switch {
	case in.Links == nil || in.LinkKey == nil || len(in.LinkKey(c.Org)) == 0:
		return said("Accounts cannot be linked here."), nil
	case c.Actor.Outsider != "":
		return said("Not linked: your account is " + plain(c.Actor.Outsider) + " here."), nil
	case c.Text == "":
		return in.offer(ctx, c)
	}
	id, sum, _ := strings.Cut(strings.ToUpper(c.Text), "-")
	l, err := in.Links.Link(ctx, c.Org, id)
	switch {
	case errors.Is(err, agent.ErrNotFound):
		return said(badCode), nil
	case err != nil:
		return Reply{}, fmt.Errorf("read link: %w", err)
	case !time.Now().Before(l.Expires) || l.Done:
		return said(badCode), nil
	case l.To == (rbac.Actor{}) && hmac.Equal([]byte(sum), []byte(in.linkSum(l, 1))):
		return in.take(ctx, c, l)
	case l.To != (rbac.Actor{}) && same(l.From, c.Actor) && hmac.Equal([]byte(sum), []byte(in.linkSum(l, 2))):
		return in.join(ctx, c, l)
	}
	return said(badCode), nil
}

func (in *Inbox) offer(ctx context.Context, c Command) (Reply, error) {
	l := Link{ID: rand.Text()[:16], Org: c.Org, From: c.Actor, Expires: time.Now().UTC().Add(linkTime).Truncate(time.Microsecond)}
	if err := in.Links.PutLink(ctx, l); err != nil {
		return Reply{}, fmt.Errorf("offer link: %w", err)
	}
	return said("To join another chat account of yours to this one, say there, within 10 minutes: link " + in.code(l, 1)), nil
}

// take is the second side. One of the two must be somebody already, and not both.
func (in *Inbox) take(ctx context.Context, c Command, l Link) (Reply, error) {
	if why := in.unlinkable(ctx, l.From, c.Actor); why != "" {
		return said("Not linked: " + why), nil
	}
	l, err := in.Links.TakeLink(ctx, c.Org, l.ID, c.Actor)
	switch {
	case errors.Is(err, agent.ErrRaced):
		return said(badCode), nil
	case err != nil:
		return Reply{}, fmt.Errorf("take link: %w", err)
	}
	return said(fmt.Sprintf("This joins your account here with %s (%s). If that is you, confirm there, within 10 minutes, with: link %s",
		plain(rbac.Identity(l.From)), plain(l.From.Name), in.code(l, 2))), nil
}

// join is the first side's confirmation.
func (in *Inbox) join(ctx context.Context, c Command, l Link) (Reply, error) {
	if why := in.unlinkable(ctx, l.From, l.To); why != "" {
		return said("Not linked: " + why), nil
	}
	who, identity := in.who(ctx, l.From), l.To
	if !known(who) {
		who, identity = in.who(ctx, l.To), l.From
	}
	switch err := in.Links.JoinLink(ctx, c.Org, l.ID, who.ID, identity); {
	case errors.Is(err, agent.ErrRaced):
		return said(badCode), nil
	case err != nil:
		return Reply{}, fmt.Errorf("join link: %w", err)
	}
	text := fmt.Sprintf("%s is now one person with %s.", plain(who.Name), plain(rbac.Identity(identity)))
	m := Mention{ID: c.ID, Org: c.Org, Thread: c.Thread, Actor: c.Actor}
	return said("Linked: " + text + " An administrator can undo it."),
		in.enqueue(ctx, m, agent.Job{ID: "link/" + l.ID, Title: "Accounts linked", Notice: text})
}

// unlinkable tells why two accounts are not joined. Two people are never made one
// here: that would add up their rights.
func (in *Inbox) unlinkable(ctx context.Context, from, to rbac.Actor) string {
	a, b := known(in.who(ctx, from)), known(in.who(ctx, to))
	switch {
	case from.Org != to.Org:
		return "they are of two organisations."
	case same(from, to):
		return "this is the same account. Say it in the other chat."
	case a && b:
		return "both accounts belong to somebody already. An administrator can change that."
	case !a && !b:
		return "neither account is known here. An administrator adds one of them first."
	}
	return ""
}

func same(a, b rbac.Actor) bool { return a.Subject() == b.Subject() }

// known tells whether an actor is a person of the policy.
func known(a rbac.Actor) bool { return a.Platform == "person" }

// code is what people type: the offer and its signature.
func (in *Inbox) code(l Link, step int) string { return l.ID + "-" + in.linkSum(l, step) }

// linkSum signs one step of an offer, with both sides as far as they are known.
func (in *Inbox) linkSum(l Link, step int) string {
	mac := hmac.New(sha256.New, in.LinkKey(l.Org))
	for _, f := range []string{"link", fmt.Sprint(step), l.Org, l.ID, string(l.From.Subject()), string(l.To.Subject()), fmt.Sprint(l.Expires.UnixMicro())} {
		_, _ = fmt.Fprintf(mac, "%d:%s", len(f), f)
	}
	const size = 10 // bytes: 80 bits, for ten minutes
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(mac.Sum(nil)[:size])
}
