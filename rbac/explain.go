package rbac

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Explanation is a Decision with all that went into it, for people.
type Explanation struct {
	Decision Decision
	Ceilings []Ceiling // every limit on the tier, the one that decides first
	Because  []string  // step by step, each one sentence
	Needed   []string  // what would have to be so for it to be allowed, or who must approve
	Able     []Contact // who may freeze or thaw, when that is denied
	Ask      []Contact // who can help
}

// Explain judges a person's verb on an action and tells how. For Do the person is
// the one who asks. It is never more than Decide and May say.
func (e *Enforcer) Explain(ctx context.Context, who Actor, v Verb, r Request) (x Explanation) {
	if v == Do {
		r.Actor = who
		x.Decision = e.Decide(ctx, r)
	} else {
		x.Decision = e.May(ctx, who, v, r)
	}
	p, _ := e.policy(ctx, r.Org, Actor{Org: r.Org})
	s, ok := p.(*Snapshot)
	if !ok {
		x.Because = []string{"No policy is in force, so everything is denied."}
		return x
	}
	t := teller{Snapshot: s, who: s.Resolve(who), verb: v, r: r, x: &x}
	t.tell(ctx)
	if len(x.Because) == 0 {
		x.Because = x.Decision.Reasons
	}
	return x
}

// teller collects what went into one decision.
type teller struct {
	*Snapshot
	who  Actor
	verb Verb
	r    Request
	x    *Explanation
}

func (t *teller) because(format string, args ...any) {
	t.x.Because = append(t.x.Because, fmt.Sprintf(format, args...))
}

func (t *teller) needed(format string, args ...any) {
	t.x.Needed = append(t.x.Needed, fmt.Sprintf(format, args...))
}

func (t *teller) tell(ctx context.Context) {
	if t.person() {
		t.right()
	}
	if t.verb == Do {
		t.place()
	}
	if t.verb == Do && !speech(t.r.Action) {
		t.tiers(ctx)
		t.label()
	}
	t.approvals()
	if f := t.frozen(t.r); f != nil && t.r.Action.Effect >= Change {
		t.because("%s is frozen until %s by %s: %s. Approved calls wait.", frozenEnv(f.Env), f.Until.UTC().Format("2 January 15:04 MST"), f.By, f.Reason)
	}
	switch v := t.verb; {
	case v == Do && t.x.Decision.Outcome == Deny:
		t.x.Able = t.contacts(t.able(t.r), Do)
		t.x.Ask = t.contacts(t.holders(Do, t.r), Do)
	case t.x.Decision.Outcome != Allow || v == Break:
		t.x.Ask = t.contacts(t.holders(Approve, t.r), Approve)
	}
}

func frozenEnv(env string) string {
	if env == "all" {
		return "Every environment"
	}
	return "Environment " + env
}

// person says who somebody is, and tells whether anything can be said of rights.
func (t *teller) person() bool {
	if t.who.Outsider != "" {
		t.because("%s is %s here, and may do nothing.", t.name(), t.who.Outsider)
		return false
	}
	if t.who.Platform == scheduled {
		t.because("%s is a schedule, which may read.", t.who.ID)
		return true
	}
	p, known := t.Person(t.who.ID)
	if t.who.Platform != personal || !known {
		t.because("Nobody here is known as %s.", Identity(t.who))
		if t.who.Platform == personal {
			t.needed("people: %s: {roles: [viewer]}", t.who.ID)
		} else {
			t.needed(`people: ID: {roles: [viewer], chat: ["%s"]}`, Identity(t.who))
		}
		return false
	}
	if p.Off {
		t.because("%s is switched off.", p.Name)
		t.needed("people: %s: off: false", t.who.ID)
		return false
	}
	t.because("%s is %s: %s.", t.name(), ofPerson+t.who.ID, t.origins(t.who.ID))
	return true
}

func (t *teller) name() string {
	if p, known := t.Person(t.who.ID); known && t.who.Platform == personal {
		return p.Name
	}
	return or(t.who.Name, t.who.ID)
}

