package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"interlock/rbac"
)

// decisionRow is one row of a file of expected decisions.
type decisionRow struct {
	question      `yaml:",inline"`
	Expect        string   `yaml:"expect"` // allow, deny or "ask N"
	Approvers     []string `yaml:"approvers"`
	MayNotApprove []string `yaml:"may_not_approve"`
	Because       string   `yaml:"because"` // part of a reason

	line int
}

func (p *policyQuery) testCommand() *cobra.Command {
	return &cobra.Command{
		Use: "test FILE", Short: "Compare decisions with a table of expected ones (exit 1: some differ)", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.with(c.Context(), func(o *opened) error {
				rows, err := readExpectations(args[0])
				if err != nil {
					return &coded{exitUse, fmt.Errorf("%s: %w", args[0], err)}
				}
				return testPolicy(c.Context(), o, args[0], rows, c.OutOrStdout())
			})
		},
	}
}

// readExpectations refuses unknown keys: a misspelt one would expect nothing.
func readExpectations(file string) ([]decisionRow, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	var rows []decisionRow
	if err := dec.Decode(&rows); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var nodes []yaml.Node
	if err := yaml.Unmarshal(data, &nodes); err != nil {
		return nil, err
	}
	for i := range rows {
		rows[i].line = nodes[i].Line
		if rows[i].Actor == "" || rows[i].Action == "" || rows[i].Expect == "" {
			return nil, fmt.Errorf("line %d: needs actor, action and expect", nodes[i].Line)
		}
	}
	if len(rows) == 0 {
		return nil, errors.New("expects nothing")
	}
	return rows, nil
}

// testPolicy prints what differs, and how many hold.
func testPolicy(ctx context.Context, o *opened, file string, rows []decisionRow, out io.Writer) error {
	failed := 0
	for _, row := range rows {
		why, err := row.check(ctx, o)
		if err != nil {
			return &coded{exitUse, fmt.Errorf("%s:%d: %w", file, row.line, err)}
		}
		if len(why) > 0 {
			failed++
		}
		for _, u := range row.unknown(o) { // it may be meant: what nobody named is denied
			_, _ = fmt.Fprintf(out, "%s:%d: note: %s\n", file, row.line, u)
		}
		for _, w := range why {
			_, _ = fmt.Fprintf(out, "%s:%d: %s %s %s: %s\n", file, row.line, row.Actor, row.Action, row.Stack+row.Environment, w)
		}
	}
	_, _ = fmt.Fprintf(out, "%d of %d decisions are as expected\n", len(rows)-failed, len(rows))
	if failed > 0 {
		return &coded{code: exitFound}
	}
	return nil
}

func (e decisionRow) check(ctx context.Context, o *opened) (wrong []string, err error) {
	who, v, r, err := e.request(o)
	if err != nil {
		return nil, err
	}
	x := o.gate.Explain(ctx, who, v, r)
	if got := outcome(x.Decision); got != e.Expect {
		wrong = append(wrong, fmt.Sprintf("expected %s, is %s: %s", e.Expect, got, x.Decision.Why()))
	}
	if told := strings.Join(append(x.Because, x.Decision.Reasons...), " "); !strings.Contains(told, e.Because) {
		wrong = append(wrong, fmt.Sprintf("expected a reason with %q, is: %s", e.Because, told))
	}
	if e.Approvers == nil && e.MayNotApprove == nil {
		return wrong, nil
	}
	can := contactIDs(o.gate.Who(ctx, rbac.Approve, r))
	if want := slices.Sorted(slices.Values(e.Approvers)); e.Approvers != nil && !slices.Equal(can, want) {
		wrong = append(wrong, fmt.Sprintf("expected approvers %v, are %v", want, can))
	}
	for _, id := range e.MayNotApprove {
		if slices.Contains(can, id) {
			wrong = append(wrong, id+" may approve it")
		}
	}
	return wrong, nil
}
