package openai

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"interlock/agent"
)

// dialect is how a server sends the fragments of calls.
type dialect struct {
	index, id, name bool // with each fragment, else with the first alone
	zero            bool // the index is always 0
	whole           bool // a call comes in one fragment
	mixed           bool // fragments of several calls are mixed
}

var dialects = map[string]dialect{
	"OpenAI":           {index: true, mixed: true},
	"index and id":     {index: true, id: true, mixed: true},
	"all with each":    {index: true, id: true, name: true, mixed: true},
	"ids alone":        {id: true, mixed: true},
	"ids and names":    {id: true, name: true, mixed: true},
	"whole, index 0":   {index: true, zero: true, id: true, whole: true},
	"whole, no index":  {id: true, whole: true},
	"in turn, index 0": {index: true, zero: true},
	"in turn":          {},
}

// TestFragments sends the same calls in each dialect, cut and mixed at random.
func TestFragments(t *testing.T) {
	t.Parallel()
	for name, d := range dialects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(300) {
				r := rand.New(rand.NewPCG(seed, 1))
				want := someCalls(r)
				body := stream(t, d, r, want)
				m, _ := model(t, body)
				reply, err := m.Next(t.Context(), agent.Prompt{})
				if err != nil {
					t.Fatalf("seed %d: %v\n%s", seed, err, body)
				}
				if got := lines(reply.Calls()); got != lines(want) {
					t.Fatalf("seed %d: got\n%s\nwant\n%s\nof\n%s", seed, got, lines(want), body)
				}
			}
		})
	}
}

// lines are sorted: without an index the order is that of the first fragments.
func lines(calls []agent.ToolCall) string {
	var out []string
	for _, c := range calls {
		out = append(out, line(agent.Block{Call: &c}))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// someCalls are one to four; two may be of the same tool.
func someCalls(r *rand.Rand) (calls []agent.ToolCall) {
	for i := range 1 + r.IntN(4) {
		calls = append(calls, agent.ToolCall{
			ID:   fmt.Sprintf("id-%d", i),
			Tool: []string{"get", "put"}[r.IntN(2)],
			Args: json.RawMessage(fmt.Sprintf(`{"a":%d,"b":{"c":"}{ %d"}}`, r.IntN(100), r.IntN(100))),
		})
	}
	return calls
}

// stream sends the calls as the dialect does.
func stream(t *testing.T, d dialect, r *rand.Rand, calls []agent.ToolCall) string {
	t.Helper()
	var queues [][]map[string]any
	for i, c := range calls {
		queues = append(queues, fragments(d, r, i, c))
	}
	var b strings.Builder
	for len(queues) > 0 {
		i := 0
		if d.mixed {
			i = r.IntN(len(queues))
		}
		event, err := json.Marshal(map[string]any{"choices": []any{map[string]any{"delta": map[string]any{"tool_calls": []any{queues[i][0]}}}}})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "data: %s\n\n", event)
		if queues[i] = queues[i][1:]; len(queues[i]) == 0 {
			queues = slices.Delete(queues, i, i+1)
		}
	}
	return b.String() + `data: {"choices":[{"delta":{},"finish_reason":"tool_calls"}]}` + "\n\n"
}

func fragments(d dialect, r *rand.Rand, index int, c agent.ToolCall) (out []map[string]any) {
	if d.zero {
		index = 0
	}
	for args := string(c.Args); args != "" || len(out) == 0; {
		n := len(args)
		if !d.whole {
			n = r.IntN(n + 1)
		}
		first := len(out) == 0
		f, function := map[string]any{}, map[string]any{"arguments": args[:n]}
		if d.index {
			f["index"] = index
		}
		if d.id || first {
			f["id"] = c.ID
		}
		if d.name || first {
			function["name"] = c.Tool
		}
		f["function"] = function
		out = append(out, f)
		args = args[n:]
	}
	return out
}

// TestFraming reads events however lines are ended.
func TestFraming(t *testing.T) {
	t.Parallel()
	const event = `{"choices":[{"delta":{"content":"Yes."},"finish_reason":"stop"}]}`
	for name, body := range map[string]string{
		"carriage returns":  "event: message\r\ndata: " + event + "\r\n\r\ndata: [DONE]\r\n\r\n",
		"no space":          "id:1\ndata:" + event + "\n\ndata:[DONE]\n\n",
		"no last line end":  "data: " + event,
		"split data":        "data: " + strings.Replace(event, ",", ",\ndata: ", 1) + "\n\n",
		"comments":          ":\n\n: ping\n\ndata: " + event + "\n\n:\n\n",
		"more behind DONE":  "data: " + event + "\n\ndata: [DONE]\n\ndata: {\"error\":{}}\n\n",
		"null usage, delta": "data: " + event + "\n\n" + `data: {"choices":[{"delta":null,"finish_reason":null}],"usage":null}` + "\n\n",
		"no event of ours":  "event: ping\ndata: {}\n\ndata: " + event + "\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, _ := model(t, body)
			if got := ask(t, m); got.Shown != "Yes." || got.Stop != "end" {
				t.Errorf("got %+v", got)
			}
		})
	}
}