// origins says where each role comes from.
func (s *Snapshot) origins(id string) string {
	var all []string
	for _, r := range s.People[id].Roles {
		all = append(all, "role "+r)
	}
	for _, h := range s.held[id] {
		if name, is := strings.CutPrefix(h, ofGroup); is {
			text := "group " + name
			if roles := s.Groups[name].Roles; len(roles) > 0 {
				text += " (gives " + strings.Join(roles, ", ") + ")"
			}
			all = append(all, text)
		}
	}
	return or(strings.Join(all, ", "), "no role")
}

// right says which line allows or denies.
func (t *teller) right() {
	what, on := act(t.verb, t.r.Action), object(t.r.Action)
	judges := t.rulers[t.who.ID]
	if t.who.Platform == scheduled {
		judges = t.clockwork(t.who)
	}
	ok, by, err := judges.may(on, what, nil)
	switch {
	case t.verb == Approve && t.involved(t.who, Approve, t.r):
		t.because("%s asked, or answered what led here, and nobody approves their own.", t.name())
	case err != nil:
		t.because("The rules could not be read, so it is denied.")
	case t.r.Action.Effect <= Unknown || t.r.Action.Effect > Destroy:
		t.because("Nobody has said what this would do, so it is denied.")
	case by != nil && by.Eft == "deny":
		t.because("Denied by %s.", by)
		t.needed("the rule %s would have to go", by)
	case ok:
		t.because("Allowed by %s.", by)
	case t.verb == Approve && t.x.Decision.Outcome == Allow:
		t.because("%s.", strings.Join(t.x.Decision.Reasons, "; ")) // as a deputy
	case t.who.Platform == scheduled:
		t.because("A schedule may not %s.", what)
		t.needed("a person who asks for it")
	default:
		t.because("No rule lets %s %s on %s.", t.name(), what, on)
		t.needed("rules: - {who: %s%s, may: [%s], on: [%s], effect: allow, because: ...}%s", ofPerson, t.who.ID, what, t.on(), t.roleFor(what))
	}
}

// on is the object as configuration names it.
func (t *teller) on() string {
	if o := object(t.r.Action); o != "org" {
		return `"` + o + `"`
	}
	return `"*"`
}

// roleFor names the roles that may do it, the least first.
func (t *teller) roleFor(what string) string {
	for _, role := range []string{"viewer", "approver", "operator", "breakglass"} {
		if slices.Contains(roleActs[role], what) {
			return ", or the role " + role
		}
	}
	return ""
}

// String says a line as a sentence would.
func (l *Line) String() string {
	if l == nil {
		return "a rule"
	}
	where := l.Object
	if where == anything {
		where = "everything"
	}
	verb := "may"
	if l.Eft == "deny" {
		verb = "may not"
	}
	what := l.Act
	if what == anything {
		what = "do anything"
	}
	return fmt.Sprintf("%s %s %s on %s%s", strings.Replace(l.Subject, ":", " ", 1), verb, what, where, reason(l))
}

// place says what the stack's channels and the profile's tools allow.
func (t *teller) place() {
	a := t.r.Action
	st, known := t.Stacks[a.Stack]
	switch {
	case a.Stack != "" && !known:
		t.because("There is no stack %s.", a.Stack)
		return
	case a.Stack != "" && !slices.Contains(st.Rooms, t.r.Channel):
		t.because("%s is spoken of in %s only.", a.Stack, t.titles(st.Rooms))
		t.needed("ask in %s", t.titles(st.Rooms))
	}
	if p := t.Profiles[t.r.Profile]; !speech(a) && !t.who.fixed() && !p.Tools.May(a.Tool) {
		t.because("Profile %s does not allow tool %s.", or(t.r.Profile, "(none)"), a.Tool)
		t.needed("profiles: %s: allow: [%s], and not in deny", or(t.r.Profile, "NAME"), a.Tool)
	}
}

