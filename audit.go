package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"interlock/config"
	"interlock/store"
)

func auditCommand(file *string) *cobra.Command {
	c := &cobra.Command{Use: "audit", Short: "Check the trail, prove what ran, export it, erase words"}
	var coverage bool
	verify := &cobra.Command{
		Use: "verify", Short: "Recompute every hash and signature of the trail (exit 1: it does not hold)", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return withTrail(c.Context(), *file, func(cfg config.Config, db *store.DB) error {
				err := verifyAll(c.Context(), cfg, db, c.OutOrStdout())
				if coverage {
					err = errors.Join(err, cover(c.Context(), cfg, db, c.OutOrStdout()))
				}
				return err
			})
		},
	}
	verify.Flags().BoolVar(&coverage, "coverage", false, "also prove that each live change had the approval that it needed")
	c.AddCommand(verify, auditExportCommand(file), auditEraseCommand(file))
	return c
}

// withTrail opens the database for one question.
func withTrail(ctx context.Context, file string, fn func(cfg config.Config, db *store.DB) error) error {
	cfg, log, err := load(file)
	if err != nil {
		return err
	}
	if !kept(cfg) { // nothing holds where nothing is
		return &coded{exitFailed, fmt.Errorf("there is no trail in %s: name the configuration that interlock serve was started with, by --config", cfg.DataDir)}
	}
	keys, err := orgKeys(cfg)
	if err != nil {
		return &coded{exitFailed, err}
	}
	db, err := openStore(ctx, cfg, keys, 0, log)
	if err != nil {
		return &coded{exitFailed, err}
	}
	return errors.Join(fn(cfg, db), db.Close())
}

// verifyAll prints a line an Org, and each problem.
func verifyAll(ctx context.Context, cfg config.Config, db *store.DB, out io.Writer) error {
	held := true
	for org := range cfg.Orgs {
		r, err := db.Verify(ctx, org)
		if err != nil {
			return &coded{exitFailed, fmt.Errorf("verify %s: %w", org, err)}
		}
		verdict := "holds"
		if len(r.Problems) > 0 {
			verdict, held = "DOES NOT HOLD", false
		}
		_, _ = fmt.Fprintf(out, "%s: the trail %s: %d events in %d sessions, %d erased, %d checkpoints, %d events not yet sealed\n",
			org, verdict, r.Events, r.Sessions, r.Erased, r.Checkpoints, r.Unsealed)
		for _, p := range r.Problems {
			_, _ = fmt.Fprintln(out, "  "+p)
		}
	}
	if !held {
		return &coded{code: exitFound}
	}
	return nil
}
