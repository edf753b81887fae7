package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"interlock/config"
	"interlock/store"
)

// policyWorld is the policy of testdata in a folder of its own.
func policyWorld(t *testing.T) (dir, file string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"interlock.yaml", "policy.yaml", "decisions.yaml"} {
		data, err := os.ReadFile(filepath.Join("testdata", "policy", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, filepath.Join(dir, "interlock.yaml")
}

func edit(t *testing.T, file, was, now string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(data), was) {
		t.Fatalf("%s holds no %q, %v", file, was, err)
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(data), was, now)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestPolicyCommands(t *testing.T) {
	t.Parallel()
	dir, file := policyWorld(t)
	table := filepath.Join(dir, "decisions.yaml")
	wrong := filepath.Join(dir, "wrong.yaml")
	misspelt := filepath.Join(dir, "misspelt.yaml")
	nowhere := filepath.Join(dir, "nowhere.yaml")
	other := filepath.Join(dir, "other.yaml")
	for name, text := range map[string]string{
		wrong:    "- {actor: alice, action: change, stack: payments, resources: 1, expect: ask 2, approvers: [bob], may_not_approve: [carol], because: nonsense}\n",
		nowhere:  "- {actor: alice, action: change, stack: wob, expect: deny}\n",
		misspelt: "- {actor: alice, actoin: change, expect: deny}\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(other, []byte(strings.Replace(string(data), "name: Bob, roles: [approver]", "name: Bob, roles: [viewer]", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		code int
		want []string
	}{
		"all as expected":     {[]string{"test", table}, 0, []string{"21 of 21 decisions are as expected"}},
		"some differ":         {[]string{"test", wrong}, 1, []string{"wrong.yaml:1: alice change payments: expected ask 2, is ask 1", "expected approvers [bob], are [bob carol erin]", "carol may approve it", `a reason with "nonsense"`, "0 of 1"}},
		"a key misspelt":      {[]string{"test", misspelt}, 2, []string{"actoin"}},
		"no such table":       {[]string{"test", filepath.Join(dir, "none")}, 2, []string{"no such file"}},
		"explained":           {[]string{"explain", "--actor", "alice", "--action", "change", "--stack", "toys"}, 0, []string{"deny: ", "Environment lab is at tier sandbox.", "raises: - {environment: lab, tier: gated", "Erin (person:erin, console:erin; role admin)"}},
		"explained in JSON":   {[]string{"explain", "--json", "--actor", "slack:T1/UALICE", "--action", "tofu_apply", "--stack", "payments", "--resources", "1"}, 0, []string{`"decision":"ask 1"`, `"ask":["bob","carol","erin"]`}},
		"a stranger":          {[]string{"explain", "--actor", "slack:T9/U1", "--action", "ask"}, 0, []string{"Nobody here is known as slack:T9/U1.", `chat: ["slack:T9/U1"]`}},
		"no such action":      {[]string{"explain", "--actor", "alice", "--action", "nonsense"}, 2, []string{`what "nonsense" does is not known`}},
		"no such stack":       {[]string{"explain", "--actor", "alice", "--action", "change", "--stack", "wob"}, 0, []string{"deny: ", "There is no stack wob.", `there is no stack "wob"; known: payments, toys`}},
		"no such environment": {[]string{"explain", "--actor", "alice", "--action", "freeze", "--environment", "prdo", "--json"}, 0, []string{`there is no environment \"prdo\"; known: lab, prod`}},
		"no such profile":     {[]string{"explain", "--actor", "alice", "--action", "change", "--stack", "payments", "--profile", "x"}, 0, []string{`there is no profile "x"; known: default`}},
		"no such person":      {[]string{"explain", "--actor", "zed", "--action", "change", "--stack", "payments"}, 0, []string{"deny: ", "Nobody here is known as person:zed.", "people: zed: {roles: [viewer]}", "Erin (person:erin"}},
		"who of no stack":     {[]string{"who", "approve", "wob"}, 2, []string{`there is no stack "wob"; known: payments, toys`}},
		"who of no place":     {[]string{"who", "change", "env/prdo"}, 2, []string{`there is no environment "prdo"; known: lab, prod`}},
		"who does nonsense":   {[]string{"who", "chnage", "payments"}, 2, []string{`what "chnage" does is not known`}},
		"a row of no stack":   {[]string{"test", nowhere}, 0, []string{`nowhere.yaml:1: note: there is no stack "wob"; known: payments, toys`, "1 of 1"}},
		"no such Org":         {[]string{"show", "--org", "umbrella"}, 2, []string{`no organisation "umbrella"`}},
		"who":                 {[]string{"who", "approve", "payments"}, 0, []string{"Bob (person:bob, console:bob; role approver)", "group dba (gives approver)"}},
		"who breaks":          {[]string{"who", "break", "env/prod", "--json"}, 0, []string{`{"who":["fay"]}`}},
		"who changes":         {[]string{"who", "change", "payments", "--json"}, 0, []string{`{"who":["alice","erin"]}`}},
		"nobody":              {[]string{"who", "change", "toys"}, 0, []string{"nobody"}},
		"shown":               {[]string{"show"}, 0, []string{"person dan: role approver; console:dan; switched off", "rule: role operator may not destroy on env/prod"}},
		"no difference":       {[]string{"diff", filepath.Join(dir, "policy.yaml")}, 0, nil},
		"a difference":        {[]string{"diff", other}, 1, []string{"- person bob: role approver", "+ person bob: role viewer", "+ in prod, by these rules: may change: Alice, Erin; may approve: Carol, Erin;"}},
		"nothing on record":   {[]string{"log"}, 3, []string{"nothing has run here yet"}},
		"in a file":           {[]string{"apply", other, "--by", "erin", "--because", "x"}, 2, []string{"stands in a file"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out := interlock(t.Context(), "", append([]string{"policy", "--config", file}, c.args...)...)
			if code != c.code {
				t.Errorf("exit %d, want %d:\n%s", code, c.code, out)
			}
			for _, w := range c.want {
				if !strings.Contains(out, w) {
					t.Errorf("no %q in:\n%s", w, out)
				}
			}
		})
	}
}

// A policy in the database is changed by administrators, for a reason, whole; a
// bad one is refused, and what is in force stays.
func TestPolicyInTheDatabase(t *testing.T) {
	t.Parallel()
	dir, file := policyWorld(t)
	edit(t, file, "policy: policy.yaml", "policy: database")
	policy := filepath.Join(dir, "policy.yaml")
	cfg, _, err := config.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	begin(t, cfg)
	run := func(code int, want string, args ...string) {
		t.Helper()
		got, out := interlock(t.Context(), "", append([]string{"policy", "--config", file}, args...)...)
		if got != code || !strings.Contains(out, want) {
			t.Fatalf("%v: exit %d\n%s", args, got, out)
		}
	}
	run(0, "deny", "explain", "--actor", "erin", "--action", "change", "--stack", "payments")
	run(2, "no administrator", "apply", policy, "--by", "alice", "--because", "first")
	run(2, "needs a reason", "apply", policy, "--by", "erin", "--because", " ")
	run(0, "version 1 is in force", "apply", policy, "--by", "erin", "--because", "first")
	run(0, "ask 1", "explain", "--actor", "erin", "--action", "change", "--stack", "payments", "--resources", "1")
	edit(t, policy, "alice: {name: Alice, roles: [operator]", "alice: {name: Alice, roles: [viewer]")
	run(0, "- person alice: role operator", "apply", policy, "--by", "erin", "--because", "alice left the team")
	run(0, "Alice may not change", "explain", "--actor", "alice", "--action", "change", "--stack", "payments")
	edit(t, policy, "roles: [viewer]", "roles: [root]")
	run(2, `no role "root"`, "apply", policy, "--by", "erin", "--because", "x")
	run(0, "version 2 written by erin: alice left the team", "log")
}

// begin opens a database once, as serve does.
func begin(t *testing.T, cfg config.Config) {
	t.Helper()
	keys, err := orgKeys(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db, err := openStore(t.Context(), cfg, keys, 0, logger(cfg.Log))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// A change of the file or of the database counts at the next decision; what is
// wrong in it is refused, and the policy before stays.
func TestPolicyReload(t *testing.T) {
	t.Parallel()
	dir, file := policyWorld(t)
	cfg, _, err := config.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := orgKeys(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db, err := openStore(t.Context(), cfg, keys, 0, logger(cfg.Log))
	if err != nil {
		t.Fatal(err)
	}
	a := &app{cfg: cfg, log: logger(cfg.Log), db: db}
	t.Cleanup(func() { _ = a.close() })
	if err := a.wirePolicy(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	o := &opened{cfg: cfg, org: "acme", snap: a.snapshot(t.Context(), "acme")}
	_, _, r, err := (question{Actor: "alice", Action: "change", Stack: "payments"}).request(o)
	if err != nil {
		t.Fatal(err)
	}
	is := func(when, want string) {
		t.Helper()
		if got := outcome(a.gate.Decide(t.Context(), r)); got != want {
			t.Fatalf("%s: %s", when, got)
		}
	}
	policy := filepath.Join(dir, "policy.yaml")
	is("at first", "ask 1")
	edit(t, policy, "roles: [operator], chat", "roles: [operator], off: true, chat")
	is("switched off in the file", "deny")
	edit(t, policy, "roles: [operator], off: true, chat", "roles: [operatr], chat")
	is("a file with a mistake", "deny")
	edit(t, policy, "roles: [operatr], chat", "roles: [operator], chat")
	is("mended", "ask 1")
	all, err := db.Policies(context.WithoutCancel(t.Context()), "acme", 10)
	if err != nil || len(all) != 3 || all[0].Hash != all[2].Hash || all[0].Source != policy {
		t.Fatalf("on record: %+v %v", all, err)
	}
	if err := db.AddPerson(t.Context(), "acme", store.Person{ID: "gil", Name: "Gil", Roles: []string{"operator"}}); err != nil {
		t.Fatal(err)
	}
	if _, known := a.snapshot(t.Context(), "acme").Person("gil"); !known {
		t.Fatal("an added person is not known at the next decision")
	}
	if err := os.Remove(policy); err != nil {
		t.Fatal(err)
	}
	is("the file is gone", "ask 1")
}
