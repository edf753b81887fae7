package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"interlock/agent/redact"
)

// redactCommand takes secrets out of a text, and says how many of which kind.
func redactCommand() *cobra.Command {
	var secrets string
	var check bool
	c := &cobra.Command{
		Use: "redact [FILE]", Short: "Take the secrets out of a text", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			r, err := redactorFrom(secrets, c.ErrOrStderr())
			if err != nil {
				return err
			}
			in := c.InOrStdin()
			if len(args) == 1 {
				f, err := os.Open(args[0])
				if err != nil {
					return &coded{exitUse, err}
				}
				defer func() { _ = f.Close() }()
				in = f
			}
			return redactText(r, in, c.OutOrStdout(), c.ErrOrStderr(), check)
		},
	}
	c.Flags().StringVar(&secrets, "secrets", "", "file with exact secrets, one a line")
	c.Flags().BoolVar(&check, "check", false, "exit with code 1 when something was redacted")
	return c
}

// redactorFrom reads the exact secrets, and warns when some are too plain.
func redactorFrom(file string, log io.Writer) (*redact.Redactor, error) {
	var lines []string
	if file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, &coded{exitUse, err}
		}
		if text := strings.TrimRight(string(b), "\r\n"); text != "" {
			lines = strings.Split(text, "\n")
		}
	}
	r, err := redact.New()
	if err != nil {
		return nil, &coded{exitFailed, err}
	}
	if r, err = r.With(lines...); err != nil {
		_, _ = fmt.Fprintf(log, "warning: %s: %v; they are not redacted\n", file, err)
	}
	return r, nil
}

func redactText(r *redact.Redactor, in io.Reader, out, log io.Writer, check bool) error {
	w := r.Writer(out)
	_, err := io.Copy(w, in)
	if err := errors.Join(err, w.Close()); err != nil {
		return &coded{exitFailed, err}
	}
	count := w.Found()
	for _, kind := range slices.Sorted(maps.Keys(count)) {
		_, _ = fmt.Fprintf(log, "redacted %d %s\n", count[kind], kind)
	}
	if check && len(count) > 0 {
		return &coded{exitFound, nil}
	}
	return nil
}
