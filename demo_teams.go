package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"interlock/adapters/teams/teamstest"
)

// The demo's people in the Teams that it plays in.
const (
	teamsAlice = "a11ce000-0000-4000-8000-000000000001"
	teamsBob   = "b0b00000-0000-4000-8000-000000000002"
	teamsCarol = "ca501000-0000-4000-8000-000000000003"
	teamsTeam  = "19:platform@thread.tacv2"
	teamsRoom  = "19:payments@thread.tacv2"
)

func teamsID(who string) string {
	return map[string]string{"alice": teamsAlice, "bob": teamsBob, "carol": teamsCarol}[who]
}

// teamsTenant is a Teams of our own, with the demo's people in it. Its retries run
// twenty times as quickly as Microsoft's.
func teamsTenant() (*teamsStage, error) {
	s, err := teamstest.New(teamstest.Options{BotName: "Interlock", Scale: 20, Patience: 5 * time.Second})
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	var all []string
	for _, name := range []string{"alice", "bob", "carol"} {
		u := s.AddUser(teamstest.User{ObjectID: teamsID(name), Name: strings.ToUpper(name[:1]) + name[1:], Installed: true})
		all, names[u.ID] = append(all, teamsID(name)), name
	}
	team := s.AddTeam(teamstest.Team{ID: teamsTeam, Name: "Platform", Members: all, Consent: true})
	s.AddChannel(teamstest.Channel{ID: teamsRoom, Team: team, Name: "payments"})
	return &teamsStage{s, names}, nil
}

// moveToTeams has the demo's stack and people in Teams.
func (w *demoWorld) moveToTeams(s *teamstest.Server) error {
	text := strings.ReplaceAll(demoConfig, `"console:payments"`, `"teams:`+teamsRoom+`"`)
	for _, name := range []string{"Alice", "Bob", "Carol"} {
		id := s.Options().TenantID + "/" + teamsID(strings.ToLower(name))
		text = strings.Replace(text, "{name: "+name+",", `{name: `+name+`, chat: ["teams:`+id+`"],`, 1)
	}
	return os.WriteFile(w.config, []byte(text), 0o600)
}

// teamsEnviron is what an administrator sets for Teams, and where this one is.
func teamsEnviron(s *teamstest.Server) []string {
	o := s.Options()
	return []string{
		"INTERLOCK_TEAMS_APP_ID=" + o.AppID, "INTERLOCK_TEAMS_APP_PASSWORD=" + o.AppPassword, "INTERLOCK_TEAMS_TENANT_ID=" + o.TenantID,
		"INTERLOCK_TEAMS_OPENID_URL=" + s.OpenIDURL(), "INTERLOCK_TEAMS_LOGIN_URL=" + s.LoginURL(), "INTERLOCK_TEAMS_GRAPH_URL=" + s.GraphURL(),
		"INTERLOCK_TEAMS_SERVICE_URLS=" + s.ServiceURL(), "INTERLOCK_CONSOLE_OFF=true",
	}
}

// teamsStage is the demo's channel in a Teams of our own.
type teamsStage struct {
	*teamstest.Server
	names map[string]string // by the ids that Teams has for people
}

// deliver names where Teams sends what it sends, and adds the bot to the team.
func (h *teamsStage) deliver(addr net.Addr) {
	h.SetEndpoint("http://" + addr.String() + "/api/messages")
	for _, who := range []string{"alice", "bob", "carol"} {
		h.Personal(teamsID(who), "help") // who never spoke has no view of their own
	}
	h.Install(teamsTeam, teamsAlice)
}

func (h *teamsStage) channel() (roots []said) {
	for _, m := range h.Messages(teamsRoom) {
		if m.Root == m.ID {
			roots = append(roots, h.said(m))
		}
	}
	return roots
}

func (h *teamsStage) thread(id string) (all []said) {
	for _, m := range h.Messages(teamstest.ThreadOf(teamsRoom, id)) {
		all = append(all, h.said(m))
	}
	return all
}

func (h *teamsStage) said(m teamstest.Message) said {
	var shown struct{ Summary string }
	_ = json.Unmarshal(m.Activity, &shown) // what a person said has none
	s := said{id: m.ID, who: cmp.Or(h.names[m.From], "Interlock"), text: cmp.Or(shown.Summary, m.Text)}
	for _, c := range m.Cards {
		s.text = strings.TrimSpace(s.text + "\n" + teamsText(c))
	}
	return s
}

// teamsText are the texts of a card.
func teamsText(card json.RawMessage) string {
	var b strings.Builder
	var v any
	if json.Unmarshal(card, &v) == nil {
		gatherCard(&b, v)
	}
	return b.String()
}

func gatherCard(b *strings.Builder, v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			gatherCard(b, e)
		}
	case map[string]any:
		if s, ok := v["text"].(string); ok {
			b.WriteString(s + "\n")
		}
		for _, k := range []string{"body", "items", "columns", "rows", "cells", "inlines", "actions"} {
			gatherCard(b, v[k])
		}
	}
}

func (h *teamsStage) say(id, who, text string) {
	h.Say(teamstest.ThreadOf(teamsRoom, id), teamsID(who), "<at>"+h.Options().BotName+"</at> "+text)
}

func (h *teamsStage) wait(ctx context.Context, is func() bool) error { return h.Wait(ctx, is) }

// press is what a person does: where the card as they see it has no such button,
// they ask for their own view, and press it there if it has one.
func (h *teamsStage) press(_ context.Context, who, id, label string) (string, error) {
	who = teamsID(who)
	v := h.View(who, id) //nolint:contextcheck // it is somebody else who looks
	if !slices.Contains(v.Buttons, label) {
		if out := h.Click(who, id, "Decide", nil); !out.OK() { //nolint:contextcheck // as above
			return "", fmt.Errorf("a view was not given: %+v", out)
		}
		v = h.View(who, id) //nolint:contextcheck // as above
	}
	if !slices.Contains(v.Buttons, label) {
		return shownTo(v), nil
	}
	out := h.Click(who, id, label, nil) //nolint:contextcheck // as above
	if out.Error != "" {
		return "", fmt.Errorf("the press was not taken: %s", out.Error)
	}
	if out.Notice != "" {
		return out.Notice, nil
	}
	return shownTo(h.View(who, id)), nil //nolint:contextcheck // as above
}

func shownTo(v teamstest.View) string {
	text := v.Notice
	for _, c := range v.Cards {
		text += "\n" + teamsText(c)
	}
	return strings.TrimSpace(text)
}

// orderly looks for what was posted twice, and for what Teams would have minded.
func (h *teamsStage) orderly(ctx context.Context, thread string) error {
	if all := h.Problems(); len(all) > 0 {
		return fmt.Errorf("against Teams' rules: %v", all)
	}
	ctx, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	err := h.Wait(ctx, func() bool {
		return !slices.ContainsFunc(h.Deliveries(), func(d teamstest.Delivery) bool { return !d.Done }) &&
			!slices.ContainsFunc(h.thread(thread), func(m said) bool { return strings.HasPrefix(m.text, "Working: ") })
	})
	if err != nil {
		return fmt.Errorf("waited for what is underway: %w", err)
	}
	seen := map[string]bool{}
	for _, m := range h.thread(thread) {
		if m.who == "Interlock" && seen[m.text] {
			return fmt.Errorf("posted twice: %s", m.text)
		}
		seen[m.text] = true
	}
	return nil
}
