// Package scripted is a model that plays written trajectories: the same ask
// gives the same steps, without any network. It must never know chat, SQL or
// the sandbox, and it decides nothing by itself: what its words claim is
// computed from the results of the tools.
package scripted

import (
	"context"
	"fmt"
	"strings"

	"interlock/agent"
)

// Model plays trajectories. It keeps nothing in memory between two steps: where
// a turn is stands in the session's log, so that it goes on after a restart. It
// is immutable and safe for concurrent use.
type Model struct{ all []trajectory }

var _ agent.Model = (*Model)(nil)

// Next plays the next step of the turn, or ends it: after the last step, after
// a call that failed, or when no trajectory is about what was asked.
func (m *Model) Next(ctx context.Context, p agent.Prompt) (agent.Step, error) {
	if err := ctx.Err(); err != nil {
		return agent.Step{}, err
	}
	ask := ""
	if ev := p.Session.Asked(p.Turn); ev != nil {
		ask = spoken(ev.Payload.Text)
	}
	t, vars, ok := m.find(ask)
	if !ok {
		return m.end(p, m.offScript()), nil
	}
	return m.play(p, t, vars)
}

// find takes the first trajectory, and in it the first expression, that fits.
func (m *Model) find(ask string) (*trajectory, map[string]string, bool) {
	for i := range m.all {
		for _, re := range m.all[i].match {
			found := re.FindStringSubmatch(ask)
			if found == nil {
				continue
			}
			vars := map[string]string{}
			for j, name := range re.SubexpNames() {
				if name != "" && found[j] != "" {
					vars[name] = found[j]
				}
			}
			return &m.all[i], vars, true
		}
	}
	return nil, nil, false
}

func (m *Model) play(p agent.Prompt, t *trajectory, vars map[string]string) (agent.Step, error) {
	n := played(p.Session, p.Turn)
	last := newest(p.Session, p.Turn)
	if n >= len(t.steps) {
		return m.end(p, "My script ends here."), nil
	}
	if vars["stack"] == "" {
		vars["stack"] = stackOf(p.Session, p.Turn)
	}
	if vars["stack"] == "" && t.uses("stack") {
		return m.end(p, "Which stack? Say it by name, for example: "+t.ask), nil
	}
	last.describe(vars)
	if missing := t.take(n, p.Session.Results(p.Turn), vars); missing != "" && !last.failed() {
		return m.end(p, "I did not find "+missing+" in what the tools returned, so I stop here."), nil
	}
	s := t.steps[n]
	if text, ends := s.ending(last, vars); ends {
		return m.end(p, text), nil
	}
	text := fill(strings.Join(s.say, "\n"), vars)
	if len(s.calls) == 0 {
		return m.end(p, text), nil
	}
	return m.step(p, t, n, text, vars)
}

func (m *Model) step(p agent.Prompt, t *trajectory, n int, text string, vars map[string]string) (agent.Step, error) {
	st := agent.Step{Text: text}
	var tools []string
	for i, c := range t.steps[n].calls {
		args, err := c.fill(vars)
		if err != nil {
			return st, fmt.Errorf("fill arguments of %s: %w", c.tool, err)
		}
		st.Calls = append(st.Calls, agent.ToolCall{
			ID: fmt.Sprintf("step%d.%d", n+1, i+1), Tool: c.tool, Args: p.Session.Fill(p.Turn, args),
		})
		tools = append(tools, c.tool)
	}
	if p.Tell != nil {
		p.Tell(fmt.Sprintf("step %d of %d: %s", n+1, len(t.steps), strings.Join(tools, ", ")))
	}
	st.Tokens = tokens(p.Session, st)
	return st, nil
}

// end is an answer. The first one of a session says whose words these are.
func (m *Model) end(p agent.Prompt, text string) agent.Step {
	if !answered(p.Session) {
		text += "\n\nI am a scripted model: I can play prepared steps, and I plan nothing myself."
	}
	st := agent.Step{Text: text}
	st.Tokens = tokens(p.Session, st)
	return st
}

// offScript says what can be asked.
func (m *Model) offScript() string {
	var b strings.Builder
	b.WriteString("I have no script for that. I can play, in words like these:")
	for _, t := range m.all {
		b.WriteString("\n- " + t.ask)
	}
	return b.String()
}

// spoken is what was said, without a mention before it.
func spoken(text string) string {
	text = strings.TrimSpace(text)
	for strings.HasPrefix(text, "@") || strings.HasPrefix(text, "<@") {
		_, rest, _ := strings.Cut(text, " ")
		text = strings.TrimSpace(rest)
	}
	return text
}
