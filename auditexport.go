package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"interlock/agent"
	"interlock/config"
	"interlock/store"
)

func auditExportCommand(file *string) *cobra.Command {
	var from, to, format, only string
	c := &cobra.Command{
		Use: "export", Short: "Write ask, plan, decision, approvers and result of each change", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			begin, err := day(from)
			if err != nil {
				return &coded{exitUse, fmt.Errorf("--from: %w", err)}
			}
			end, err := day(to)
			if err != nil {
				return &coded{exitUse, fmt.Errorf("--to: %w", err)}
			}
			if !begin.Before(end) {
				return &coded{exitUse, fmt.Errorf("--to %s is not after --from %s: --to is the day after the last one", to, from)}
			}
			write, ok := map[string]func(io.Writer, []changeRecord) error{"json": writeJSON, "csv": writeCSV}[format]
			if !ok {
				return &coded{exitUse, fmt.Errorf("no format %q; known: json, csv", format)}
			}
			return withTrail(c.Context(), *file, func(cfg config.Config, db *store.DB) error {
				return auditExport(c.Context(), cfg, db, only, begin, end, func(all []changeRecord) error { return write(c.OutOrStdout(), all) })
			})
		},
	}
	c.Flags().StringVar(&from, "from", "", "first day, as 2026-11-01, or a moment")
	c.Flags().StringVar(&to, "to", "", "the day after the last one")
	c.Flags().StringVar(&only, "org", "", "organisation (default: each)")
	c.Flags().StringVar(&format, "format", "json", "json, an object a line, or csv")
	_ = c.MarkFlagRequired("from")
	_ = c.MarkFlagRequired("to")
	return c
}

// day reads a date, or a moment; both are UTC.
func day(text string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf("%q is no day such as 2026-11-01, and no moment such as 2026-11-01T09:00:00Z", text)
	}
	return t.UTC(), nil
}

// page is how many sessions are read at once.
const page = 500

// sessions gives every session with events in [from, to), oldest first.
func sessions(ctx context.Context, db *store.DB, org string, from, to time.Time, fn func(s *agent.Session) error) error {
	for skip := 0; ; skip += page {
		ids, err := db.Sessions(ctx, org, from, to, skip, page)
		if err != nil {
			return &coded{exitFailed, err}
		}
		for _, id := range ids {
			s, err := db.Load(ctx, org, id)
			if err != nil {
				return &coded{exitFailed, fmt.Errorf("read session %s: %w", id, err)}
			}
			if err := fn(s); err != nil {
				return err
			}
		}
		if len(ids) < page {
			return nil
		}
	}
}

func auditExport(ctx context.Context, cfg config.Config, db *store.DB, only string, from, to time.Time, write func([]changeRecord) error) error {
	var all []changeRecord
	if _, known := cfg.Orgs[only]; only != "" && !known {
		return &coded{exitUse, fmt.Errorf("no organisation %q; known: %s", only, strings.Join(slices.Sorted(maps.Keys(cfg.Orgs)), ", "))}
	}
	for org := range cfg.Orgs {
		if only != "" && org != only {
			continue
		}
		err := sessions(ctx, db, org, from, to, func(s *agent.Session) error {
			all = append(all, recordsOf(s, from, to)...)
			return nil
		})
		if err != nil {
			return err
		}
	}
	slices.SortFunc(all, func(a, b changeRecord) int {
		return strings.Compare(a.At.Format(time.RFC3339Nano)+a.Card, b.At.Format(time.RFC3339Nano)+b.Card)
	})
	return write(all)
}

func writeJSON(out io.Writer, all []changeRecord) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for _, r := range all {
		if err := enc.Encode(r); err != nil {
			return &coded{exitFailed, err}
		}
	}
	return nil
}

// writeCSV makes no cell a formula: a spreadsheet would compute what a stranger
// wrote.
func writeCSV(out io.Writer, all []changeRecord) error {
	w := csv.NewWriter(out)
	err := w.Write([]string{
		"at", "org", "thread", "card", "plan_code", "digest", "asked_by", "ask", "tool", "stack", "environment", "effect", "plan", "commit",
		"state_serial", "needed", "policy", "foreign_text_read", "approvals", "other_verdicts", "state", "result", "ended",
	})
	for _, r := range all {
		ended := ""
		if !r.Ended.IsZero() {
			ended = r.Ended.Format(time.RFC3339)
		}
		cells := []string{
			r.At.Format(time.RFC3339), r.Org, r.Thread, r.Card, r.PlanCode, r.Digest, r.AskedBy, r.Ask, r.Tool, r.Stack, r.Environment, r.Effect,
			r.Plan, r.Commit, strconv.FormatInt(r.Serial, 10), strings.Join(r.Needed, "; "), r.Policy, strings.Join(r.Foreign, "; "),
			strings.Join(r.Approvals, "; "), strings.Join(r.Others, "; "), r.State, r.Result, ended,
		}
		for i, c := range cells {
			cells[i] = inert(c)
		}
		err = errors.Join(err, w.Write(cells))
	}
	w.Flush()
	if err = errors.Join(err, w.Error()); err != nil {
		return &coded{exitFailed, err}
	}
	return nil
}

// inert is a cell that no spreadsheet takes for a formula, white space before it or not.
func inert(cell string) string {
	text := strings.TrimSpace(cell)
	if text != "" && strings.ContainsAny(text[:1], "=+-@") || strings.TrimLeft(cell, "\t\r\n") != cell {
		return "'" + cell
	}
	return cell
}
