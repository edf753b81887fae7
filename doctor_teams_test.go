package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"interlock/adapters/teams/teamstest"
	"interlock/config"
)

// doctorTeams is a tenant with a room, and a configuration that names both.
func doctorTeams(t *testing.T, more string) config.Config {
	t.Helper()
	s, err := teamstest.New(teamstest.Options{Unlimited: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	o := s.Options()
	file := filepath.Join(t.TempDir(), "interlock.yaml")
	text := fmt.Sprintf(`data_dir: data
teams: {app_id: %s, app_password: env:TEAMS, tenant_id: %s, openid_url: %q, login_url: %q, graph_url: %q, service_urls: [%q]}
orgs: {acme: {channels: {"teams:19:room@thread.tacv2": {tier: observe}, "slack:C1": {tier: observe}}}}
%s`, o.AppID, o.TenantID, s.OpenIDURL(), s.LoginURL(), s.GraphURL(), s.ServiceURL(), more)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, _, err := config.Load(file, []string{"TEAMS=" + o.AppPassword})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func doctorSays(t *testing.T, all []check) string {
	t.Helper()
	var out bytes.Buffer
	if err := diagnose(context.Background(), all, &out); err != nil && !errors.As(err, new(*coded)) {
		t.Fatal(err)
	}
	return out.String()
}

func TestDoctorTeams(t *testing.T) {
	t.Parallel()
	got := doctorSays(t, teamsChecks(t.Context(), doctorTeams(t, ""), ""))
	for _, want := range []string{
		"ok     teams login  app ", "ok     teams keys   2, of which 2 may sign for Teams\n", "WARN   teams services teams.service_urls: http://127.0.0.1:",
		"WARN   teams 19:room@thread.tacv2 nothing was heard from there yet", "WARN   teams endpoint the Azure Bot's messaging endpoint must be https://YOUR-HOST/api/messages and lead to http.addr, 127.0.0.1:8080; http.public is empty\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "C1") || strings.Contains(got, "WRONG") {
		t.Errorf("%s", got)
	}
}

func TestDoctorTeamsEndpoint(t *testing.T) {
	t.Parallel()
	cfg := doctorTeams(t, `http: {public: "0.0.0.0:8443"}`)
	if got := doctorSays(t, teamsChecks(t.Context(), cfg, "")); !strings.Contains(got, "ok     teams endpoint the Azure Bot's messaging endpoint must be https://YOUR-HOST/api/messages and lead to http.public, 0.0.0.0:8443") {
		t.Error(got)
	}
	if got := doctorSays(t, teamsChecks(t.Context(), cfg, "https://127.0.0.1:1")); !strings.Contains(got, "WRONG  teams endpoint nothing answers: ") {
		t.Error(got)
	}
}

// Without its keys Teams is not asked.
func TestDoctorWithoutTeams(t *testing.T) {
	t.Parallel()
	if all := teamsChecks(t.Context(), config.Config{}, "https://127.0.0.1:1"); len(all) > 0 {
		t.Errorf("%+v", all)
	}
}
