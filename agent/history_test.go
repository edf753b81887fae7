package agent

import (
	"encoding/json"
	"slices"
	"testing"
)

// Behind a summary only the newest step, and those that came after it, keep the
// blocks that a provider signed.
func TestSignedBlocksBehindASummary(t *testing.T) {
	t.Parallel()
	step := func(seq int64, id string) Event {
		opaque := &Opaque{Provider: "p", Data: json.RawMessage(`"` + id + `"`)}
		return Event{Seq: seq, Turn: "t", Kind: KindStep, Payload: Payload{Step: &Step{
			Text: id, Calls: []ToolCall{{ID: id, Tool: "look"}}, Blocks: []Block{{Opaque: opaque}, {Call: &ToolCall{}}},
		}}}
	}
	signed := func(evs ...Event) (ids []string) {
		ask := Event{Seq: 1, Turn: "t", Kind: KindAsk, Payload: Payload{Text: "go", Ask: &Ask{}}}
		for _, m := range (&Session{Events: append([]Event{ask}, evs...)}).history("t") {
			for _, b := range m.Blocks {
				if b.Opaque != nil {
					ids = append(ids, string(b.Opaque.Data))
				}
			}
		}
		return ids
	}
	sum := Event{Seq: 5, Kind: KindSummary, Payload: Payload{Summary: &Summary{Through: 2, Text: "before"}}}
	for name, c := range map[string]struct {
		got, want []string
	}{
		"no summary":    {signed(step(3, "a"), step(4, "b")), []string{`"a"`, `"b"`}},
		"just summed":   {signed(step(3, "a"), step(4, "b"), sum), []string{`"b"`}},
		"and went on":   {signed(step(3, "a"), step(4, "b"), sum, step(6, "c")), []string{`"c"`}},
		"for some time": {signed(step(3, "a"), sum, step(6, "c"), step(7, "d")), []string{`"c"`, `"d"`}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %q, want %q", name, c.got, c.want)
		}
	}
}
