package slacktest

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// surface is where blocks are shown.
type surface int

const (
	surfaceMessage surface = iota + 1
	surfaceStream
	surfaceModal
	surfaceHome
)

const (
	mostBlocksInMessage = 50
	mostBlocksInView    = 100
	mostAttachments     = 100
	// longestBlocks is the sum of all text in a message's blocks. Slack does not
	// document it; it answers msg_blocks_too_long.
	longestBlocks = 13200
)

// checker goes through blocks and gathers what is wrong with them.
type checker struct {
	surface surface
	free    bool     // of all limits
	files   []string // of Slack that are shown
	wrong   []string
	ids     map[string]bool // block ids
	total   int             // characters of text
	prose   int             // of them in markdown blocks
	tables  int
}

// fail notes what is wrong in Slack's words.
func (c *checker) fail(at, format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Sprintf("[ERROR] %s [json-pointer:%s]", fmt.Sprintf(format, args...), at))
}

// checkBlocks keeps a message's blocks to the limits and fills in their ids.
func (s *Server) checkBlocks(raw string, where surface) (json.RawMessage, error) {
	if raw == "" {
		return nil, nil
	}
	var list []any
	if json.Unmarshal([]byte(raw), &list) != nil {
		s.problem("bad_blocks", "no array of blocks: %.80q", raw)
		return nil, refuse("invalid_blocks_format")
	}
	c := checker{surface: where, free: s.opts.Unchecked}
	c.list("/blocks", list)
	if err := s.verdict(&c, "invalid_blocks"); err != nil {
		return nil, err
	}
	if err := s.pictures(c.files); err != nil {
		return nil, err
	}
	if c.total > longestBlocks && !c.free {
		s.problem("bad_blocks", "the blocks hold %d characters of text; %d are too many", c.total, longestBlocks)
		return nil, refuse("msg_blocks_too_long")
	}
	return s.identify(list), nil
}

// checkAttachments keeps attachments to their number and their blocks to the
// limits.
func (s *Server) checkAttachments(raw string) (json.RawMessage, error) {
	var list []map[string]any
	if raw != "" && json.Unmarshal([]byte(raw), &list) != nil {
		return nil, refuse("invalid_attachments")
	}
	if len(list) == 0 {
		return nil, nil
	}
	c := checker{surface: surfaceMessage, free: s.opts.Unchecked}
	if len(list) > mostAttachments {
		s.problem("bad_blocks", "%d attachments", len(list))
		return nil, refuse("too_many_attachments")
	}
	for i, a := range list {
		if blocks, ok := a["blocks"].([]any); ok {
			c.ids = nil
			c.list(fmt.Sprintf("/attachments/%d/blocks", i), blocks)
		}
	}
	if err := s.verdict(&c, "invalid_attachments"); err != nil {
		return nil, err
	}
	return json.RawMessage(raw), nil
}

// verdict is the refusal of what was found wrong.
func (s *Server) verdict(c *checker, code string) error {
	if len(c.wrong) == 0 || c.free {
		return nil
	}
	s.problem("bad_blocks", "%s", strings.Join(c.wrong, "; "))
	return &refusal{code: code, more: object{"errors": c.wrong, "response_metadata": object{"messages": c.wrong}}}
}

// list checks all blocks of a surface.
func (c *checker) list(at string, list []any) {
	most := mostBlocksInMessage
	if c.surface == surfaceModal || c.surface == surfaceHome {
		most = mostBlocksInView
	}
	if len(list) > most {
		c.fail(at, "no more than %d items allowed", most)
	}
	if c.ids == nil {
		c.ids = map[string]bool{}
	}
	for i, b := range list {
		here := fmt.Sprintf("%s/%d", at, i)
		block, ok := b.(map[string]any)
		if !ok {
			c.fail(here, "must be an object")
			continue
		}
		c.block(here, block)
	}
	if c.prose > longestMarkdown {
		c.fail(at, "markdown blocks must hold less than %d characters together", longestMarkdown+1)
	}
	if c.tables > 1 {
		c.fail(at, "only one table is allowed")
	}
}

// block checks one.
func (c *checker) block(at string, b map[string]any) {
	kind, _ := b["type"].(string)
	k, known := kinds[kind]
	if !known || !strings.ContainsRune(k.where, c.letter()) {
		c.fail(at+"/type", "unsupported type: %s", kind)
		return
	}
	if id := c.length(at+"/block_id", b["block_id"], 255); id != "" {
		if c.ids[id] {
			c.fail(at+"/block_id", "block_id %q already exists", id)
		}
		c.ids[id] = true
	}
	if k.check != nil {
		k.check(c, at, b)
	}
}

// letter is the surface in kinds.
func (c *checker) letter() rune { return rune("?mtdh"[c.surface]) }

// length checks a string that may be missing, and returns it.
func (c *checker) length(at string, v any, most int) string {
	if v == nil {
		return ""
	}
	text, ok := v.(string)
	if !ok {
		c.fail(at, "must be a string")
	}
	if utf8.RuneCountInString(text) > most {
		c.fail(at, "must be less than %d characters", most+1)
	}
	return text
}

// text checks a text object, of which types names the types that fit.
func (c *checker) text(at string, v any, types string, most int, needed bool) {
	if v == nil {
		if needed {
			c.fail(at, "missing required field")
		}
		return
	}
	t, ok := v.(map[string]any)
	if !ok {
		c.fail(at, "must be an object")
		return
	}
	kind, _ := t["type"].(string)
	if kind == "" || !strings.Contains(types, kind) {
		c.fail(at+"/type", "must be one of: %s", types)
	}
	text := c.length(at+"/text", t["text"], most)
	if text == "" {
		c.fail(at+"/text", "must be more than 0 characters")
	}
	c.total += utf8.RuneCountInString(text)
}

// identify fills in the ids that an app left to Slack.
func (s *Server) identify(list []any) json.RawMessage {
	for _, b := range list {
		block, _ := b.(map[string]any)
		s.mark(block, "block_id", "b")
		parts, _ := block["elements"].([]any)
		for _, el := range append(parts, block["accessory"], block["element"]) {
			fields, _ := el.(map[string]any)
			if kind, _ := fields["type"].(string); acts(kind) {
				s.mark(fields, "action_id", "a")
			}
		}
	}
	return encode(list)
}

func (s *Server) mark(fields map[string]any, key, prefix string) {
	if id, _ := fields[key].(string); id == "" && fields != nil {
		fields[key] = s.id(prefix)
	}
}
