package langchain

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/tmc/langchaingo/llms"

	"interlock/agent"
)

// shown are messages in a short form: role, then each part.
func shown(messages []llms.MessageContent) (all []string) {
	for _, m := range messages {
		line := string(m.Role)
		for _, p := range m.Parts {
			switch p := p.(type) {
			case llms.TextContent:
				line += fmt.Sprintf(" %q", p.Text)
			case llms.ToolCall:
				line += fmt.Sprintf(" %s:%s%s", p.ID, p.FunctionCall.Name, p.FunctionCall.Arguments)
			case llms.ToolCallResponse:
				line += fmt.Sprintf(" %s:%s=%q", p.ToolCallID, p.Name, p.Content)
			default:
				line += fmt.Sprintf(" %T", p)
			}
		}
		all = append(all, line)
	}
	return all
}

func TestForms(t *testing.T) {
	t.Parallel()
	system := `system "You plan.\n\nYou are careful."`
	for _, r := range []struct {
		name string
		kind kind
		want []string
	}{
		{"one message per result", kind{form: PerResult}, []string{
			system, `human "go"`, `ai "First I look." call_a:get{"k":"a"} call_b:list{}`,
			`tool call_a:get="1"`, `tool call_b:list="error: no such list"`, `human "and hurry"`,
		}},
		{"one message per turn", kind{form: PerTurn}, []string{
			system, `human "go"`, `ai "First I look." call_a:get{"k":"a"} call_b:list{}`,
			`tool call_a:get="1" call_b:list="error: no such list"`, `human "and hurry"`,
		}},
		{"one message per part", kind{form: PerPart}, []string{
			system, `human "go"`, `ai "First I look."`, `ai call_a:get{"k":"a"}`, `tool call_a:get="1"`,
			`ai call_b:list{}`, `tool call_b:list="error: no such list"`, `human "and hurry"`,
		}},
		{"a bridge and short ids", mistralKind(), []string{
			system, `human "go"`, `ai "First I look." eezq5ovvg:get{"k":"a"} gv6hwbfb3:list{}`,
			`tool eezq5ovvg:get="1"`, `tool gv6hwbfb3:list="error: no such list"`, `ai "Understood."`, `human "and hurry"`,
		}},
	} {
		got := shown(r.kind.messages(history()))
		if r.kind.bridge != "" { // the ids are a hash; only that they agree matters
			if a, b := strings.Fields(got[2])[4], strings.Fields(got[3])[1]; a[:9] != b[:9] || !nineAlphanumerics.MatchString(a[:9]) {
				t.Errorf("ids %s and %s", a, b)
			}
			for i := range got {
				k := r.kind
				got[i] = strings.NewReplacer(k.id("call_a"), "eezq5ovvg", k.id("call_b"), "gv6hwbfb3").Replace(got[i])
			}
		}
		if !reflect.DeepEqual(got, r.want) {
			t.Errorf("%s:\n%s\nwant\n%s", r.name, strings.Join(got, "\n"), strings.Join(r.want, "\n"))
		}
	}
}

func TestBlankTextIsNotSent(t *testing.T) {
	t.Parallel()
	p := agent.Prompt{Messages: []agent.Message{
		{Role: agent.User, Blocks: []agent.Block{{Text: "go"}}},
		{Role: agent.Assistant, Blocks: []agent.Block{{Text: " "}, {Opaque: &agent.Opaque{}}}},
		{Role: agent.User, Blocks: []agent.Block{{Text: ""}, {Text: "on\xff"}}},
	}}
	want := []string{`human "go"`, `human "on` + "\uFFFD" + `"`}
	for _, form := range []Form{PerResult, PerTurn, PerPart} {
		if got := shown(kind{form: form}.messages(p)); !reflect.DeepEqual(got, want) {
			t.Errorf("form %d: %q", form, got)
		}
	}
}

func TestIDsThatAProviderTakesStay(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		kind kind
		id   string
		same bool
	}{
		{openaiKind(), "functions.get:0", true},
		{openaiKind(), strings.Repeat("x", 41), false},
		{openaiKind(), "", false},
		{anthropicKind(), "toolu_01", true},
		{anthropicKind(), "functions.get:0", false},
		{mistralKind(), "D681PevKs", true},
		{mistralKind(), "call_1234", false},
		{mistralKind(), "", false},
		{kind{}, "whatever it is!", true},
	} {
		got := r.kind.id(r.id)
		if (got == r.id) != r.same || got != r.kind.id(r.id) || !r.same && !nineAlphanumerics.MatchString(got) {
			t.Errorf("id(%q) = %q", r.id, got)
		}
	}
}

func TestArgumentsOfTheHistory(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		``: `{}`, `null`: `{}`, ` {"b":1, "a":2}`: ` {"b":1, "a":2}`,
		`{"k":`: `{"invalid":"{\"k\":"}`, `[1]`: `{"invalid":"[1]"}`, `{} {}`: `{"invalid":"{} {}"}`,
		`{"id":1234567890123456789}`: `{"id":1234567890123456789}`, "{\"a\":\"\xff\"}": "{\"a\":\"\uFFFD\"}",
	} {
		if got := arguments(json.RawMessage(args)); got != want {
			t.Errorf("arguments(%s) = %s, want %s", args, got, want)
		}
	}
}

func TestSchemas(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		``:     `{"properties":{},"type":"object"}`,
		`true`: `{"properties":{},"type":"object"}`,
		`{"properties":{"n":{"maximum":12345678901234567890}}}`: `{"properties":{"n":{"maximum":12345678901234567890}},"type":"object"}`,
	} {
		if got, err := json.Marshal(schema(json.RawMessage(in))); err != nil || string(got) != want {
			t.Errorf("schema(%s) = %s, %v", in, got, err)
		}
	}
}
