package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
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
		"interlock.yaml": `sandbox: {shared_kernel: true}
orgs:
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

func TestLoadPolicy(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "policy.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]string{
		"":                               "environments: no environment prod, where stack web is; known: none",
		"environments: {prod: {}}\nx: 1": file + ":2: x: unknown key",
		"a: [":                           "did not find expected",
		"- people":                       "must be keys and values",
		"people: {}\n---\npeople: {}":    "more than one document",
		"rules: &r []":                   "anchors and aliases are not read here",
		strings.Repeat("#", fileLimit+1): "is larger than 4194304 bytes",
	} {
		write(text)
		if _, _, err := LoadPolicy(file, gatedOrg()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %.300v", text, err)
		}
		if _, _, err := ParsePolicy(file, []byte(text), gatedOrg()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parsed %.40q: %.300v", text, err)
		}
	}
	write("environments: {prod: {}}")
	if p, _, err := LoadPolicy(file, gatedOrg()); err != nil || len(p.Environments) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	if _, _, err := LoadPolicy(file+".gone", gatedOrg()); err == nil {
		t.Error("a file that is not there is a policy")
	}
}

// Problems name a policy's file as the main file is named.
func TestBeside(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ main, dir, path, want string }{
		{"interlock.yaml", "/srv", "/srv/policy.yaml", "policy.yaml"},
		{"etc/interlock.yaml", "/srv/etc", "/srv/etc/who/policy.yaml", "etc/who/policy.yaml"},
		{"/srv/etc/interlock.yaml", "/srv/etc", "/srv/etc/policy.yaml", "/srv/etc/policy.yaml"},
		{"interlock.yaml", "/srv", "/etc/policy.yaml", "/etc/policy.yaml"},
	} {
		d := &decoder{places: places{file: test.main}, dir: test.dir}
		if got := d.beside(test.path); got != test.want {
			t.Errorf("%s beside %s is %s", test.path, test.main, got)
		}
	}
}

func TestQuiet(t *testing.T) {
	t.Parallel()
	if from, until, zone, err := (Quiet{}).Parse(); from != 0 || until != 0 || zone != nil || err != nil {
		t.Errorf("nothing is %s to %s in %v, %v", from, until, zone, err)
	}
	if _, _, zone, err := DefaultOrg().Approvals.Quiet.Parse(); zone != nil || err != nil {
		t.Errorf("the default is in %v, %v", zone, err)
	}
	from, until, zone, err := Quiet{"23:59", "00:00", "Europe/Berlin"}.Parse()
	if err != nil || from != 24*time.Hour-time.Minute || until != 0 || zone.String() != "Europe/Berlin" {
		t.Errorf("%s to %s in %v, %v", from, until, zone, err)
	}
}

// A raise lifts what a rule can reach, for as long as it lasts.
func TestRaiseReaches(t *testing.T) {
	t.Parallel()
	const text = `
people: {ana: {roles: [operator]}, bo: {roles: [approver]}, cy: {roles: [approver]}}
environments: {prod: {tier: draft}}
channels: {"console:ops": {}}
rules: [{who: "role:operator", may: [change], on: [env/prod], effect: allow}]
approvals: {rules: [{name: two, environments: [prod]}]}
raises: [{environment: prod, tier: gated, until: %s, because: a migration}]
`
	for left, want := range map[time.Duration]int{
		-time.Hour: 3, time.Hour: 0, 89 * 24 * time.Hour: 0, 91 * 24 * time.Hour: 1,
	} {
		_, warnings, err := ParsePolicy("p", fmt.Appendf(nil, text, time.Now().Add(left).Format(time.RFC3339)), gatedOrg())
		if err != nil || len(warnings) != want {
			t.Errorf("%s left: %d warnings, want %d: %v, %v", left, len(warnings), want, warnings, err)
		}
	}
}

// What was accepted is the same when it is written and read again.
func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte(wholePolicy))
	f.Add([]byte("people: {a: {roles: [admin]}}\nrules: [{who: \"role:admin\", may: [\"*\"], on: [\"*\"], effect: deny}]"))
	f.Add([]byte("approvals: {rules: [{name: x, kinds: [\"[\"]}]}\nraises: [{until: 2026-01-01T00:00:00Z}]"))
	f.Add([]byte("environments: {prod: {}}\nrules: [{who: \"role:admin\", may: [read], on: [stack/web], effect: allow}]\nlimits: {org: {runs: 3}}"))
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
		text, err := yaml.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		again, _, err := ParsePolicy("p", text, gatedOrg())
		if err != nil || counts(again) != counts(p) {
			t.Fatalf("%v: %v became %v in\n%s", err, counts(p), counts(again), text)
		}
	})
}

func counts(p Policy) [7]int {
	return [7]int{len(p.People), len(p.Groups), len(p.Environments), len(p.Channels), len(p.Rules), len(p.Raises), len(p.Approvals.Rules)}
}

// bigPolicy has so many people and rules, and a tenth of them rules for approvals.
func bigPolicy(people, rules int) ([]byte, Org) {
	var b strings.Builder
	o := Org{Stacks: map[string]Stack{}, Profiles: map[string]Profile{"default": DefaultProfile()}}
	b.WriteString("environments: {prod: {tier: gated}, lab: {tier: sandbox}}\nchannels: {\"console:ops\": {tier: gated}}\npeople:\n")
	for i := range people {
		fmt.Fprintf(&b, "  p%d: {roles: [%s]}\n", i, roles[i%len(roles)])
	}
	b.WriteString("rules:\n")
	for i := range rules {
		stack := fmt.Sprintf("s%d", i%200)
		o.Stacks[stack] = Stack{Environment: "prod", Channel: "console:ops"}
		fmt.Fprintf(&b, "- {who: \"person:p%d\", may: [change, approve], on: [stack/%s], effect: %s}\n", i%people, stack, []string{"allow", "deny"}[i%2])
	}
	b.WriteString("approvals:\n  rules:\n")
	for i := range rules / 10 {
		fmt.Fprintf(&b, "  - {name: r%d, stacks: [s%d], need: 2}\n", i, i%200)
	}
	return []byte(b.String()), o
}

// A changed policy is read while somebody waits for a decision.
func BenchmarkParsePolicy(b *testing.B) {
	for _, rules := range []int{100, 1_000, 10_000} {
		b.Run(fmt.Sprint(rules), func(b *testing.B) {
			data, o := bigPolicy(1_000, rules)
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, _, err := ParsePolicy("p", data, o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The examples of the page on policies are one policy that is accepted as it is.
func TestPolicyPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for i, part := range strings.Split(string(page), "```") {
		if example, is := strings.CutPrefix(part, "yaml\n"); i%2 == 1 && is {
			text.WriteString(example)
		}
	}
	o := gatedOrg()
	o.Stacks = map[string]Stack{"payments": {Environment: "prod", Channel: "slack:C1"}}
	p, warnings, err := ParsePolicy("policy.md", []byte(text.String()), o)
	if err != nil || len(p.Approvals.Rules) != 2 || len(p.Groups) != 2 || len(p.Rules) != 2 || len(p.Raises) != 1 {
		t.Fatalf("%v: %+v", err, p)
	}
	for _, w := range warnings {
		if !strings.HasPrefix(w.Key, "raises.") { // their days pass
			t.Error(w)
		}
	}
}
