package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"interlock/adapters/teams"
	"interlock/config"
)

// teamsChecks ask Microsoft itself, where Teams is configured. Where the rooms are
// is known from what was heard there; at is where Teams reaches this server.
func teamsChecks(ctx context.Context, cfg config.Config, at string) (all []check) {
	c, err := teams.Load(cfg.Teams)
	if err != nil || !c.On() {
		return nil
	}
	var rooms []teams.Room
	for _, org := range slices.Sorted(maps.Keys(cfg.Orgs)) {
		for _, id := range roomsOf(cfg, org, teams.Name) {
			rooms = append(rooms, teams.Room{Org: org, ID: id})
		}
	}
	places, closed := doctorPlaces(ctx, cfg)
	defer closed()
	for _, one := range append(teams.Checks(ctx, c, nil, places, rooms), teamsEndpoint(ctx, cfg.HTTP, at)) {
		err := one.Err
		if w := teams.Warning(""); errors.As(err, &w) {
			err = &warning{[]string{string(w), one.Fix}}
		}
		all = append(all, check{one.Name, func(context.Context) (string, error) { return one.Found, err }, one.Fix})
	}
	return all
}

// doctorPlaces are where rooms are. A database that cannot be opened has a check of
// its own: then nothing is known of any room.
func doctorPlaces(ctx context.Context, cfg config.Config) (places teams.Places, closed func()) {
	keys, err := orgKeys(cfg)
	if err != nil {
		return nil, func() {}
	}
	db, err := openStore(ctx, cfg, keys, 0, logger(cfg.Log))
	if err != nil {
		return nil, func() {}
	}
	return teamsPlaces{db}, func() { _ = db.Close() } // only read
}

// teamsEndpoint says which address the bot's registration must name, and asks there
// when it is told which. From outside it may still look different.
func teamsEndpoint(ctx context.Context, h config.HTTP, at string) teams.Check {
	const must = "the Azure Bot's messaging endpoint must be https://YOUR-HOST/api/messages and lead to "
	switch {
	case at != "":
		return teams.CheckEndpoint(ctx, nil, at)
	case h.Public == "":
		return teams.Check{
			Name: "teams endpoint", Err: teams.Warning(fmt.Sprintf("%shttp.addr, %s; http.public is empty", must, h.Addr)),
			Fix: "set http.public, or see that your proxy passes /api/messages on and nothing else; interlock doctor --url https://YOUR-HOST asks there",
		}
	}
	return teams.Check{Name: "teams endpoint", Found: must + "http.public, " + h.Public + "; interlock doctor --url https://YOUR-HOST asks there"}
}
