package tofu

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"interlock/agent"
)

// change writes one entry of resource_changes or resource_drift.
func change(address, actions, before, after, rest string) string {
	return fmt.Sprintf(`{"address": %q, "mode": "managed", "type": "t", "change": {"actions": [%s], "before": %s, "after": %s %s}}`, address, actions, before, after, rest)
}

func drifting(t *testing.T, drift, changes, expressions string) ([]agent.Finding, agent.Plan) {
	t.Helper()
	doc := fmt.Sprintf(`{"format_version": "1.2", "planned_values": {}, "resource_drift": [%s], "resource_changes": [%s],
		"configuration": {"root_module": {"resources": [{"address": "t.a", "expressions": {%s}}]}}}`, drift, changes, expressions)
	if !json.Valid([]byte(doc)) {
		t.Fatal(doc)
	}
	found, pending, err := Drift("o", "s", []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return found, pending
}

func TestPendingLeavesOutThePuttingBack(t *testing.T) {
	t.Parallel()
	const update, create, replace = `"update"`, `"create"`, `"delete","create"`
	old, world := `{"id": "1", "port": 443}`, `{"id": "1", "port": 80}`
	drifted := change("t.a", update, old, world, "")
	gone := change("t.a", `"delete"`, old, "null", "")
	idUnknown := `, "after_unknown": {"id": true}`
	for name, c := range map[string]struct {
		drift, changes, expressions, want string
	}{
		"put back":               {drifted, change("t.a", update, world, old, ""), "", ""},
		"accepted by the code":   {drifted, change("t.a", `"no-op"`, world, world, ""), "", ""},
		"a change beside":        {drifted, change("t.a", update, world, `{"id": "1", "port": 443, "name": "x"}`, ""), "", "update name"},
		"another value":          {drifted, change("t.a", update, world, `{"id": "1", "port": 8443}`, ""), "", "update port"},
		"another resource":       {drifted, change("t.a", update, world, old, "") + "," + change("t.b", create, "null", old, ""), "", "create id port"},
		"deleted by the code":    {drifted, change("t.a", `"delete"`, world, "null", ""), "", "delete id port"},
		"replaced to put back":   {drifted, change("t.a", replace, world, `{"port": 443}`, idUnknown), "", ""},
		"unknown by the code":    {drifted, change("t.a", update, world, `{"port": 443}`, idUnknown), `"id": {}`, "update id"},
		"gone, made again":       {gone, change("t.a", create, "null", `{"port": 443}`, idUnknown), `"id": {}`, ""},
		"gone, made otherwise":   {gone, change("t.a", create, "null", `{"port": 8443}`, idUnknown), "", "update id port"},
		"gone, and not in code":  {gone, "", "", ""},
		"moved while drifting":   {strings.Replace(drifted, `"mode"`, `"previous_address": "t.old", "mode"`, 1), strings.Replace(change("t.a", update, world, old, ""), `"mode"`, `"previous_address": "t.old", "mode"`, 1), "", "moved"},
		"no drift, only changes": {"", change("t.a", update, old, world, ""), "", "update port"},
	} {
		_, pending := drifting(t, c.drift, c.changes, c.expressions)
		var got []string
		for _, r := range pending.Resources {
			got = append(got, r.Action)
			for _, a := range r.Attributes {
				got = append(got, a.Path)
			}
		}
		if strings.Join(got, " ") != c.want || pending.Changes() != (c.want != "") {
			t.Errorf("%s: pending %q, want %q", name, got, c.want)
		}
	}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	one, _ := drifting(t, change("t.a", `"update"`, `{"p": "old", "l": [1, 2], "s": "x1"}`, `{"p": "new", "l": [1, 3, 4], "s": "x2"}`, `, "before_sensitive": {"s": true}`), "", "")
	var got []string
	for _, f := range one {
		got = append(got, f.Attribute+"="+f.Code+">"+f.Real)
	}
	if want := "l[1]=2>3 l[2]=null>4 p=old>new s=(sensitive)>(sensitive)"; strings.Join(got, " ") != want {
		t.Errorf("findings %q, want %q", got, want)
	}
	again, _ := drifting(t, change("t.a", `"update"`, `{"p": "old"}`, `{"p": "third"}`, ""), "", "")
	if again[0].Fingerprint != one[2].Fingerprint || one[0].Fingerprint == one[1].Fingerprint || len(one[0].Fingerprint) != 64 {
		t.Errorf("fingerprints %q and %q", again[0].Fingerprint, one[2].Fingerprint)
	}
	moved := strings.Replace(change("t.a", `"no-op"`, `{"p": 1}`, `{"p": 1.0}`, ""), `"mode"`, `"previous_address": "t.b", "mode"`, 1)
	if found, pending := drifting(t, moved, "", ""); len(found) > 0 || pending.Drift > 0 {
		t.Errorf("a move is drift: %+v", found)
	}
	moved = strings.Replace(moved, "no-op", "update", 1)
	if found, pending := drifting(t, moved, "", ""); len(found) > 0 || pending.Drift > 0 {
		t.Errorf("a move is drift: %+v", found)
	}
}

func TestValuesAreShortAndPlain(t *testing.T) {
	t.Parallel()
	p, err := Summarize([]byte(`{"format_version": "1.0", "planned_values": {}, "resource_changes": [` +
		change("t.a", `"update"`, `{"a": "x\u001b[31m\u202e\ny", "n": 12345678901234567890, "e": "", "u": 1, "d": {"k.l": "`+strings.Repeat("a", 200)+`b"}, "copy": "token=hunter22"}`,
			`{"a": null, "n": 12345678901234567891, "e": "z", "d": {"k.l": "`+strings.Repeat("a", 200)+`c"}, "copy": "x", "pw": "hunter22"}`,
			`, "after_unknown": {"u": true}, "after_sensitive": {"pw": true}`) + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []agent.PlanAttribute{
		{Path: "a", Before: `x\u001b[31m\u202e\ny`, After: "null"},
		{Path: "copy", Before: "(sensitive)", After: "x"},
		{Path: `d["k.l"]`, Before: "..." + strings.Repeat("a", 20) + "b", After: "..." + strings.Repeat("a", 20) + "c"},
		{Path: "e", Before: `""`, After: "z"},
		{Path: "n", Before: "12345678901234567890", After: "12345678901234567891"},
		{Path: "pw", Before: "(sensitive)", After: "(sensitive)"},
		{Path: "u", Before: "1", After: "(known after apply)"},
	}
	got := p.Resources[0].Attributes
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("\n got %v\nwant %v", got, want)
	}
}

func TestUnknownIsNeverNothing(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]string{
		"action":   `{"format_version": "1.0", "planned_values": {}, "resource_changes": [` + change("t.a", `"explode"`, "null", "null", "") + `]}`,
		"change":   `{"format_version": "1.0", "planned_values": {}, "resource_changes": [{"address": "t.a"}]}`,
		"null":     `{"format_version": "1.0", "planned_values": {}, "resource_drift": [null]}`,
		"output":   `{"format_version": "1.0", "planned_values": {}, "output_changes": {"o": null}}`,
		"version":  `{"format_version": "2.0", "planned_values": {}}`,
		"words":    `{"format_version": "1.x", "planned_values": {}}`,
		"array":    `[]`,
		"null doc": `null`,
	} {
		if p, err := Summarize([]byte(doc)); err == nil {
			t.Errorf("%s passes: %+v", name, p)
		}
	}
}
