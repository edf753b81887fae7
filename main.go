// Interlock does infrastructure work in chat, under guard. This package wires
// the others in one order and must never hold a rule.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // schedules name time zones; a small image has none

	"github.com/spf13/cobra"

	"interlock/adapters/slack"
	"interlock/adapters/teams"
	"interlock/config"
)

// version is set by the linker in released binaries.
var version = "dev"

// The exit codes of the contract.
const (
	exitFound  = 1 // drift, or a check that failed
	exitUse    = 2 // wrong use or configuration
	exitFailed = 3 // could not run
)

// coded is an error with its own exit code. Without a cause nothing is printed.
type coded struct {
	code int
	err  error
}

func (c *coded) Error() string {
	if c.err == nil {
		return fmt.Sprintf("exit %d", c.code)
	}
	return c.err.Error()
}

// Unwrap gives the cause.
func (c *coded) Unwrap() error { return c.err }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command().ExecuteContext(ctx)
	stop()
	os.Exit(exit(err))
}

// exit prints what went wrong, in one line a problem, and gives the code.
func exit(err error) int {
	var c *coded
	switch {
	case err == nil:
		return 0
	case !errors.As(err, &c):
		c = &coded{exitUse, err} // cobra's own: an unknown flag or argument
	}
	if c.err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "interlock:", c.err)
	}
	return c.code
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use: "interlock", Short: "Infrastructure work in chat, under guard",
		SilenceUsage: true, SilenceErrors: true, Version: version,
	}
	var file string
	root.PersistentFlags().StringVar(&file, "config", "", "configuration file (default interlock.yaml, when it is there)")
	root.AddCommand(
		demoCommand(), initCommand(), serveCommand(&file), inviteCommand(&file), doctorCommand(&file), scanCommand(&file), sandboxCommand(&file), sandboxdCommand(&file),
		providersCommand(&file), manifestCommand(), auditCommand(&file), policyCommand(&file), notifyCommand(&file), explainCommand(), redactCommand(), versionCommand(),
	)
	return root
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(c.OutOrStdout(), "interlock", version)
			return err
		},
	}
}

// load reads the configuration and prints its warnings.
func load(file string) (config.Config, *slog.Logger, error) {
	cfg, warnings, err := config.Load(configFile(file), os.Environ())
	if err != nil {
		return cfg, nil, &coded{exitUse, err}
	}
	for _, w := range warnings {
		_, _ = fmt.Fprintln(os.Stderr, "warning:", w)
	}
	if _, err := slack.Load(cfg.Slack); err != nil {
		return cfg, nil, &coded{exitUse, err}
	}
	if _, err := teams.Load(cfg.Teams); err != nil {
		return cfg, nil, &coded{exitUse, err}
	}
	return cfg, logger(cfg.Log), nil
}

// configFile is the one that was named, or the usual one when it is there.
func configFile(named string) string {
	if named != "" {
		return named
	}
	if _, err := os.Stat("interlock.yaml"); err != nil {
		return ""
	}
	return "interlock.yaml"
}

func logger(l config.Log) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, o))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, o))
}
