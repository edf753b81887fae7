package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"interlock/config"
)

// Alice asks in Slack, and bob, who is the same person in both, approves on the copy
// in Teams: there is one record, and both cards follow it. That alice is somebody in
// Teams too gives her no second pair of eyes.
func TestAskedInSlackApprovedInTeams(t *testing.T) {
	t.Parallel()
	w, err := newDemoWorld(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	room, err := slackWorkspace()
	if err != nil {
		t.Fatal(err)
	}
	defer room.Close()
	tenant, err := teamsTenant()
	if err != nil {
		t.Fatal(err)
	}
	defer tenant.Close()
	inSlack := &slackStage{room, false, map[string]int{}}
	if err := os.WriteFile(w.config, []byte(inBoth(tenant)), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, _, err := config.Load(w.config, slices.Concat(os.Environ(), slackEnviron(room, false), teamsEnviron(tenant.Server)))
	if err != nil {
		t.Fatal(err)
	}
	list := newChecklist()
	a, err := wire(t.Context(), cfg, logger(cfg.Log), options{demo: true, child: true, checklist: list.items})
	if err != nil {
		t.Fatal(err)
	}
	l, err := listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	ctx, stop := context.WithCancel(t.Context())
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.serveHTTP(gctx, l, a.mux()) })
	g.Go(func() error { return a.show(gctx) })
	g.Go(func() error {
		return a.demoWork(gctx, w, list, demoOptions{headless: true, setup: "scripts/setup.sh"}, &inTurn{w: &out})
	})
	g.Go(func() error {
		defer stop()
		tenant.deliver(l.Addr()) //nolint:contextcheck // it is somebody else who speaks
		return askedThere(gctx, &chatPlay{app: a, world: w, out: &inTurn{w: &out}, name: "Slack", chat: inSlack}, tenant)
	})
	if err := errors.Join(g.Wait(), a.close()); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if all := room.Problems(); len(all) > 0 {
		t.Errorf("against Slack's rules: %v", all)
	}
	if all := tenant.Problems(); len(all) > 0 {
		t.Errorf("against Teams' rules: %v", all)
	}
}

// inBoth is the demo with the stack spoken of in both chats, and people known in both.
func inBoth(tenant *teamsStage) string {
	text := strings.ReplaceAll(demoConfig, `"console:payments": {tier: gated, title: payments}`,
		`"slack:`+slackRoom+`": {tier: gated, title: payments}`+"\n"+`      "teams:`+teamsRoom+`": {tier: gated, title: payments}`)
	text = strings.ReplaceAll(text, `channel: "console:payments"`+"\n", `channel: "slack:`+slackRoom+`"`+"\n"+`        channels: ["teams:`+teamsRoom+`"]`+"\n")
	text = strings.ReplaceAll(text, `"console:payments"`, `"slack:`+slackRoom+`"`)
	for _, name := range []string{"Alice", "Bob", "Carol"} {
		id := strings.ToLower(name)
		chat := `chat: ["slack:T0DEMO/` + slackID(id) + `", "teams:` + tenant.Options().TenantID + "/" + teamsID(id) + `"],`
		text = strings.Replace(text, "{name: "+name+",", "{name: "+name+", "+chat, 1)
	}
	return text
}

func askedThere(ctx context.Context, slack *chatPlay, tenant *teamsStage) error {
	if err := errors.Join((&headless{app: slack.app}).prepared(ctx), slack.driftFound(ctx), slack.aliceAsks(ctx)); err != nil {
		return err
	}
	teams := &chatPlay{app: slack.app, world: slack.world, out: slack.out, name: "Teams", chat: tenant}
	err := tenant.wait(ctx, func() bool {
		for _, m := range tenant.channel() {
			if m.tells(cardAsk, "waiting, 0 of 1 approvals", "Slack, payments") {
				teams.in = m.id
			}
		}
		return teams.in != ""
	})
	if err != nil {
		return err
	}
	if err := teams.refused(ctx, "alice", "may not approve"); err != nil {
		return err
	}
	told, err := teams.press(ctx, "bob", "Approve", cardAsk)
	if err != nil {
		return err
	}
	if !strings.Contains(told, "Approved") {
		return errors.New("bob is told: " + told)
	}
	_, here := slack.card(ctx, cardDone, "1 changed", "Bob")
	_, there := teams.card(ctx, cardDone, "1 changed", "Bob")
	if v, err := slack.world.rule("api"); err != nil || v["source"] != "10.0.0.0/8" {
		return errors.Join(err, errors.New("the world was not put back"))
	}
	return errors.Join(here, there)
}
