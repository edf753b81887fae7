package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"interlock/agent"
	"interlock/config"
	"interlock/rbac"
	"interlock/store"
)

// cover proves of every live change that it had the approval that it needed, and
// prints a line an Org and each violation.
func cover(ctx context.Context, cfg config.Config, db *store.DB, out io.Writer) error {
	keys, err := orgKeys(cfg)
	if err != nil {
		return &coded{exitFailed, err}
	}
	found := false
	for org := range cfg.Orgs {
		n, err := coverOrg(ctx, db, org, keys[org], out)
		if err != nil {
			return err
		}
		found = found || n > 0
	}
	if found {
		return &coded{code: exitFound}
	}
	return nil
}

func coverOrg(ctx context.Context, db *store.DB, org string, key []byte, out io.Writer) (violations int, err error) {
	proof := agent.Proof{Key: key, Policy: policiesOf(db, org), Artifact: func(ctx context.Context, id string) ([]byte, error) {
		a, err := db.Artifact(ctx, org, id)
		return a.Bytes, err
	}}
	var all []agent.Covered
	err = sessions(ctx, db, org, time.Time{}, time.Now().Add(24*time.Hour), func(s *agent.Session) error {
		some, err := agent.Coverage(ctx, s, proof)
		all = append(all, some...)
		return err
	})
	if err != nil {
		return 0, &coded{exitFailed, fmt.Errorf("cover %s: %w", org, err)}
	}
	approved, glass, reviewed := 0, 0, 0
	for _, c := range all {
		switch {
		case len(c.Wrong) > 0:
			violations++
		case c.Glass:
			glass++
			if c.Reviewed {
				reviewed++
			}
		default:
			approved++
		}
	}
	_, _ = fmt.Fprintf(out, "%s: %d live changes: %d approved, %d by broken glass (%d reviewed), %d violations\n", org, len(all), approved, glass, reviewed, violations)
	for _, c := range all {
		for _, w := range c.Wrong {
			_, _ = fmt.Fprintf(out, "  session %s call %s (%s) at %s: %s\n", c.Session, c.Call, c.Tool, c.At.Format(time.RFC3339), w)
		}
	}
	return violations, nil
}

// policiesOf builds the policies that were on record, each once.
func policiesOf(db *store.DB, org string) func(context.Context, string) (rbac.Source, error) {
	built := map[string]rbac.Source{}
	return func(ctx context.Context, version string) (rbac.Source, error) {
		if s := built[version]; s != nil {
			return s, nil
		}
		v, err := db.PolicyAt(ctx, org, version)
		if err != nil {
			return nil, err
		}
		var rules rbac.OrgRules
		if err := json.Unmarshal(v.Rules, &rules); err != nil {
			return nil, fmt.Errorf("read policy %s: %w", version, err)
		}
		s, err := rbac.NewSnapshot(org, rules)
		if err != nil {
			return nil, err
		}
		if s.Version() != version {
			return nil, fmt.Errorf("policy %s is not what its name says: %w", version, agent.ErrNotFound)
		}
		built[version] = s
		return s, nil
	}
}
