package tofu

import (
	"testing"

	"interlock/agent"
)

func TestHeed(t *testing.T) {
	t.Parallel()
	source := agent.Finding{Resource: "firewall_rule.api", Attribute: "source"}
	gone := agent.Finding{Resource: "firewall_rule.api"}
	keyed := agent.Finding{Resource: `aws_instance.web["a b"]`, Attribute: `tags["x.y"]`}
	deposed := agent.Finding{Resource: "firewall_rule.api (deposed 1f2e)", Attribute: "port"}
	for _, c := range []struct {
		rule string
		f    agent.Finding
		want bool
	}{
		{"firewall_rule.api source", source, true},
		{"firewall_rule.api", source, true},
		{"firewall_rule.*   sou?ce", source, true},
		{"* source", source, true},
		{"firewall_rule.api port", source, false},
		{"firewall_rule.ap source", source, false},
		{"firewall_rule.api sourc", source, false},
		{"firewall_rule.a?i*", source, true},
		{"firewall_ruleXapi", source, false},
		{"firewall_rule.api", gone, true},
		{"firewall_rule.api *", gone, false},
		{`aws_instance.web["a b"] tags["x.y"]`, keyed, true},
		{`aws_instance.web["a b"]`, keyed, true},
		{`aws_instance.web[*] tags*`, keyed, true},
		{`aws_instance.web[ab] tags`, keyed, false},
		{"firewall_rule.api (deposed 1f2e) port", deposed, true},
		{"firewall_rule.api (deposed 1f2e)", deposed, true},
		{"firewall_rule.api port", deposed, false},
		{"*", source, false}, // no rule at all
		{"", source, false},
	} {
		left, ignored := Heed([]string{"nothing.such", c.rule}, []agent.Finding{c.f})
		if (ignored == 1) != c.want || len(left)+ignored != 1 {
			t.Errorf("%q on %s %s: %v, %d", c.rule, c.f.Resource, c.f.Attribute, left, ignored)
		}
	}
}

func TestAlikeIsQuick(t *testing.T) {
	t.Parallel()
	long, pattern := "", ""
	for range 2000 {
		long, pattern = long+"a", pattern+"*a"
	}
	if alike(pattern+"*b", long) || !alike(pattern, long) {
		t.Error("judged wrongly")
	}
}
