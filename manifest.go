package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"interlock/adapters/slack"
)

// manifestCommand writes what a chat's administrators need to make the app.
func manifestCommand() *cobra.Command {
	c := &cobra.Command{Use: "manifest", Short: "Write what a chat needs to know of the app"}
	c.AddCommand(slackManifest())
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
