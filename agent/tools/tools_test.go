package tools

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"interlock/agent"
)

// The names and what a lost outcome means are a contract.
var contract = map[string]agent.Lost{
	"list_files": agent.Rerun, "read_file": agent.Rerun, "search_files": agent.Rerun, "write_file": agent.Idempotent, "shell": agent.Unsafe, "ask_person": agent.Rerun,
	"tofu_validate": agent.Rerun, "tofu_plan": agent.Rerun, "tofu_apply": agent.Probeable, "drift_scan": agent.Rerun,
}

func TestAll(t *testing.T) {
	t.Parallel()
	all := All(Deps{})
	if len(all) != len(contract) {
		t.Errorf("%d tools", len(all))
	}
	for _, tool := range all {
		s := tool.Spec()
		if lost, ok := contract[s.Name]; !ok || s.Lost != lost || s.Asks != (s.Name == "ask_person") {
			t.Errorf("%s: lost %v, asks %v", s.Name, s.Lost, s.Asks)
		}
		if !strings.Contains(s.Description, "Effect:") || !strings.Contains(s.Description, "Example") {
			t.Errorf("%s: description %q", s.Name, s.Description)
		}
		checkSchema(t, s)
	}
}

// checkSchema wants a closed object whose every property is described, and that
// the example of the description is one.
func checkSchema(t *testing.T, s agent.ToolSpec) {
	t.Helper()
	var o struct {
		Type       string
		Additional *bool `json:"additionalProperties"`
		Required   []string
		Properties map[string]struct{ Type, Description string }
	}
	if err := json.Unmarshal(s.Schema, &o); err != nil || o.Type != "object" || o.Additional == nil || *o.Additional || len(o.Required) == 0 {
		t.Errorf("%s: schema %s: %v", s.Name, s.Schema, err)
	}
	for name, p := range o.Properties {
		if p.Type == "" || p.Description == "" {
			t.Errorf("%s: %s is not described", s.Name, name)
		}
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(s.Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("mem:"+s.Name, doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("mem:" + s.Name)
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	_, example, _ := strings.Cut(s.Description, "Example: ")
	got, err := jsonschema.UnmarshalJSON(strings.NewReader(example))
	if err != nil {
		t.Fatalf("%s: example %q: %v", s.Name, example, err)
	}
	if err := schema.Validate(got); err != nil {
		t.Errorf("%s: example: %v", s.Name, err)
	}
}
