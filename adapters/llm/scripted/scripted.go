// Package scripted is a model that plays written trajectories: the same ask
// gives the same steps, without any network. It must never know chat, SQL or
// the sandbox, and it decides nothing by itself: what its words claim is
// computed from the results of the tools.
package scripted

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"interlock/agent"
)

// Name is what the bill names this model; it costs nothing.
const Name = "scripted"

// Model plays trajectories. It keeps nothing in memory between two steps: where
// a turn is stands in the messages, so that it goes on after a restart, and can
// as well stand behind a provider's wire. It is immutable and safe for
// concurrent use.
type Model struct{ all []trajectory }

var _ agent.Model = (*Model)(nil)

// Next plays the next step of the turn, or ends it: after the last step, after
// a call that failed, or when no trajectory is about what was asked.
func (m *Model) Next(ctx context.Context, p agent.Prompt) (agent.Reply, error) {
	if err := ctx.Err(); err != nil {
		return agent.Reply{}, err
	}
	t := read(p.Messages)
	blocks, err := m.play(&t)
	if err != nil {
		return agent.Reply{}, err
	}
	r := agent.Reply{Blocks: blocks, Stop: agent.StopEnd, Usage: usage(p, blocks), Model: Name}
	if len(r.Calls()) > 0 {
		r.Stop = agent.StopCalls
	}
	if p.Stream != nil {
		p.Stream(r.Text())
	}
	return r, nil
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

func (m *Model) play(t *turn) ([]agent.Block, error) {
	tr, vars, ok := m.find(spoken(t.ask))
	if !ok {
		return t.end(m.offScript()), nil
	}
	n, last := t.played(tr.steps), t.last()
	if n >= len(tr.steps) {
		return t.end("My script ends here."), nil
	}
	if vars["stack"] == "" {
		vars["stack"] = t.about()
	}
	if vars["stack"] == "" && tr.uses("stack") {
		return t.end("Which stack? Say it by name, for example: " + tr.ask), nil
	}
	last.describe(vars)
	if missing := tr.take(n, slices.Concat(t.results...), vars); missing != "" && (!last.failed() || tr.steps[n].anyway) {
		return t.end("I did not find " + missing + " in what the tools returned, so I stop here."), nil
	}
	s := tr.steps[n]
	if text, ends := s.ending(last, vars); ends {
		return t.end(text), nil
	}
	text := fill(strings.Join(s.say, "\n"), vars)
	if len(s.calls) == 0 {
		return t.end(text), nil
	}
	vars[artifact] = t.artifact()
	return s.blocks(n, text, vars)
}

// blocks are the words and the calls of a step. Each call has an id that every
// wire takes.
func (s step) blocks(n int, text string, vars map[string]string) (all []agent.Block, err error) {
	if text != "" {
		all = append(all, agent.Block{Text: text})
	}
	for i, c := range s.calls {
		args, err := c.fill(vars)
		if err != nil {
			return nil, fmt.Errorf("fill arguments of %s: %w", c.tool, err)
		}
		all = append(all, agent.Block{Call: &agent.ToolCall{ID: fmt.Sprintf("step%d-%d", n+1, i+1), Tool: c.tool, Args: args}})
	}
	return all, nil
}

// end is an answer. The first one of a session says whose words these are.
func (t *turn) end(text string) []agent.Block {
	if !t.answered {
		text += "\n\nI am a scripted model: I can play prepared steps, and I plan nothing myself."
	}
	return []agent.Block{{Text: text}}
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
