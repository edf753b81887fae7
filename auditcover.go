package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

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
	for _, org := range slices.Sorted(maps.Keys(cfg.Orgs)) {
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
	inForce, err := inForceOf(ctx, db, org)
	if err != nil {
		return 0, &coded{exitFailed, fmt.Errorf("cover %s: %w", org, err)}
	}
	proof := agent.Proof{Key: key, Policy: policiesOf(db, org), InForce: inForce, Artifact: func(ctx context.Context, id string) ([]byte, error) {
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
	return printCovered(out, org, all), nil
}

// printCovered prints the count, and a line for each violation and for what else
// an auditor should know. Names and reasons are people's: they stay in their line.
func printCovered(out io.Writer, org string, all []agent.Covered) (violations int) {
	approved, glass, reviewed, erased := 0, 0, 0, 0
	for _, c := range all {
		switch {
		case len(c.Wrong) > 0:
			violations++
		case c.Erased:
			erased++
		case c.Glass:
			glass++
			if c.Reviewed {
				reviewed++
			}
		default:
			approved++
		}
	}
	_, _ = fmt.Fprintf(out, "%s: %d live changes: %d approved, %d by broken glass (%d reviewed), %d violations\n", org, len(all)-erased, approved, glass, reviewed, violations)
	if erased > 0 {
		_, _ = fmt.Fprintf(out, "%s: %d sessions were erased, and of them nothing can be proven\n", org, erased)
	}
	say := func(c agent.Covered, mark, text string) {
		_, _ = fmt.Fprintf(out, "  %ssession %s call %s (%s) at %s: %s\n", mark, c.Session, c.Call, c.Tool, c.At.UTC().Format(time.RFC3339), plain(text))
	}
	for _, c := range all {
		for _, w := range c.Wrong {
			say(c, "", w)
		}
		for _, n := range c.Notes {
			if !c.Erased {
				say(c, "note: ", n)
			}
		}
	}
	return violations
}

// plain is a text that a terminal only shows.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
}

// skew is how far the clocks of two processes may be apart, and how long a
// decision may be under way while the next policy is loaded.
const skew = 10 * time.Minute

// everyVersion is more than an Org will ever have.
const everyVersion = 1 << 30

// inForceOf tells when each version was in force: from its record to the next one.
// A decision must name a version of its own time, or a right that was given later
// would count for what came before.
func inForceOf(ctx context.Context, db *store.DB, org string) (func(context.Context, string, time.Time) (bool, error), error) {
	newest, err := db.Policies(ctx, org, everyVersion)
	if err != nil {
		return nil, err
	}
	return func(_ context.Context, version string, at time.Time) (bool, error) {
		for i, v := range newest {
			over := i > 0 && at.After(newest[i-1].At.Add(skew))
			if v.Hash == version && !at.Before(v.At.Add(-skew)) && !over {
				return true, nil
			}
		}
		return false, nil
	}, nil
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
		// A later release may write rules with more fields: then the text itself counts.
		if sum := sha256.Sum256(v.Rules); hex.EncodeToString(sum[:]) != version && s.Version() != version {
			return nil, fmt.Errorf("policy %s is not what its name says: %w", version, agent.ErrNotFound)
		}
		built[version] = s
		return s, nil
	}
}
