package bot

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// offers keeps links as a store must: To is set once, and joined once.
type offers struct {
	mu     sync.Mutex
	links  map[string]Link
	joined map[rbac.Subject]string
}

func (o *offers) PutLink(_ context.Context, l Link) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.links[l.ID] = l
	return nil
}

func (o *offers) Link(_ context.Context, org, id string) (Link, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l, ok := o.links[id]
	if !ok || l.Org != org {
		return Link{}, agent.ErrNotFound
	}
	return l, nil
}

func (o *offers) TakeLink(ctx context.Context, org, id string, to rbac.Actor) (Link, error) {
	l, err := o.Link(ctx, org, id)
	if err != nil || l.To != (rbac.Actor{}) {
		return l, agent.ErrRaced
	}
	l.To = to
	return l, o.PutLink(ctx, l)
}

func (o *offers) JoinLink(ctx context.Context, org, id, person string, identity rbac.Actor) error {
	l, err := o.Link(ctx, org, id)
	if err != nil || l.Done || o.joined[identity.Subject()] != "" {
		return agent.ErrRaced
	}
	l.Done = true
	o.joined[identity.Subject()] = person
	return o.PutLink(ctx, l)
}

type nowhere struct{}

func (nowhere) Enqueue(context.Context, agent.Job) error { return nil }

// pair is a chat with somebody who is known, and another with an account of theirs.
type pair struct {
	*Inbox
	offers    *offers
	here, far rbac.Actor
	n         int
}

func newPair() *pair {
	p := &pair{
		offers: &offers{links: map[string]Link{}, joined: map[rbac.Subject]string{}},
		here:   rbac.Actor{Org: "acme", Platform: "slack", Tenant: "T1", ID: "U1", Name: "Alice"},
		far:    rbac.Actor{Org: "acme", Platform: "teams", Tenant: "X", ID: "a1", Name: "Alice"},
	}
	p.Inbox = &Inbox{
		Queue: nowhere{}, Links: p.offers, LinkKey: func(org string) []byte { return []byte("key of " + org) },
		Room: func(context.Context, string, string) Room { return Room{} },
		Who: func(_ context.Context, a rbac.Actor) rbac.Actor {
			switch {
			case same(a, p.here), p.offers.joined[a.Subject()] == "alice":
				return alice
			case a.ID == "U2":
				return bob
			}
			return a
		},
	}
	return p
}

