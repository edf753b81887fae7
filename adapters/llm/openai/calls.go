package openai

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	sdk "github.com/openai/openai-go/v3"

	"interlock/agent"
)

// calls gathers the fragments of parallel calls. By the wire's rule a fragment
// belongs to the call of its index. Servers bend it: they send no index, 0 for
// every call, no id, or an id with every fragment; a call may come whole. What
// could belong to two calls is an error: a call never gets another's arguments.
type calls struct{ list []*fragment }

// fragment is a call, or a part of one.
type fragment struct {
	index    int64
	indexed  bool
	id, name string
	args     []byte
	extra    json.RawMessage // Gemini's extra_content
}

// read takes a fragment off the wire. Some servers send arguments as an object
// instead of as text.
func read(t sdk.ChatCompletionChunkChoiceDeltaToolCall) fragment {
	f := fragment{index: t.Index, indexed: t.JSON.Index.Valid(), id: t.ID, name: t.Function.Name}
	raw := t.Function.JSON.Arguments.Raw()
	if text, ok := str(raw); ok {
		f.args = []byte(text)
	} else if present(raw) {
		f.args = []byte(raw)
	}
	if extra := t.JSON.ExtraFields["extra_content"].Raw(); present(extra) {
		f.extra = json.RawMessage(extra)
	}
	return f
}

// add finds the call that a fragment belongs to, or begins one.
func (c *calls) add(f fragment) error {
	owner, err := c.owner(f)
	if err != nil {
		return err
	}
	if owner == nil {
		c.list = append(c.list, &f)
		return nil
	}
	if owner.id == "" {
		owner.id = f.id
	}
	if f.name != owner.name { // a name that is repeated is not doubled
		owner.name += f.name
	}
	owner.args = append(owner.args, f.args...)
	if f.extra != nil {
		owner.extra = f.extra
	}
	return nil
}

// owner is nil when f begins a call.
func (c *calls) owner(f fragment) (*fragment, error) {
	var last *fragment
	open := 0
	for _, o := range c.list {
		if f.indexed && o.indexed && f.index != o.index {
			continue
		}
		if f.id != "" && f.id == o.id && !f.begins(o) {
			return o, nil
		}
		last = o
		if !o.whole() {
			open++
		}
	}
	switch {
	case last == nil || f.begins(last):
		return nil, nil
	case len(f.args) > 0 && open > 1:
		return nil, errors.New("arguments came that could belong to two calls")
	}
	return last, nil
}

// begins tells that f, which could go on with o, is a call of its own: it has a
// name, and another id, or comes when o is whole. Another id without a name is
// no sign: some servers make one up for each fragment.
func (f fragment) begins(o *fragment) bool {
	if f.name == "" || o.name == "" {
		return false
	}
	if f.id != "" && o.id != "" && f.id != o.id {
		return true
	}
	return (f.name != o.name || len(bytes.TrimSpace(f.args)) > 0) && o.whole()
}

// whole tells that the arguments are complete JSON.
func (f fragment) whole() bool {
	n := len(f.args)
	return n > 0 && f.args[n-1] == '}' && json.Valid(f.args)
}

// blocks are the calls by index, or else in the order in which they began. Ids
// that are missing or not unique are replaced.
func (c *calls) blocks(model string) (out []agent.Block, err error) {
	if !slices.ContainsFunc(c.list, func(f *fragment) bool { return !f.indexed }) {
		slices.SortStableFunc(c.list, func(a, b *fragment) int { return cmp.Compare(a.index, b.index) })
	}
	seen := map[string]bool{}
	for i, f := range c.list {
		if strings.TrimSpace(f.name) == "" {
			return nil, errors.New("a call names no tool")
		}
		for n := i + 1; f.id == "" || seen[f.id]; n++ {
			f.id = fmt.Sprintf("call_%d", n)
		}
		seen[f.id] = true
		if len(f.args) == 0 {
			f.args = []byte("{}")
		}
		out = append(out, agent.Block{Call: &agent.ToolCall{ID: f.id, Tool: f.name, Args: f.args}})
		if f.extra != nil {
			out = append(out, extras{Call: f.extra}.opaque(model))
		}
	}
	return out, nil
}
