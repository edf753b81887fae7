package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"interlock/agent"
	"interlock/agent/prompts"
	"interlock/config"
)

// brief is what the model of a thread is told beside it.
func (a *app) brief(org string, t agent.Thread, p agent.Profile) []string {
	return a.prompts.Brief(org, p.Name, stacksOf(a.cfg.Orgs[org], t.Room()))
}

// stacksOf are the stacks of a room; of all rooms when it is empty.
func stacksOf(o config.Org, room string) (all []prompts.Stack) {
	for _, name := range slices.Sorted(maps.Keys(o.Stacks)) {
		if st := o.Stacks[name]; room == "" || slices.Contains(st.Rooms(), room) {
			all = append(all, prompts.Stack{Name: name, Environment: st.Environment})
		}
	}
	return all
}

// loadPrompts reads the rules for models and each Org's policies, and refuses
// what does not fit into a prompt.
func loadPrompts(orgs map[string]config.Org) (*prompts.Set, error) {
	dirs := map[string]string{}
	for org, o := range orgs {
		dirs[org] = o.Policies
	}
	set, err := prompts.Load(dirs)
	if err != nil {
		return nil, err
	}
	var errs []error
	for org, o := range orgs {
		rooms := map[string]bool{}
		for _, st := range o.Stacks {
			for _, r := range st.Rooms() {
				rooms[r] = true
			}
		}
		for _, r := range slices.Sorted(maps.Keys(rooms)) {
			if err := set.Check(org, stacksOf(o, r)); err != nil {
				errs = append(errs, fmt.Errorf("policies of %s in %s: %w", org, r, err))
			}
		}
	}
	return set, errors.Join(errs...)
}

// checkPolicies is for doctor: which policies there are, and which nobody is told.
func checkPolicies(orgs map[string]config.Org) (string, error) {
	set, err := loadPrompts(orgs)
	if err != nil {
		return "", err
	}
	var all, lost []string
	for _, org := range slices.Sorted(maps.Keys(orgs)) {
		for _, v := range set.Versions(org) {
			all = append(all, org+"/"+v)
		}
		for _, path := range set.Unused(org, stacksOf(orgs[org], "")) {
			lost = append(lost, org+"/"+path)
		}
	}
	switch {
	case len(lost) > 0:
		return "", fmt.Errorf("no stack is told %s: is the name misspelt?", strings.Join(lost, ", "))
	case len(all) == 0:
		return "none of your own", nil
	}
	return strings.Join(all, ", "), nil
}
