package agent

import (
	"strings"
	"testing"
)

// Every text of a result is redacted, in copies: what the tool still holds stays.
func TestCleanResult(t *testing.T) {
	t.Parallel()
	plan := &Plan{Create: 1, Resources: []PlanResource{{Address: "a", Attributes: []PlanAttribute{{"password", "old-secret", "new-secret"}}}}, Drifted: []PlanResource{{Attributes: []PlanAttribute{{"x", "", "secret"}}}}}
	some := []Finding{{Attribute: "key", Code: "secret", Real: "real secret"}}
	res := ToolResult{Text: "a secret", Plan: plan, Scan: &ScanNews{New: some, Known: some, Gone: some, Pending: plan, Failed: "secret"}}
	var asked []string
	Clean(func(s string) string {
		asked = append(asked, s)
		return strings.ReplaceAll(s, "secret", "***")
	}, &res)
	got := res.Text + res.Scan.Failed
	for _, p := range []*Plan{res.Plan, res.Scan.Pending} {
		for _, r := range append(p.Resources, p.Drifted...) {
			for _, a := range r.Attributes {
				got += a.Before + a.After
			}
		}
	}
	for _, fs := range [][]Finding{res.Scan.New, res.Scan.Known, res.Scan.Gone} {
		got += fs[0].Code + fs[0].Real
	}
	if strings.Contains(got, "secret") || strings.Count(got, "***") != 14 {
		t.Errorf("%s", got)
	}
	if plan.Resources[0].Attributes[0].After != "new-secret" || some[0].Code != "secret" {
		t.Error("what the tool holds has changed")
	}
	if !strings.Contains(strings.Join(asked, "|"), "password: new-secret") {
		t.Errorf("the name of an attribute is not told: %q", asked)
	}
	if same := res; same.Text == "" {
		t.Error("nothing to compare")
	} else if Clean(nil, &same); same.Text != res.Text || same.Plan != res.Plan {
		t.Error("without a redactor something is taken out")
	}
}
