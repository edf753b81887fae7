package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// gatedOrg is what a policy is checked against.
func gatedOrg() Org {
	return Org{
		Stacks:   map[string]Stack{"web": {Environment: "prod"}},
		Profiles: map[string]Profile{"default": DefaultProfile()},
	}
}

const wholePolicy = `
people:
  ana: {roles: [operator], chat: ["slack:T1/U1"]}
  bo: {roles: [approver], away: {until: 2026-12-01T09:00:00+01:00, deputy: cy}}
  cy: {roles: [approver]}
  di: {roles: [approver]}
environments: {prod: {tier: gated}}
approvals:
  quiet: {from: "22:00", until: "07:00"}
  rules: [{name: two, environments: [prod], need: 2}]
`

func TestParsePolicy(t *testing.T) {
	t.Parallel()
	p, warnings, err := ParsePolicy("version 3", []byte(wholePolicy), gatedOrg())
	if err != nil || len(warnings) != 0 {
		t.Fatal(err, warnings)
	}
	if !p.People["bo"].Away.Until.Equal(time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)) || p.Approvals.Expiry != time.Hour || p.Approvals.Rules[0].Need != 2 {
		t.Errorf("%+v", p)
	}
	from, until, zone, err := p.Approvals.Quiet.Parse()
	if err != nil || from != 22*time.Hour || until != 7*time.Hour || zone != time.UTC {
		t.Errorf("quiet %s to %s in %v, %v", from, until, zone, err)
	}
	_, _, err = ParsePolicy("version 4", []byte("people:\n  ana: {roles: [root]}\n"), gatedOrg())
	if err == nil || !strings.Contains(err.Error(), `version 4:2: people.ana.roles: no role "root"`) {
		t.Errorf("%v", err)
	}
}

// A policy in a file of its own is the Org's; one in the database is nobody's yet.
func TestPolicyElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"policy.yaml": wholePolicy,
		"interlock.yaml": `orgs:
  acme: {policy: policy.yaml}
  other: {policy: database}
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, _, err := Load(filepath.Join(dir, "interlock.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if acme := c.Orgs["acme"]; len(acme.People) != 4 || acme.PolicyFrom != filepath.Join(dir, "policy.yaml") {
		t.Errorf("%+v", acme)
	}
	if other := c.Orgs["other"]; len(other.People) != 0 || other.PolicyFrom != FromDatabase || other.Approvals.Expiry != time.Hour {
		t.Errorf("%+v", other)
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte(wholePolicy))
	f.Add([]byte("people: {a: {roles: [admin]}}\nrules: [{who: \"role:admin\", may: [\"*\"], on: [\"*\"], effect: deny}]"))
	f.Add([]byte("approvals: {rules: [{name: x, kinds: [\"[\"]}]}\nraises: [{until: 2026-01-01T00:00:00Z}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, _, err := ParsePolicy("p", data, gatedOrg())
		if err != nil {
			return
		}
		for _, r := range p.Rules {
			if r.Effect != "allow" && r.Effect != "deny" || len(r.May) == 0 || len(r.On) == 0 {
				t.Fatalf("accepted %+v", r)
			}
		}
		if _, _, _, err := p.Approvals.Quiet.Parse(); err != nil {
			t.Fatal(err)
		}
	})
}
