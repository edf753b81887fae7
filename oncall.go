package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"interlock/adapters/notify/pagerduty"
	"interlock/agent"
	"interlock/bot"
	"interlock/config"
	"interlock/rbac"
)

// oncall knows who is on call in each Org, and where people are reached.
type oncall struct {
	*app
	own     map[string]map[string]bot.Rota            // by Org and name
	foreign map[string]map[string]*pagerduty.Schedule // those that PagerDuty keeps
	now     func() time.Time
}

func newOncall(a *app) (*oncall, error) {
	o := &oncall{a, map[string]map[string]bot.Rota{}, map[string]map[string]*pagerduty.Schedule{}, time.Now}
	for org, c := range a.cfg.Orgs {
		o.own[org], o.foreign[org] = map[string]bot.Rota{}, map[string]*pagerduty.Schedule{}
		for name, r := range c.Rotas {
			if r.PagerDuty != "" {
				o.foreign[org][name] = &pagerduty.Schedule{ID: r.PagerDuty, Key: r.Key.Reveal(), URL: r.URL}
				continue
			}
			starts, err := r.Begins()
			if err != nil {
				return nil, fmt.Errorf("rota %s: %w", name, err)
			}
			rota := bot.Rota{People: r.People, Starts: starts, Every: r.Every, Deputy: r.Deputy}
			for _, s := range r.Swaps {
				rota.Swaps = append(rota.Swaps, bot.Swap(s))
			}
			o.own[org][name] = rota
		}
	}
	return o, nil
}

// escalation is how alerts of this product find people.
func (o *oncall) escalation() *agent.Escalation {
	return &agent.Escalation{
		Alerts: o.db, Chain: o.chain, For: o.chainFor, Reach: o.reach, Admins: o.admins, Title: o.title,
		Own: func(org, stack string) []string { return o.cfg.Orgs[org].Stacks[stack].Rooms() },
	}
}

func (o *oncall) chain(org, name string) (rungs []agent.Rung) {
	for _, r := range o.cfg.Orgs[org].Chains[name] {
		rungs = append(rungs, agent.Rung(r))
	}
	return rungs
}

// chainFor is the chain of the stack that an action is about.
func (o *oncall) chainFor(org string, act rbac.Action) string {
	return o.cfg.Orgs[org].Stacks[act.Stack].Chain
}

// reach is where an address of a chain leads now.
func (o *oncall) reach(ctx context.Context, org, to string) agent.Reached {
	switch kind, name := config.Address(to); kind {
	case "oncall", "deputy":
		d, err := o.duty(ctx, org, name)
		if err != nil {
			return agent.Reached{Why: err.Error()}
		}
		if kind == "deputy" {
			d.Person = d.Deputy
		}
		if d.Person == "" {
			return agent.Reached{Why: "nobody is " + map[string]string{"oncall": "on call", "deputy": "deputy"}[kind] + " now"}
		}
		return o.person(ctx, org, d.Person, true)
	case "person":
		return o.person(ctx, org, name, true)
	}
	if platform, _, _ := strings.Cut(to, ":"); o.out.Platforms[platform] == nil {
		return agent.Reached{Why: "the chat " + platform + " is not on"}
	}
	return agent.Reached{Rooms: []string{to}, As: o.title(to)}
}

// person is where somebody is reached: of whoever is away, their deputy is called.
func (o *oncall) person(ctx context.Context, org, id string, deputize bool) agent.Reached {
	p, known := o.snapshot(ctx, org).Person(id)
	switch {
	case !known:
		return agent.Reached{Why: "nobody is called " + id + " any more"}
	case p.Off:
		return agent.Reached{Why: p.Name + " is switched off"}
	case o.now().Before(p.Away) && p.Deputy != "" && deputize:
		return o.person(ctx, org, p.Deputy, false)
	case o.now().Before(p.Away):
		return agent.Reached{Why: p.Name + " is away"}
	}
	room := o.direct(org, id, p.Chat)
	if room == "" {
		return agent.Reached{Why: p.Name + " has no account in a chat that is on"}
	}
	return agent.Reached{Rooms: []string{room}, Who: []rbac.Actor{{Org: org, Platform: "person", ID: id, Name: p.Name}}}
}

// direct is the direct room of a person, in the chat that they like best of those
// that are on; empty is none.
func (o *oncall) direct(org, id string, chat []rbac.Actor) string {
	via := o.cfg.Orgs[org].Notify.People[id].Via
	best := slices.SortedStableFunc(slices.Values(chat), func(a, b rbac.Actor) int {
		return cmp.Compare(place(via, a.Platform), place(via, b.Platform))
	})
	for _, a := range best {
		if o.out.Platforms[a.Platform] != nil {
			return a.Platform + ":@" + a.ID
		}
	}
	return ""
}

