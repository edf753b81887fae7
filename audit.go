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
	c := &cobra.Command{Use: "audit", Short: "Check the trail"}
	c.AddCommand(&cobra.Command{
		Use: "verify", Short: "Recompute every hash and signature of the trail (exit 1: it does not hold)", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return auditVerify(c.Context(), *file, c.OutOrStdout()) },
	})
	return c
}

func auditVerify(ctx context.Context, file string, out io.Writer) error {
	cfg, log, err := load(file)
	if err != nil {
		return err
	}
	keys, err := orgKeys(cfg)
	if err != nil {
		return &coded{exitFailed, err}
	}
	db, err := openStore(ctx, cfg, keys, 0, log)
	if err != nil {
		return &coded{exitFailed, err}
	}
	return errors.Join(verifyAll(ctx, cfg, db, out), db.Close())
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
