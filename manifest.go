package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"interlock/adapters/slack"
	"interlock/adapters/teams"
)

// manifestCommand writes what a chat's administrators need to make the app.
func manifestCommand() *cobra.Command {
	c := &cobra.Command{Use: "manifest", Short: "Write what a chat needs to know of the app"}
	c.AddCommand(slackManifest(), teamsManifest())
	return c
}

func slackManifest() *cobra.Command {
	var o slack.ManifestOptions
	c := &cobra.Command{
		Use: "slack", Short: "Write the app manifest that Slack makes the app from", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			text, err := slack.Manifest(o)
			if err != nil {
				return &coded{exitUse, err}
			}
			if _, err = fmt.Fprintf(c.OutOrStdout(), "%s", text); err != nil {
				return &coded{exitFailed, err}
			}
			return nil
		},
	}
	c.Flags().StringVar(&o.URL, "url", "", "where Slack reaches this server, such as https://bot.example.com (default: Socket Mode)")
	c.Flags().BoolVar(&o.JSON, "json", false, "JSON instead of YAML")
	c.Flags().BoolVar(&o.Rotate, "rotate", false, "let the bot token expire; Interlock then replaces it")
	c.Flags().StringVar(&o.Name, "name", "Interlock", "name of the app, at most 35 characters")
	return c
}

func teamsManifest() *cobra.Command {
	var (
		o   teams.ManifestOptions
		out string
	)
	c := &cobra.Command{
		Use: "teams", Short: "Write the app package that is uploaded to Microsoft Teams", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if o.AppID == "" {
				if o.AppID, err = configuredApp(c); err != nil {
					return err
				}
			}
			if o.AppID == "" {
				return &coded{exitUse, errors.New("which app: name the Application (client) ID of the bot's registration with --app-id, or set teams.app_id")}
			}
			b, err := teams.Package(o)
			if err != nil {
				return &coded{exitUse, err}
			}
			if err := os.WriteFile(out, b, 0o644); err != nil {
				return &coded{exitFailed, fmt.Errorf("write the package: %w", err)}
			}
			_, _ = fmt.Fprintf(c.OutOrStdout(), "%s is written: upload it in Teams, Apps, Manage your apps, Upload an app\n", out)
			if o.URL == "" {
				_, _ = fmt.Fprintln(c.ErrOrStderr(), "note: without --url the links on the app's page in Teams lead to example.com")
			}
			return nil
		},
	}
	c.Flags().StringVar(&o.AppID, "app-id", "", "Application (client) ID of the bot's registration (default: teams.app_id)")
	c.Flags().StringVar(&o.URL, "url", "", "where Teams reaches this server, such as https://bot.example.com")
	c.Flags().StringVar(&o.Name, "name", "Interlock", "name of the app, at most 30 characters")
	c.Flags().StringVar(&out, "out", "interlock-teams.zip", "file that is written")
	return c
}

// configuredApp is teams.app_id, or nothing when Teams is not configured. The file
// is the one that the flag of all commands names.
func configuredApp(c *cobra.Command) (string, error) {
	named := ""
	if f := c.Flag("config"); f != nil {
		named = f.Value.String()
	}
	cfg, _, err := load(named)
	if err != nil {
		return "", err
	}
	t, err := teams.Load(cfg.Teams) // which load has judged
	return t.AppID, err
}
