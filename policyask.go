package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"interlock/config"
	"interlock/rbac"
)

// question is one request to policy, as people write it.
type question struct {
	Actor       string    `yaml:"actor"`
	Action      string    `yaml:"action"`
	Effect      string    `yaml:"effect"` // of a tool whose calls differ
	Stack       string    `yaml:"stack"`
	Environment string    `yaml:"environment"`
	Channel     string    `yaml:"channel"`
	Profile     string    `yaml:"profile"`
	For         string    `yaml:"for"` // who asked what is to be approved
	Resources   int       `yaml:"resources"`
	Destroys    int       `yaml:"destroys"`
	Kinds       []string  `yaml:"kinds"`
	Foreign     bool      `yaml:"foreign"`
	At          time.Time `yaml:"at"`
}

// toolEffects are what our tools do; shell depends on the command.
var toolEffects = map[string]rbac.Effect{
	"tofu_plan": rbac.Read, "drift_scan": rbac.Read, "read_file": rbac.Read, "list_files": rbac.Read, "search_files": rbac.Read,
	"read_more": rbac.Read, "ask_person": rbac.Read, "compliance_scan": rbac.Read, "write_file": rbac.Edit, "drift_keep": rbac.Propose, "tofu_validate": rbac.Propose, "tofu_apply": rbac.Change,
}

// effectTools are the tools that stand for an effect that was named alone.
var effectTools = map[rbac.Effect]string{
	rbac.Read: "tofu_plan", rbac.Edit: "write_file", rbac.Propose: "tofu_validate", rbac.Execute: "shell", rbac.Change: "tofu_apply", rbac.Destroy: "tofu_apply",
}

// request is the question as policy takes it.
func (q question) request(o *opened) (who rbac.Actor, v rbac.Verb, r rbac.Request, err error) {
	v = rbac.Do
	a := rbac.Action{Stack: q.Stack, Environment: q.Environment}
	switch effect, bad := rbac.ParseEffect(q.Action); {
	case q.Action == "approve" || q.Action == "break":
		v, a.Tool, a.Effect = rbac.Verb(q.Action), "tofu_apply", rbac.Change
	case slices.Contains([]string{"ask", "answer", "stop", "freeze", "thaw"}, q.Action):
		a.Tool, a.Effect, a.Stack = q.Action, rbac.Read, ""
	case bad == nil:
		a.Tool, a.Effect = effectTools[effect], effect
	case toolEffects[q.Action] != rbac.Unknown:
		a.Tool, a.Effect = q.Action, toolEffects[q.Action]
	default:
		a.Tool = q.Action
	}
	if q.Effect != "" {
		if a.Effect, err = rbac.ParseEffect(q.Effect); err != nil {
			return who, v, r, err
		}
	}
	if a.Effect == rbac.Unknown {
		return who, v, r, fmt.Errorf("what %q does is not known: name its effect, or one of read, edit, propose, execute, change, destroy, ask, answer, stop, freeze, thaw, approve, break", q.Action)
	}
	if a.Effect >= rbac.Change && q.Destroys > 0 {
		a.Effect = rbac.Destroy
	}
	a.Blast = rbac.Blast{Known: true, Resources: max(q.Resources, q.Destroys), Destroys: q.Destroys, Kinds: q.Kinds}
	if st, ok := o.snap.Rules().Stacks[q.Stack]; ok && a.Stack != "" {
		a.Environment = cmp.Or(a.Environment, st.Environment)
		if len(st.Rooms) > 0 {
			q.Channel = cmp.Or(q.Channel, st.Rooms[0])
		}
	}
	who = q.actor(o, q.Actor)
	r = rbac.Request{
		Org: o.org, Actor: who, Profile: cmp.Or(q.Profile, defaultProfile), Channel: q.Channel, Tier: rbac.Gated, Action: a, Label: rbac.Clean(), At: q.At,
	}
	if v != rbac.Do {
		r.Actor = q.actor(o, cmp.Or(q.For, "somebody else"))
	}
	if q.Foreign {
		r.Label = r.Label.Join(rbac.Label{Confidentiality: rbac.Internal, Origins: []string{"somewhere"}})
	}
	return who, v, r, nil
}

// actor is a person by id, or whoever has a chat identity.
func (q question) actor(o *opened, name string) rbac.Actor {
	if i, err := config.ParseIdentity(strings.TrimPrefix(name, "person:")); err == nil {
		return o.snap.Resolve(rbac.Actor{Org: o.org, Platform: i.Platform, Tenant: i.Tenant, ID: i.ID, Name: name})
	}
	id := strings.TrimPrefix(name, "person:")
	p, known := o.snap.Person(id)
	if !known {
		return rbac.Actor{Org: o.org, Platform: "person", ID: id, Name: id}
	}
	return rbac.Actor{Org: o.org, Platform: "person", ID: id, Name: p.Name}
}

// unknown are the names that are not there: mostly they are misspelt, and what is
// not there is denied.
func (q question) unknown(o *opened) (all []string) {
	rules := o.snap.Rules()
	say := func(what, name string, known []string) {
		if name != "" && !slices.Contains(known, name) {
			all = append(all, fmt.Sprintf("there is no %s %q; known: %s", what, name, strings.Join(slices.Sorted(slices.Values(known)), ", ")))
		}
	}
	say("stack", q.Stack, slices.Collect(maps.Keys(rules.Stacks)))
	say("environment", q.Environment, slices.Collect(maps.Keys(rules.Environments)))
	say("profile", q.Profile, slices.Collect(maps.Keys(rules.Profiles)))
	return all
}
