package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"interlock/config"
	"interlock/rbac"
	"interlock/store"
)

// approverChecks find environments whose changes too few people could approve. They ask
// the policy itself, with what the database knows of people, so that doctor and a
// decision agree.
func approverChecks(ctx context.Context, cfg config.Config) (all []check) {
	db, without := doctorStore(ctx, cfg)
	for _, org := range slices.Sorted(maps.Keys(cfg.Orgs)) {
		all = append(all, orgApprovers(ctx, cfg, db, without, org)...)
	}
	if db != nil {
		_ = db.Close() // only read
	}
	return all
}

// doctorStore is the database, or what is to be said when there is none to look into:
// one that is not there yet, or one that cannot be opened, which has a check of its own.
func doctorStore(ctx context.Context, cfg config.Config) (db *store.DB, without string) {
	if !kept(cfg) {
		return nil, "judged without the database, which is not there yet"
	}
	keys, err := orgKeys(cfg)
	if err == nil {
		db, err = openStore(ctx, cfg, keys, 0, logger(cfg.Log))
	}
	if err != nil {
		return nil, "judged without the database, which cannot be opened"
	}
	return db, ""
}

func orgApprovers(ctx context.Context, cfg config.Config, db *store.DB, without, org string) (all []check) {
	if db == nil && cfg.Orgs[org].PolicyFrom == config.FromDatabase {
		return []check{outcomeOf("", &warning{[]string{org + ": nobody knows who can approve: its policy is in the database", without}}, "")}
	}
	snap, err := doctorPolicy(ctx, cfg, db, org)
	if err != nil {
		return []check{outcomeOf("", err, "interlock policy show --org "+org+" asks again")}
	}
	tiers := snap.Rules().Environments
	for _, env := range slices.Sorted(maps.Keys(tiers)) {
		if tiers[env] == rbac.Gated {
			found, err := enough(org+"/"+env, len(snap.MayEver(rbac.Approve, env)), without)
			all = append(all, outcomeOf(found, err, "give more people the role approver"))
		}
	}
	return all
}

func doctorPolicy(ctx context.Context, cfg config.Config, db *store.DB, org string) (*rbac.Snapshot, error) {
	rules, err := policyOf(ctx, cfg, db, org)
	if err != nil {
		return nil, fmt.Errorf("read policy of %s: %w", org, err)
	}
	snap, err := rbac.NewSnapshot(org, rules)
	if err != nil {
		return nil, fmt.Errorf("build policy of %s: %w", org, err)
	}
	return snap, nil
}

// enough wants three: whoever asks may not approve, a change needs one beside the
// asker, a destroy two.
func enough(where string, can int, without string) (found string, err error) {
	found = fmt.Sprintf("%s: %d can approve", where, can)
	if can < 3 {
		found += "; a destroy asked by one of them needs two others"
	}
	if without != "" {
		found += " (" + without + ")"
	}
	if can < 3 {
		return "", errors.New(found)
	}
	return found, nil
}

// outcomeOf is a check that was made already.
func outcomeOf(found string, err error, hint string) check {
	return check{"approvers", func(context.Context) (string, error) { return found, err }, hint}
}
