package bot

import (
	"context"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/rbac"
)

// book is a policy as a test wants it: "VERB ID" is allowed, all else denied.
type book struct {
	may    map[string]bool
	needed []string
	who    map[rbac.Verb][]rbac.Contact
	admins []rbac.Contact
	asked  []rbac.Request
}

func (b *book) judge(who rbac.Actor, v rbac.Verb) rbac.Decision {
	if b.may[string(v)+" "+who.ID] {
		return rbac.Decision{Outcome: rbac.Allow}
	}
	return rbac.Decision{Reasons: []string{who.Name + " may not " + string(v)}}
}

func (b *book) Decide(_ context.Context, r rbac.Request) rbac.Decision {
	b.asked = append(b.asked, r)
	return b.judge(r.Actor, rbac.Do)
}

func (b *book) May(_ context.Context, who rbac.Actor, v rbac.Verb, _ rbac.Request) rbac.Decision {
	return b.judge(who, v)
}

func (*book) Missing(context.Context, rbac.Request, []rbac.Actor) []rbac.Need {
	return []rbac.Need{{Count: 1}}
}

func (b *book) Explain(_ context.Context, who rbac.Actor, v rbac.Verb, _ rbac.Request) rbac.Explanation {
	d := b.judge(who, v)
	return rbac.Explanation{Decision: d, Because: d.Reasons, Needed: b.needed, Ask: b.admins}
}

func (b *book) Who(_ context.Context, v rbac.Verb, r rbac.Request) []rbac.Contact {
	b.asked = append(b.asked, r)
	return b.who[v]
}

func (b *book) Admins(context.Context, string) []rbac.Contact { return b.admins }

// shelf is a record of cards.
type shelf struct {
	*desk
	holds []agent.Hold
}

func (s shelf) HoldByCode(_ context.Context, _, code string) (found []agent.Hold, err error) {
	for _, h := range s.holds {
		if h.Approval.PlanCode() == code {
			found = append(found, h)
		}
	}
	return found, nil
}

// counter is an Inbox over a store in memory, with one card in it.
type counter struct {
	*testing.T
	*Inbox
	book  *book
	store *agenttest.Memory
	hold  agent.Hold
	n     int
}

func contact(id, name string) rbac.Contact {
	return rbac.Contact{ID: id, Name: name, Chat: []rbac.Actor{{Platform: "slack", Tenant: "T1", ID: "U-" + id}}, Why: "role x"}
}

// newCounter opens with a card as change makes it.
func newCounter(t *testing.T, change func(h *agent.Hold)) *counter {
	t.Helper()
	c := &counter{T: t, store: &agenttest.Memory{}, hold: approval(), book: &book{
		may:    map[string]bool{"approve bob": true, "approve carol": true, "do bob": true},
		needed: []string{"the role approver"}, admins: []rbac.Contact{contact("heidi", "Heidi")},
		who: map[rbac.Verb][]rbac.Contact{
			rbac.Break:   {contact("erin", "Erin")},
			rbac.Approve: {contact("bob", "Bob"), contact("carol", "Carol"), contact("erin", "Erin")},
		},
	}}
	c.hold.Thread, c.hold.Expires = here, time.Now().Add(time.Hour)
	if change != nil {
		change(&c.hold)
	}
	s, err := c.store.Open(t.Context(), "acme", here)
	if err != nil {
		t.Fatal(err)
	}
	c.hold.Session = s.ID
	if err := c.store.Append(t.Context(), "acme", agent.Batch{Hold: &c.hold}); err != nil {
		t.Fatal(err)
	}
	c.Inbox = &Inbox{
		Queue: c.store, Records: shelf{&desk{}, []agent.Hold{c.hold}}, Policy: c.book, Room: func(context.Context, string, string) Room { return Room{} },
		Control: &agent.Control{
			Store: c.store, Gate: c.book, Freezes: c.store, Keys: map[string][]byte{"acme": []byte("key")},
			Environments: func(string) []string { return []string{"lab", "prod"} },
		},
	}
	return c
}

func (c *counter) press(who rbac.Actor, verb, value, reason string) Reply {
	c.Helper()
	c.n++
	r, err := c.Click(c.Context(), Click{ID: "c" + string(rune('a'+c.n)), Org: "acme", Thread: here, Actor: who, Verb: verb, Value: value, Reason: reason})
	if err != nil {
		c.Fatal(err)
	}
	return r
}

func (c *counter) say(who rbac.Actor, text string) Reply {
	c.Helper()
	c.n++
	r, err := c.Mention(c.Context(), Mention{ID: "m" + string(rune('a'+c.n)), Org: "acme", Thread: here, Actor: who, Text: text})
	if err != nil {
		c.Fatal(err)
	}
	return r
}

func (c *counter) value() string { return c.hold.ID + "." + c.hold.Approval.PlanCode() }

func labels(r Reply) (all []string) {
	if r.Note != nil {
		for _, b := range r.Note.Buttons {
			all = append(all, b.Label)
		}
	}
	return all
}
