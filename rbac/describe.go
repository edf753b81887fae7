package rbac

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Describe says the policy in sorted lines, one fact each, and who may do what in
// each environment by them: two policies differ where their lines do.
func (s *Snapshot) Describe() (lines []string) {
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for id, p := range s.People {
		add("person %s: %s", id, s.describePerson(id, p))
	}
	for name, g := range s.Groups {
		add("group %s: gives %s; members %s", name, or(strings.Join(g.Roles, ", "), "no role"), or(strings.Join(g.Members, ", "), "none"))
	}
	for name, t := range s.Environments {
		add("environment %s: tier %s", name, t)
		add("in %s, by these rules: may change: %s; may approve: %s; may break the glass: %s", name,
			s.list(s.MayEver(Do, name)), s.list(s.MayEver(Approve, name)), s.list(s.MayEver(Break, name)))
	}
	for name, c := range s.Channels {
		add("channel %s: tier %s", name, c.Tier)
	}
	for name, p := range s.Profiles {
		add("profile %s: tier %s; tools %s; not %s", name, p.Tier, s.list(p.Tools.Allow), s.list(p.Tools.Deny))
	}
	for name, st := range s.Stacks {
		add("stack %s: environment %s; channels %s; owners %s", name, st.Environment, s.list(st.Rooms), s.list(st.Owners))
	}
	for _, l := range s.Lines {
		add("rule: %s", &l)
	}
	for _, r := range s.Approvals {
		add("approvals %s: %s", r.Name, r.describe())
	}
	for _, r := range s.Raises {
		add("raise: %s to %s until %s: %s", r.Of, r.Tier, r.Until.UTC().Format(time.RFC3339), r.Because)
	}
	for _, f := range s.Freezes {
		add("freeze: %s until %s by %s: %s", f.Env, f.Until.UTC().Format(time.RFC3339), f.By, f.Reason)
	}
	for _, w := range s.Workspaces {
		add("workspace %s:%s", w.Platform, w.Tenant)
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

func (s *Snapshot) describePerson(id string, p Person) string {
	text := s.origins(id)
	for _, a := range p.Chat {
		text += "; " + Identity(a)
	}
	if p.Off {
		text += "; switched off"
	}
	if !p.Away.IsZero() {
		text += fmt.Sprintf("; away until %s, deputy %s", p.Away.UTC().Format(time.RFC3339), p.Deputy)
	}
	return text
}

func (*Snapshot) list(all []string) string { return or(strings.Join(all, ", "), "none") }

// describe says what a rule is about, and what it needs.
func (r ApprovalRule) describe() string {
	var of []string
	for what, all := range map[string][]string{"environment ": r.Environments, "stack ": r.Stacks, "kind ": r.Kinds} {
		if len(all) > 0 {
			of = append(of, what+strings.Join(all, " or "))
		}
	}
	slices.Sort(of)
	var effects []string
	for _, e := range r.Effects {
		effects = append(effects, e.String())
	}
	if len(effects) > 0 {
		of = append(of, "effect "+strings.Join(effects, " or "))
	}
	if r.Resources > 0 {
		of = append(of, fmt.Sprintf("%d or more resources", r.Resources))
	}
	if r.Destroys {
		of = append(of, "something is destroyed")
	}
	text := or(strings.Join(of, ", "), "every live change") + ": " + r.Need.String()
	if r.Expiry > 0 {
		text += ", within " + r.Expiry.String()
	}
	if r.Urgent {
		text += ", urgent"
	}
	return text
}

// Diff is what changes from one policy to another: lines that go begin with "-",
// lines that come with "+".
func Diff(was, now []string) (lines []string) {
	old, fresh := map[string]bool{}, map[string]bool{}
	for _, l := range was {
		old[l] = true
	}
	for _, l := range now {
		fresh[l] = true
	}
	for l := range maps.Keys(old) {
		if !fresh[l] {
			lines = append(lines, "- "+l)
		}
	}
	for l := range maps.Keys(fresh) {
		if !old[l] {
			lines = append(lines, "+ "+l)
		}
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[2:]+a[:1], b[2:]+b[:1]) })
	return lines
}
