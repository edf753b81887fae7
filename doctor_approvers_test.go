package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"interlock/config"
	"interlock/store"
)

const approversPolicy = `
people: {ann: {}, bob: {}, cas: {}}
groups: {platform: {roles: [approver], chat: ["slack:T1/S1"]}}
environments: {prod: {tier: gated}, dev: {tier: sandbox}}
`

// approversWorld is an Org whose approvers are those of a group in a chat.
func approversWorld(t *testing.T, from string) config.Config {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"policy.yaml": approversPolicy, "interlock.yaml": "data_dir: data\norgs: {acme: {policy: " + from + "}}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, _, err := config.Load(filepath.Join(dir, "interlock.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// learn does something to the Org's database, as if serve had run.
func learn(t *testing.T, cfg config.Config, fn func(db *store.DB) error) {
	t.Helper()
	keys, err := orgKeys(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db, err := openStore(t.Context(), cfg, keys, 0, logger(cfg.Log))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := fn(db); err != nil {
		t.Fatal(err)
	}
}

// Doctor counts whom a decision would count: the members of a group elsewhere, and
// whoever was added while it ran.
func TestDoctorCountsWhoWasLearned(t *testing.T) {
	t.Parallel()
	cfg := approversWorld(t, "policy.yaml")
	says := func(want string) {
		t.Helper()
		if got := doctorSays(t, approverChecks(t.Context(), cfg)); got != want {
			t.Errorf("it says:\n%s\nnot:\n%s", got, want)
		}
	}
	const few = "; a destroy asked by one of them needs two others"
	const fix = "                    fix: give more people the role approver\n"
	says("WRONG  approvers    acme/prod: 0 can approve" + few + " (judged without the database, which is not there yet)\n" + fix)
	learn(t, cfg, func(db *store.DB) error {
		return db.SetMembers(t.Context(), "acme", "slack:T1/S1", []string{"person:ann", "person:bob"})
	})
	says("WRONG  approvers    acme/prod: 2 can approve" + few + "\n" + fix)
	learn(t, cfg, func(db *store.DB) error {
		return db.AddPerson(t.Context(), "acme", store.Person{ID: "dora", Name: "Dora", Roles: []string{"admin"}, Chat: []string{"console:dora"}})
	})
	says("ok     approvers    acme/prod: 3 can approve\n")
	if err := os.WriteFile(filepath.Join(cfg.DataDir, "interlock.db"), []byte("this is no database, and long enough to be read as one"), 0o600); err != nil {
		t.Fatal(err)
	}
	says("WRONG  approvers    acme/prod: 0 can approve" + few + " (judged without the database, which cannot be opened)\n" + fix)
}

// A policy that stands in the database is judged there, and its absence is told.
func TestDoctorJudgesThePolicyInTheDatabase(t *testing.T) {
	t.Parallel()
	cfg := approversWorld(t, "database")
	if got := doctorSays(t, approverChecks(t.Context(), cfg)); !strings.HasPrefix(got, "WARN   approvers    acme: nobody knows who can approve: its policy is in the database\n") || !strings.Contains(got, "not there yet") {
		t.Errorf("without a database:\n%s", got)
	}
	learn(t, cfg, func(db *store.DB) error {
		_, err := db.SetPolicyText(t.Context(), "acme", 0, store.PolicyVersion{By: "erin", Why: "first", At: time.Now(), Text: []byte(approversPolicy)})
		return err
	})
	if got := doctorSays(t, approverChecks(t.Context(), cfg)); !strings.HasPrefix(got, "WRONG  approvers    acme/prod: 0 can approve;") || strings.Contains(got, "without") {
		t.Errorf("with one:\n%s", got)
	}
	learn(t, cfg, func(db *store.DB) error {
		_, err := db.SetPolicyText(t.Context(), "acme", 1, store.PolicyVersion{By: "erin", Why: "broken", At: time.Now(), Text: []byte("people: [")})
		return err
	})
	if got := doctorSays(t, approverChecks(t.Context(), cfg)); !strings.HasPrefix(got, "WRONG  approvers    read policy of acme:") {
		t.Errorf("broken:\n%s", got)
	}
}