// place is where a wish stands among others; what is not among them comes last.
func place(all []string, one string) int {
	if i := slices.Index(all, one); i >= 0 {
		return i
	}
	return len(all)
}

// admins are the rooms that hear of the bot's own troubles: those of the
// configuration, or the administrators themselves.
func (o *oncall) admins(ctx context.Context, org string) (rooms []string) {
	for _, to := range o.cfg.Orgs[org].Notify.Admins {
		if kind, _ := config.Address(to); kind == "room" || kind == "person" {
			rooms = append(rooms, o.reach(ctx, org, to).Rooms...)
		}
	}
	if len(rooms) > 0 {
		return rooms
	}
	for _, c := range o.gate.Admins(ctx, org) {
		rooms = append(rooms, o.person(ctx, org, c.ID, false).Rooms...)
	}
	return rooms
}

// duty is who is on call by a rota now.
func (o *oncall) duty(ctx context.Context, org, name string) (bot.Duty, error) {
	if r, ok := o.own[org][name]; ok {
		return r.At(o.now()), nil
	}
	s, ok := o.foreign[org][name]
	if !ok {
		return bot.Duty{}, fmt.Errorf("there is no rota %s", name)
	}
	turns, err := s.Turns(ctx)
	if err != nil {
		return bot.Duty{}, err
	}
	d := onDuty(turns, o.now(), func(t pagerduty.Turn) string { return o.ours(ctx, org, t) })
	if own := o.cfg.Orgs[org].Rotas[name].Deputy; own != "" && own != d.Person {
		d.Deputy = own
	}
	return d, nil
}

// onDuty is who is on call by the turns of a schedule: the lowest level that holds. Who
// stands in is of the lowest level above it that is somebody else; without any, who
// follows.
func onDuty(turns []pagerduty.Turn, now time.Time, who func(pagerduty.Turn) string) (d bot.Duty) {
	level, above := 0, 0
	for _, t := range turns {
		if t.Holds(now) && (level == 0 || t.Level < level) {
			d.Person, d.Until, level = who(t), t.Until, t.Level
		}
	}
	for _, t := range turns {
		switch other := who(t) != d.Person; {
		case !other:
		case t.Holds(now) && t.Level > level && (above == 0 || t.Level < above):
			d.Deputy, above = who(t), t.Level
		case !t.Holds(now) && d.Next == "" && t.Level <= max(level, 1):
			d.Next = who(t)
		}
	}
	d.Deputy = cmp.Or(d.Deputy, d.Next)
	return d
}

// ours is the person behind somebody of PagerDuty: by their e-mail address, or by
// a name that one person alone has. Whoever is none stays a name that nobody has.
func (o *oncall) ours(ctx context.Context, org string, t pagerduty.Turn) string {
	for _, id := range slices.Sorted(maps.Keys(o.cfg.Orgs[org].Notify.People)) {
		if mail := o.cfg.Orgs[org].Notify.People[id].Mail; mail != "" && strings.EqualFold(mail, t.Mail) {
			return id
		}
	}
	var found []string
	if s := o.snapshot(ctx, org); s != nil {
		for id, p := range s.Rules().People {
			if strings.EqualFold(p.Name, t.Name) {
				found = append(found, id)
			}
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return cmp.Or(t.Name, t.Mail)
}

// rotas answers who is on call; nil when no Org has a rota.
func (o *oncall) rotas() func(ctx context.Context, org string) ([]bot.Field, error) {
	for _, c := range o.cfg.Orgs {
		if len(c.Rotas) > 0 {
			return o.rota
		}
	}
	return nil
}

// rota says who is on call by each rota, until when, and who follows.
func (o *oncall) rota(ctx context.Context, org string) (fields []bot.Field, err error) {
	for _, name := range slices.Sorted(maps.Keys(o.cfg.Orgs[org].Rotas)) {
		d, err := o.duty(ctx, org, name)
		if err != nil {
			fields = append(fields, bot.Field{Name: name, Value: "not known just now: " + err.Error()})
			continue
		}
		called := func(id string) string {
			p, _ := o.snapshot(ctx, org).Person(id)
			return cmp.Or(p.Name, id)
		}
		d.Person, d.Next, d.Deputy = called(d.Person), called(d.Next), called(d.Deputy)
		fields = append(fields, bot.Field{Name: name, Value: d.String()})
	}
	return fields, nil
}
