package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"interlock/adapters/docker"
	"interlock/adapters/git"
	"interlock/adapters/llm"
	"interlock/adapters/slack"
	"interlock/agent"
	"interlock/config"
)

// check is one thing that must be right. A nil error is right; hint is the fix.
type check struct {
	name string
	run  func(context.Context) (found string, err error)
	hint string
}

func doctorCommand(file *string) *cobra.Command {
	var at string
	c := &cobra.Command{
		Use: "doctor", Short: "Check engine, image, database, model, rules and chats (exit 1: something is wrong)", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, _, err := load(*file)
			if err != nil {
				return err
			}
			all := append(checks(cfg), approverChecks(c.Context(), cfg)...)
			all = append(all, slackChecks(c.Context(), cfg)...)
			return diagnose(c.Context(), append(all, teamsChecks(c.Context(), cfg, at)...), c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&at, "url", "", "where Teams reaches this server, such as https://bot.example.com: asks whether it answers there")
	return c
}

// slackChecks ask Slack itself, where it is configured.
func slackChecks(ctx context.Context, cfg config.Config) (all []check) {
	c, err := slack.Load(cfg.Slack)
	if err != nil || !c.On() {
		return nil
	}
	var rooms []string
	for org := range cfg.Orgs {
		rooms = append(rooms, roomsOf(cfg, org, slack.Name)...)
	}
	slices.Sort(rooms)
	for _, one := range slack.Checks(ctx, c, nil, slices.Compact(rooms)) {
		err := one.Err
		if w := slack.Warning(""); errors.As(err, &w) {
			err = &warning{[]string{string(w), one.Fix}}
		}
		all = append(all, check{one.Name, func(context.Context) (string, error) { return one.Found, err }, one.Fix})
	}
	return all
}

// roomsOf are the ids of an Org's rooms on a platform, each once.
func roomsOf(cfg config.Config, org, platform string) (rooms []string) {
	add := func(name string) {
		if id, ok := strings.CutPrefix(name, platform+":"); ok {
			rooms = append(rooms, id)
		}
	}
	for name := range cfg.Orgs[org].Channels {
		add(name)
	}
	for _, st := range cfg.Orgs[org].Stacks {
		for _, name := range st.Rooms() {
			add(name)
		}
	}
	slices.Sort(rooms)
	return slices.Compact(rooms)
}

// warning is what should be known and may be meant.
type warning struct{ lines []string }

func (w *warning) Error() string { return strings.Join(w.lines, "; ") }

func diagnose(ctx context.Context, all []check, out io.Writer) error {
	wrong := 0
	for _, c := range all {
		found, err := c.run(ctx)
		if err == nil {
			_, _ = fmt.Fprintf(out, "ok     %-12s %s\n", c.name, found)
			continue
		}
		if w := (*warning)(nil); errors.As(err, &w) {
			_, _ = fmt.Fprintf(out, "WARN   %-12s %s\n", c.name, strings.Join(w.lines, "\n"+strings.Repeat(" ", 20)))
			continue
		}
		wrong++
		_, _ = fmt.Fprintf(out, "WRONG  %-12s %v\n", c.name, err)
		if c.hint != "" {
			_, _ = fmt.Fprintf(out, "       %-12s fix: %s\n", "", c.hint)
		}
	}
	if wrong > 0 {
		return &coded{code: exitFound}
	}
	return nil
}

func checks(cfg config.Config) []check {
	all := []check{
		{"engine", func(ctx context.Context) (string, error) { return checkEngine(ctx, cfg) }, ""},
		{"escapes", func(ctx context.Context) (string, error) { return checkEscapes(ctx, cfg) }, ""},
		{"disks", func(context.Context) (string, error) { return checkDisks(cfg) }, ""},
		{"runner", func(context.Context) (string, error) { return checkRunner(cfg) }, ""},
		{"image", func(ctx context.Context) (string, error) { return checkImage(ctx, cfg) }, "make it with interlock sandbox build (the demo's, in a checkout: scripts/setup.sh image), or name another one in sandbox.image"},
		{"database", func(ctx context.Context) (string, error) { return checkDatabase(ctx, cfg) }, "check database.url, and that data_dir can be written"},
	}
	all = append(all, modelChecks(cfg.Model)...)
	all = append(all, check{"policies", func(context.Context) (string, error) { return checkPolicies(cfg.Orgs) }, "mend or rename the named files"})
	for _, org := range slices.Sorted(maps.Keys(cfg.Orgs)) {
		all = append(all, stackChecks(cfg, org)...)
	}
	return all
}

func checkEngine(ctx context.Context, cfg config.Config) (string, error) {
	return withSandbox(cfg, func(box *docker.Sandbox) (string, error) {
		e, err := box.Ping(ctx)
		return fmt.Sprintf("%s, API %s", e.Version, e.API), err
	})
}

func checkEscapes(ctx context.Context, cfg config.Config) (string, error) {
	return withSandbox(cfg, func(box *docker.Sandbox) (string, error) {
		e, err := box.Ping(ctx)
		if err != nil {
			return "", err
		}
		found := e.Escapes()
		if len(found) == 0 {
			return "none known of this engine and its runc", nil
		}
		return "", &warning{append(found, "update them, unless your distribution has mended these under the same number")}
	})
}

func checkDisks(cfg config.Config) (string, error) {
	return withSandbox(cfg, func(box *docker.Sandbox) (string, error) {
		switch err := box.Quota(); {
		case err != nil:
			return "", &warning{[]string{"workspaces have no bound, and a container sees the path of its own: " + err.Error()}}
		case cfg.Sandbox.Disk == 0:
			return "", &warning{[]string{"workspaces have no bound: sandbox.disk is 0"}}
		}
		return "a workspace has its own", nil
	})
}

func checkRunner(cfg config.Config) (string, error) {
	return withSandbox(cfg, func(box *docker.Sandbox) (string, error) { return box.Runner() })
}

func checkImage(ctx context.Context, cfg config.Config) (string, error) {
	return withSandbox(cfg, func(box *docker.Sandbox) (string, error) {
		id, err := box.Image(ctx, "")
		if errors.Is(err, agent.ErrNotFound) {
			return "", fmt.Errorf("the engine has no image %s", cfg.Sandbox.Image)
		}
		return cfg.Sandbox.Image + " " + id, err
	})
}

func withSandbox(cfg config.Config, ask func(*docker.Sandbox) (string, error)) (string, error) {
	box, err := newSandbox(cfg, "", logger(cfg.Log))
	if err != nil {
		return "", err
	}
	found, err := ask(box)
	return found, errors.Join(err, box.Close())
}

func checkDatabase(ctx context.Context, cfg config.Config) (string, error) {
	keys, err := orgKeys(cfg)
	if err != nil {
		return "", err
	}
	db, err := openStore(ctx, cfg, keys, 0, logger(cfg.Log))
	if err != nil {
		return "", err
	}
	_, err = db.Stats(ctx)
	kind := "SQLite in " + cfg.DataDir
	if cfg.Database.URL.Set() {
		kind = "PostgreSQL"
	}
	return kind, errors.Join(err, db.Close())
}

// modelChecks ask each model once to call a tool, which costs a few tokens: a
// wrong key, an unknown name or a model that cannot call tools shows here.
func modelChecks(m config.Model) (all []check) {
	if m.Provider == "scripted" {
		return []check{{"model", func(ctx context.Context) (string, error) {
			_, err := newModel(ctx, m, nil)
			return "scripted: plays prepared steps only", err
		}, "check model.script"}}
	}
	for i, e := range []config.Endpoint{m.Endpoint, m.Fallback} {
		if e.Provider == "" {
			continue
		}
		all = append(all, check{[]string{"model", "fallback"}[i], func(ctx context.Context) (string, error) {
			return probe(ctx, m, e)
		}, ""})
	}
	return all
}

func probe(ctx context.Context, m config.Model, e config.Endpoint) (string, error) {
	one, err := endpoint(ctx, e)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, m.Limit)
	defer cancel()
	var me *agent.ModelError
	if err = llm.Probe(ctx, one); errors.As(err, &me) {
		err = fmt.Errorf("%w: %s", err, me.Do())
	}
	return e.Provider + " " + e.Name + " answers and calls tools" + priced(m, e.Name), err
}

func priced(m config.Model, name string) string {
	if _, ok := m.Prices[name]; ok {
		return ""
	}
	return "; no price in model.prices, so bills count tokens only"
}

func stackChecks(cfg config.Config, org string) (all []check) {
	src := git.New(cfg.Orgs)
	for _, name := range slices.Sorted(maps.Keys(cfg.Orgs[org].Stacks)) {
		all = append(all, check{"stack " + name, func(ctx context.Context) (string, error) {
			commit, err := src.Head(ctx, org, name)
			if err != nil {
				return "", err
			}
			_, err = src.Files(ctx, org, name, commit)
			return "at " + commit, err
		}, "check repository or path, and directory, of the stack"})
	}
	return all
}
