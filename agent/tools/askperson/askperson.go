// Package askperson is the tool ask_person: it puts a question to the people of
// the thread. It must never know where the question is shown.
package askperson

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

const (
	usual   = time.Hour
	longest = 24 * time.Hour
)

// Tool asks; it changes nothing and runs nothing.
type Tool struct{}

var _ agent.Tool = Tool{}

type args struct {
	Question, Wait, Otherwise string
	Choices                   []string
}

// Spec names the tool for the model.
func (Tool) Spec() agent.ToolSpec {
	return agent.ToolSpec{
		Name: "ask_person",
		Description: "Ask the people of this thread one question. Use it when a decision is theirs or a fact cannot be looked up; not for approval of a call, " +
			"which its card asks for, and never for a secret. The run rests until somebody answers or the time is over. " +
			`Effect: none. Example: {"question": "Keep the open port or put it back to code?", "choices": ["keep", "put back"], "wait": "30m", "otherwise": "nothing is changed"}`,
		Schema: json.RawMessage(`{"type": "object", "additionalProperties": false, "required": ["question"], "properties": {
			"question": {"type": "string", "minLength": 1, "maxLength": 1500, "description": "One question, in plain words."},
			"choices": {"type": "array", "maxItems": 5, "uniqueItems": true, "items": {"type": "string", "minLength": 1, "maxLength": 60}, "description": "Answers to choose from. Without them any text is an answer."},
			"wait": {"type": "string", "description": "How long to wait, for example 30m. At most 24h; 1h when left out."},
			"otherwise": {"type": "string", "maxLength": 300, "description": "What is true when nobody answers in time."}}}`),
		Lost: agent.Rerun, Asks: true,
	}
}

// Action is a read: a question moves nothing.
func (Tool) Action(_ context.Context, _ string, raw json.RawMessage) (rbac.Action, error) {
	_, _, err := parse(raw)
	return rbac.Action{Tool: "ask_person", Effect: rbac.Read}, err
}

// Run gives the question to the runner, which holds the call.
func (Tool) Run(_ context.Context, _ agent.Env, c agent.ToolCall) (agent.ToolResult, error) {
	a, wait, err := parse(c.Args)
	if err != nil {
		return agent.ToolResult{Failed: true, Text: err.Error(), Label: rbac.Clean()}, nil
	}
	q := agent.Question{Text: a.Question, Choices: a.Choices, Wait: wait, Otherwise: a.Otherwise}
	if q.Otherwise == "" {
		q.Otherwise = "I go on without an answer"
	}
	return agent.ToolResult{Text: a.Question, Label: rbac.Clean(), Question: &q}, nil
}

func parse(raw json.RawMessage) (a args, wait time.Duration, err error) {
	if err := json.Unmarshal(raw, &a); err != nil {
		return a, 0, fmt.Errorf("read arguments: %w", err)
	}
	if a.Wait == "" {
		return a, usual, nil
	}
	wait, err = time.ParseDuration(a.Wait)
	if err != nil || wait <= 0 || wait > longest {
		return a, 0, fmt.Errorf("wait is %q: give a duration such as 30m, at most 24h", a.Wait)
	}
	return a, wait, nil
}