// tiers says every ceiling, and what the lowest one allows.
func (t *teller) tiers(ctx context.Context) {
	limits, err := t.Ceilings(ctx, t.r)
	if err != nil {
		return
	}
	limits = append(limits, Ceiling{Tier: t.r.Tier, Of: "this job"})
	slices.SortStableFunc(limits, func(a, b Ceiling) int { return int(a.Tier) - int(b.Tier) })
	t.x.Ceilings = limits
	need, reachable := lowestFor(t.r.Action.Effect)
	for _, l := range limits {
		raised := ""
		if l.Raised != "" {
			raised = ", " + l.Raised
		}
		t.because("%s is at tier %s%s.", upper(l.Of), l.Tier, raised)
		if reachable && l.Tier < need {
			t.lift(l, need)
		}
	}
	if d := ceiling(limits[0], t.r.Action.Effect); d.Outcome != Deny {
		t.because("At tier %s, %s is %s.", limits[0].Tier, t.r.Action.Effect, inWords(d))
	}
}

func (t *teller) lift(l Ceiling, need Tier) {
	kind, name, _ := strings.Cut(l.Of, " ")
	switch kind {
	case "environment", "profile":
		t.needed("raises: - {%s: %s, tier: %s, until: ..., because: ...}", kind, name, need)
	case "channel":
		if t.r.Channel == "" {
			return // nobody can be told to raise a channel that was not named
		}
		t.needed("raises: - {channel: %q, tier: %s, until: ..., because: ...}", t.r.Channel, need)
	case "the":
		t.needed("a role whose ceiling is tier %s: operator", need)
	}
}

// lowestFor is the lowest tier at which an effect is possible.
func lowestFor(e Effect) (Tier, bool) {
	for t := Observe; t <= Gated; t++ {
		if e > Unknown && e <= Destroy && matrix[t][e].Outcome != Deny {
			return t, true
		}
	}
	return Gated, false
}

func inWords(d Decision) string {
	if d.Outcome == Ask {
		return "asked of " + Need{Count: d.Approvals}.String()
	}
	return "allowed"
}

func (t *teller) label() {
	if d := raise(t.r); d.Outcome == Ask {
		t.because("Foreign text was read before (%s), so people are asked.", strings.Join(t.r.Label.Origins, ", "))
	}
}

// approvals says which rules ask for more, and who must approve.
func (t *teller) approvals() {
	for _, r := range t.demands(t.r.Action) {
		t.because("Rule %s asks for %s: %s.", r.Name, r.Need, t.matched(r))
	}
	if t.verb == Do && t.x.Decision.Outcome == Ask {
		for _, n := range t.x.Decision.Needs {
			t.needed("%s", n)
		}
		slices.Sort(t.x.Needed)
		t.x.Needed = slices.Compact(t.x.Needed)
	}
}

// matched says why a rule is about the action.
func (t *teller) matched(r ApprovalRule) string {
	a, b := t.r.Action, t.r.Action.Blast
	var why []string
	if len(r.Environments) > 0 {
		why = append(why, "it is in "+strings.Join(t.environments(a), " and "))
	}
	if len(r.Stacks) > 0 {
		why = append(why, "it is about "+a.Stack)
	}
	unknown := r.Resources > 0 || r.Destroys || len(r.Kinds) > 0
	switch {
	case unknown && !b.Known:
		why = append(why, "how much it touches is not known")
	case unknown:
		if r.Resources > 0 {
			why = append(why, fmt.Sprintf("it changes %d resources", b.Resources))
		}
		if r.Destroys {
			why = append(why, fmt.Sprintf("it destroys %d", b.Destroys))
		}
		if len(r.Kinds) > 0 {
			why = append(why, "it touches "+strings.Join(slices.DeleteFunc(slices.Clone(b.Kinds), func(k string) bool { return !ofKind([]string{k}, r.Kinds) }), ", "))
		}
	}
	return or(strings.Join(why, ", "), "it is a live change")
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// Identity is how configuration writes a chat identity; a person is "person:ID".
func Identity(a Actor) string {
	if a.Tenant != "" {
		return a.Platform + ":" + a.Tenant + "/" + a.ID
	}
	return a.Platform + ":" + a.ID
}
