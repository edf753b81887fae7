package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"interlock/agent/tools/shell"
	"interlock/agent/tools/tofu"
	"interlock/scheduler"
)

// explainCommand answers with the product's own judgements, one JSON object an
// input.
func explainCommand() *cobra.Command {
	c := &cobra.Command{Use: "explain", Short: "Ask how a command, a plan or a schedule would be judged"}
	c.AddCommand(
		&cobra.Command{
			Use: "command [TEXT]", Short: `Judge a shell command; without one, a JSON line {"command": ...} each on standard input`, Args: cobra.MaximumNArgs(1),
			RunE: func(c *cobra.Command, args []string) error {
				if len(args) == 1 {
					return explainText(args[0], json.NewEncoder(c.OutOrStdout()))
				}
				return explainCommands(c.InOrStdin(), c.OutOrStdout())
			},
		},
		&cobra.Command{
			Use: "plan FILE", Short: "Count what a plan document would do", Args: cobra.ExactArgs(1),
			RunE: func(c *cobra.Command, args []string) error { return explainPlan(args[0], c.OutOrStdout()) },
		},
		explainCron(),
	)
	return c
}

// longestLine is how long one command may be, as JSON.
const longestLine = 1 << 20

func explainCommands(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, longestLine)
	enc := json.NewEncoder(out)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var q struct {
			Command *string `json:"command"`
		}
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil || q.Command == nil {
			return &coded{exitUse, fmt.Errorf("line %d is no JSON object with a command", n)}
		}
		if err := explainText(*q.Command, enc); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return &coded{exitUse, fmt.Errorf("read commands: %w", err)}
	}
	return nil
}

func explainText(command string, enc *json.Encoder) error {
	effect, reasons := shell.Classify(command)
	if reasons == nil {
		reasons = []string{}
	}
	if err := enc.Encode(map[string]any{"effect": effect.String(), "reasons": reasons}); err != nil {
		return &coded{exitFailed, err}
	}
	return nil
}

func explainPlan(file string, out io.Writer) error {
	f, err := os.Open(file)
	if err != nil {
		return &coded{exitUse, err}
	}
	err = tofu.Explain(out, f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return &coded{exitUse, fmt.Errorf("%s: %w", file, err)}
	}
	return nil
}

func explainCron() *cobra.Command {
	var zone, after string
	var count int
	c := &cobra.Command{Use: "cron EXPR", Short: "Print the next due times of a schedule", Args: cobra.ExactArgs(1)}
	c.Flags().StringVar(&zone, "tz", "UTC", "time zone")
	c.Flags().StringVar(&after, "after", "", "first moment, RFC 3339 (default now)")
	c.Flags().IntVar(&count, "count", 5, "how many, at most 1000")
	c.RunE = func(c *cobra.Command, args []string) error {
		next, err := nextTimes(args[0], zone, after, count)
		if err != nil {
			return &coded{exitUse, err}
		}
		return json.NewEncoder(c.OutOrStdout()).Encode(map[string]any{"next": next})
	}
	return c
}

func nextTimes(expr, zone, after string, count int) ([]string, error) {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("read time zone: %w", err)
	}
	at := time.Now()
	if after != "" {
		if at, err = time.Parse(time.RFC3339, after); err != nil {
			return nil, fmt.Errorf("read --after: %w", err)
		}
	}
	cron, err := scheduler.ParseCron(expr)
	if err != nil {
		return nil, err
	}
	next := []string{}
	for range min(max(count, 0), 1000) {
		if at = cron.Next(at, loc); at.IsZero() {
			break
		}
		next = append(next, at.Format(time.RFC3339))
	}
	return next, nil
}
