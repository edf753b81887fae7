package scripted

import "interlock/agent"

// usage is a deterministic estimate of what a provider would count: a quarter
// of the bytes that a model reads and writes.
func usage(p agent.Prompt, said []agent.Block) agent.Usage {
	in := 0
	for _, s := range p.System {
		in += len(s)
	}
	for _, t := range p.Tools {
		in += len(t.Name) + len(t.Description) + len(t.Schema)
	}
	for _, m := range p.Messages {
		in += size(m.Blocks)
	}
	return agent.Usage{Input: in/4 + 1, Output: size(said)/4 + 1}
}

func size(blocks []agent.Block) (n int) {
	for _, b := range blocks {
		n += len(b.Text)
		if c := b.Call; c != nil {
			n += len(c.Tool) + len(c.Args)
		}
		if r := b.Result; r != nil {
			n += len(r.Text)
		}
	}
	return n
}
