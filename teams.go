package main

import (
	"context"

	"interlock/adapters/teams"
	"interlock/agent"
	"interlock/rbac"
	"interlock/store"
)

// wireTeams adds Microsoft Teams, when its keys are there.
func (a *app) wireTeams() error {
	c, err := teams.Load(a.cfg.Teams)
	if err != nil || !c.On() {
		return err
	}
	owners, only := workspaces(a.cfg.Orgs, teams.Name)
	a.teams, err = teams.New(teams.Options{
		Config: c, Inbox: a.in, Places: teamsPlaces{a.db}, Count: a.metrics.delivered(teams.Name), Log: a.log,
		Lookups: teams.Lookups{
			Org: func(tenant string) (string, bool) { o, ok := owners[tenant]; return o, ok }, Only: only,
			Of: func(org string) (all []string) {
				for tenant, o := range owners {
					if o == org {
						all = append(all, tenant)
					}
				}
				return all
			},
			Follow: a.in.Follow, Home: a.in.Home, Key: a.cardKey,
		},
	})
	if err != nil {
		return err
	}
	a.out.Platforms[teams.Name] = a.teams
	return nil
}

// teamsPlaces keeps where people and conversations of Teams are.
type teamsPlaces struct{ db *store.DB }

// Place gives what was kept, or nil.
func (p teamsPlaces) Place(ctx context.Context, org, id string) ([]byte, error) {
	return p.db.Token(ctx, org, teams.Name+"/"+id)
}

// PutPlace keeps a place.
func (p teamsPlaces) PutPlace(ctx context.Context, org, id string, b []byte) error {
	return p.db.PutToken(ctx, org, teams.Name+"/"+id, b)
}

// deciders are the chat identities of those who may approve, by policy's own list.
func (a *app) deciders(ctx context.Context, h agent.Hold) (all []rbac.Actor) {
	for _, c := range a.gate.Who(ctx, rbac.Approve, h.Request) {
		all = append(all, c.Chat...)
	}
	return all
}