// say is one message to the bot; what it answers is returned.
func (p *pair) say(t *testing.T, who rbac.Actor, text string) string {
	t.Helper()
	p.n++
	r, err := p.Mention(t.Context(), Mention{ID: "m", Org: who.Org, Thread: agent.Thread{Platform: who.Platform, Channel: "C", ID: "t"}, Actor: who, Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return r.Private
}

// code is what an answer tells to type.
func code(answer string) string { return answer[strings.LastIndex(answer, "link "):] }

func (p *pair) refused(t *testing.T, why, answer string) {
	t.Helper()
	if !strings.HasPrefix(answer, "Not linked: ") || len(p.offers.joined) != 0 {
		t.Errorf("%s: %q, joined %v", why, answer, p.offers.joined)
	}
}

// Each side confirms, and the two accounts are one person.
func TestLinkOfBothSides(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(p *pair) (first, second rbac.Actor){
		"the known one begins": func(p *pair) (rbac.Actor, rbac.Actor) { return p.here, p.far },
		"the new one begins":   func(p *pair) (rbac.Actor, rbac.Actor) { return p.far, p.here },
	} {
		p := newPair()
		first, second := begin(p)
		offered := p.say(t, first, "link")
		taken := p.say(t, second, strings.ToLower(code(offered)))
		if len(p.offers.joined) != 0 {
			t.Errorf("%s: joined before both said so", name)
		}
		if got := p.say(t, first, code(taken)); !strings.HasPrefix(got, "Linked: Alice is now one person") || p.offers.joined[p.far.Subject()] != "alice" {
			t.Errorf("%s: %q, joined %v", name, got, p.offers.joined)
		}
		again := p.say(t, first, code(taken))
		if !strings.HasPrefix(again, "Not linked: ") {
			t.Errorf("%s: a second time: %q", name, again)
		}
	}
}

// What somebody else does with a code, or makes of one.
func TestLinkIsNotForged(t *testing.T) {
	t.Parallel()
	mallory := rbac.Actor{Org: "acme", Platform: "teams", Tenant: "X", ID: "m1", Name: "Alice"}
	for name, attack := range map[string]func(t *testing.T, p *pair, offered string) string{
		"made up": func(t *testing.T, p *pair, _ string) string {
			return p.say(t, p.far, "link AAAAAAAAAAAAAAAA-BBBBBBBBBBBBBBBB")
		},
		"no signature": func(t *testing.T, p *pair, c string) string {
			id, _, _ := strings.Cut(c, "-")
			return p.say(t, p.far, id)
		},
		"half a signature": func(t *testing.T, p *pair, c string) string { return p.say(t, p.far, c[:len(c)-1]) },
		"another signature": func(t *testing.T, p *pair, c string) string {
			id, _, _ := strings.Cut(c, "-")
			other := code(p.say(t, p.far, "link"))
			_, sum, _ := strings.Cut(other, "-")
			return p.say(t, p.far, id+"-"+sum)
		},
		"the offer again, by another": func(t *testing.T, p *pair, c string) string {
			p.say(t, p.far, c)
			return p.say(t, mallory, c)
		},
		"the offer confirmed with itself": func(t *testing.T, p *pair, c string) string {
			p.say(t, p.far, c)
			return p.say(t, p.here, c)
		},
		"confirmed by the other side": func(t *testing.T, p *pair, c string) string { return p.say(t, p.far, code(p.say(t, p.far, c))) },
		"confirmed by a stranger":     func(t *testing.T, p *pair, c string) string { return p.say(t, mallory, code(p.say(t, p.far, c))) },
		"the same name, another account": func(t *testing.T, p *pair, c string) string {
			taken := code(p.say(t, p.far, c))
			fake := p.here
			fake.ID = "U9"
			return p.say(t, fake, taken)
		},
		"the same id, another workspace": func(t *testing.T, p *pair, c string) string {
			taken := code(p.say(t, p.far, c))
			fake := p.here
			fake.Tenant = "T2"
			return p.say(t, fake, taken)
		},
		"another organisation": func(t *testing.T, p *pair, c string) string {
			fake := p.far
			fake.Org = "umbrella"
			return p.say(t, fake, c)
		},
		"oneself": func(t *testing.T, p *pair, c string) string { return p.say(t, p.here, c) },
		"somebody who is known": func(t *testing.T, p *pair, c string) string {
			return p.say(t, rbac.Actor{Org: "acme", Platform: "slack", Tenant: "T1", ID: "U2", Name: "Bob"}, c)
		},
		"a guest": func(t *testing.T, p *pair, c string) string {
			guest := p.far
			guest.Outsider = "a guest"
			return p.say(t, guest, c)
		},
		"who is taken for another at the end": func(t *testing.T, p *pair, c string) string {
			taken := code(p.say(t, p.far, c))
			p.far.ID, p.Who = "none", func(context.Context, rbac.Actor) rbac.Actor { return bob } // both belong to bob by now
			return p.say(t, p.here, taken)
		},
	} {
		p := newPair()
		p.refused(t, name, attack(t, p, code(p.say(t, p.here, "link"))))
	}
}

// Whoever is refused learns why, when they could do something about it.
func TestUnlinkableSaysWhy(t *testing.T) {
	t.Parallel()
	known := rbac.Actor{Org: "acme", Platform: "slack", Tenant: "T1", ID: "U2", Name: "Bob"}
	stranger := rbac.Actor{Org: "acme", Platform: "slack", Tenant: "T1", ID: "U7", Name: "Alice"}
	for want, pick := range map[string]func(p *pair) (from, to rbac.Actor){
		"Not linked: this is the same account. Say it in the other chat.":                              func(p *pair) (rbac.Actor, rbac.Actor) { return p.here, p.here },
		"Not linked: both accounts belong to somebody already. An administrator can change that.":      func(p *pair) (rbac.Actor, rbac.Actor) { return p.here, known },
		"Not linked: neither account is known here. An administrator adds one of them first.":          func(p *pair) (rbac.Actor, rbac.Actor) { return p.far, stranger },
		"This joins your account here with slack:T1/U1 (Alice). If that is you, confirm there, within": func(p *pair) (rbac.Actor, rbac.Actor) { return p.here, p.far },
	} {
		p := newPair()
		from, to := pick(p)
		if got := p.say(t, to, code(p.say(t, from, "link"))); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// An offer whose record was changed is worth nothing: the code signs each field.
func TestChangedOfferIsRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(l *Link){
		"another account":   func(l *Link) { l.From.ID = "U2" },
		"another workspace": func(l *Link) { l.From.Tenant = "T2" },
		"another chat":      func(l *Link) { l.From.Platform = "teams" },
		"another taker":     func(l *Link) { l.To.ID = "m1" },
		"a longer time":     func(l *Link) { l.Expires = l.Expires.Add(time.Hour) },
	} {
		p := newPair()
		taken := code(p.say(t, p.far, code(p.say(t, p.here, "link"))))
		for id, l := range p.offers.links {
			change(&l)
			p.offers.links[id] = l
			p.refused(t, name, p.say(t, l.From, taken))
		}
	}
}

// Each field of what is signed is held fast by the signature.
func TestLinkSumHoldsEachField(t *testing.T) {
	t.Parallel()
	p := newPair()
	l := Link{ID: "ID", Org: "acme", From: p.here, To: p.far, Expires: noon}
	sum := p.linkSum(l, 2)
	for name, change := range map[string]func(l *Link){
		"id": func(l *Link) { l.ID = "IE" }, "org": func(l *Link) { l.Org = "umbrella" }, "expiry": func(l *Link) { l.Expires = noon.Add(time.Microsecond) },
		"from": func(l *Link) { l.From.ID = "U2" }, "from's workspace": func(l *Link) { l.From.Tenant = "T2" }, "from's chat": func(l *Link) { l.From.Platform = "teams" },
		"to": func(l *Link) { l.To.ID = "a2" }, "to's workspace": func(l *Link) { l.To.Tenant = "Y" }, "nobody": func(l *Link) { l.To = rbac.Actor{} },
	} {
		other := l
		change(&other)
		if p.linkSum(other, 2) == sum {
			t.Errorf("%s may be another", name)
		}
	}
	if p.linkSum(l, 1) == sum {
		t.Error("an offer confirms itself")
	}
	other := l
	other.From.Name, other.To.Name = "Mallory", "Mallory"
	if p.linkSum(other, 2) != sum {
		t.Error("a name decides")
	}
}

// After ten minutes both codes are worth nothing.
func TestLinkExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPair()
		offered := code(p.say(t, p.here, "link"))
		time.Sleep(linkTime)
		p.refused(t, "an old offer", p.say(t, p.far, offered))
		taken := code(p.say(t, p.far, code(p.say(t, p.here, "link"))))
		time.Sleep(linkTime)
		p.refused(t, "an old confirmation", p.say(t, p.here, taken))
	})
}

func TestLinkIsOff(t *testing.T) {
	t.Parallel()
	for name, off := range map[string]func(p *pair){
		"no store": func(p *pair) { p.Links = nil }, "no key": func(p *pair) { p.LinkKey = nil }, "an empty key": func(p *pair) { p.LinkKey = func(string) []byte { return nil } },
	} {
		p := newPair()
		off(p)
		if got := p.say(t, p.here, "link"); got != "Accounts cannot be linked here." {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A code that people type is of two parts, whatever they type.
func FuzzLink(f *testing.F) {
	for _, s := range []string{"", "a", "A-B", "-", "a-b-c", strings.Repeat("A", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := newPair()
		p.say(t, p.here, "link")
		if strings.TrimSpace(s) == "" || len(strings.Fields(s)) != 1 {
			return
		}
		p.refused(t, s, p.say(t, p.far, "link "+s))
	})
}
