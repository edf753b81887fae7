package llmtest

import (
	"crypto/sha256"
	"encoding/json"

	"interlock/agent"
)

// bytesPerToken is a rough measure that holds for English.
const bytesPerToken = 4

// block is how much of a prompt OpenAI's cache keeps at once: 128 tokens. The
// provider begins at 1024 tokens and Anthropic at as many; here there is no
// lower bound, so that short prompts show what is cached.
const block = 128 * bytesPerToken

// lookback is how many parts before a mark Anthropic searches for a prefix.
const lookback = 20

// count is what a prompt and its answer use, and keeps the prompt in the cache.
func (x *exchange) count(answer []agent.Block) agent.Usage {
	x.server.mu.Lock()
	defer x.server.mu.Unlock()
	u := x.wire.count(x.ask, x.server.cached)
	n := 0
	for _, b := range answer {
		n += len(b.Text)
		if b.Call != nil {
			n += len(b.Call.Tool) + len(b.Call.Args)
		}
		if b.Opaque != nil {
			n += len(b.Opaque.Data)
		}
	}
	u.Output = max(1, n/bytesPerToken)
	return u
}

// prefixes are the hashes and the sizes in bytes up to and with each unit.
func prefixes(units []unit) (hashes []string, sizes []int) {
	h := sha256.New()
	size := 0
	for _, u := range units {
		size += len(u.text)
		_, _ = h.Write([]byte(u.text + "\x00")) // a hash never errs
		hashes, sizes = append(hashes, string(h.Sum([]byte("anthropic")))), append(sizes, size)
	}
	return hashes, sizes
}

// count reads the longest prefix that is remembered, at a mark or up to 20 parts
// before one, and writes the rest up to the last mark.
func (anthropicWire) count(a ask, cached map[string]bool) agent.Usage {
	hashes, sizes := prefixes(a.units)
	read, written, total := 0, 0, 0
	if n := len(sizes); n > 0 {
		total = sizes[n-1]
	}
	for i, u := range a.units {
		if !u.mark {
			continue
		}
		written = sizes[i]
		for j := i; j >= max(0, i-lookback); j-- {
			if cached[hashes[j]] {
				read = max(read, sizes[j])
				break
			}
		}
	}
	for i, u := range a.units {
		if u.mark {
			cached[hashes[i]] = true
		}
	}
	return agent.Usage{
		Input:     total/bytesPerToken - written/bytesPerToken,
		CacheRead: read / bytesPerToken, CacheWrite: written/bytesPerToken - read/bytesPerToken,
	}
}

// count reads whole blocks from the start that an earlier prompt had, too.
func (openaiWire) count(a ask, cached map[string]bool) agent.Usage {
	var all []byte
	for _, u := range a.units {
		all = append(all, u.text...)
	}
	h := sha256.New()
	read, same := 0, true
	for end := block; end <= len(all); end += block {
		_, _ = h.Write(all[end-block : end]) // a hash never errs
		sum := string(h.Sum([]byte("openai")))
		if same = same && cached[sum]; same {
			read = end
		}
		cached[sum] = true
	}
	total := len(all) / bytesPerToken
	return agent.Usage{Input: total - read/bytesPerToken, CacheRead: read / bytesPerToken}
}

// thought names signed thinking by what it says, not by how its JSON is laid out.
func thought(raw json.RawMessage) string {
	var fields map[string]any
	if json.Unmarshal(raw, &fields) != nil {
		return string(raw)
	}
	return encode(fields)
}
