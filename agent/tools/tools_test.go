package tools

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"interlock/agent"
)

// The names and what a lost outcome means are a contract.
var contract = map[string]agent.Lost{
	"read_more": agent.Rerun, "list_files": agent.Rerun, "read_file": agent.Rerun, "search_files": agent.Rerun, "write_file": agent.Idempotent, "shell": agent.Unsafe, "ask_person": agent.Rerun,
	"tofu_validate": agent.Rerun, "tofu_plan": agent.Rerun, "tofu_apply": agent.Probeable, "drift_scan": agent.Rerun,
	"drift_keep": agent.Rerun, "compliance_scan": agent.Rerun,
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
		checkDescription(t, s)
		checkSchema(t, s)
	}
}

// told is the most bytes of a description: every prompt carries all of them.
const told = 700

// checkDescription wants plain words, in this order: what it does, when to use
// it and when not, its effect, an example.
func checkDescription(t *testing.T, s agent.ToolSpec) {
	t.Helper()
	d, at := s.Description, 0
	for _, part := range []string{"Use it ", "not ", "Effect: ", "Example: {"} {
		i := strings.Index(d[at:], part)
		if i <= 0 {
			t.Fatalf("%s: no %q in its place: %q", s.Name, part, d)
		}
		at += i
	}
	if len(d) > told || strings.ContainsFunc(d, func(r rune) bool { return r > '~' || r < ' ' && r != '\n' }) {
		t.Errorf("%s: %d bytes, at most %d, plain: %q", s.Name, len(d), told, d)
	}
	if effect, _, _ := strings.Cut(d[strings.Index(d, "Effect: ")+len("Effect: "):], " "); !slices.Contains(effects, strings.TrimRight(effect, ".,;")) {
		t.Errorf("%s: effect %q", s.Name, effect)
	}
}

var effects = []string{"none", "reads", "edits", "proposes", "executes", "changes"}

// What a model is told names only tools that there are: in descriptions every
// word with an underscore, in prompts also every word in backticks.
func TestNames(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile("`[^`]*`|[a-z]+(_[a-z]+)+")
	prompts, err := filepath.Glob("../prompts/profiles/*.md")
	if err != nil || len(prompts) == 0 {
		t.Fatalf("profiles: %v, %v", prompts, err)
	}
	texts := map[string]string{}
	for _, path := range append(prompts, "../prompts/rules.md") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[path] = string(text)
	}
	for _, tool := range All(Deps{}) {
		description, _, _ := strings.Cut(tool.Spec().Description, "Example: ")
		texts[tool.Spec().Name] = description
	}
	found := 0
	for where, text := range texts {
		for _, name := range named.FindAllString(text, -1) {
			found++
			if _, ok := contract[strings.Trim(name, "`")]; !ok {
				t.Errorf("%s names %s, which is no tool", where, name)
			}
		}
	}
	if found == 0 {
		t.Error("no tool is named")
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
