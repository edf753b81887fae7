package slacktest

import (
	"encoding/json"
	"time"
	"unicode/utf8"
)

// longestPause is how long a stream lives without being fed.
const longestPause = 5 * time.Minute

// streaming tells whether a message is still being streamed. One that was not
// fed for long is finished by Slack itself.
func (s *Server) streaming(e *entry) bool {
	if e.Streaming && time.Since(e.fed) > s.scaled(longestPause) {
		e.Streaming = false
	}
	return e.Streaming
}

func (s *Server) streamStart(c *call) (object, error) {
	ch, err := s.writable(c)
	if err != nil {
		return nil, err
	}
	if !ch.Direct {
		switch {
		case c.args["recipient_team_id"] == "":
			return nil, refuse("missing_recipient_team_id")
		case c.args["recipient_user_id"] == "":
			return nil, refuse("missing_recipient_user_id")
		}
	}
	if c.args["thread_ts"] == "" {
		return nil, refuse("invalid_thread_ts")
	}
	e := &entry{Message: Message{Channel: ch.ID, User: s.opts.BotUser, BotID: s.opts.BotID, Streaming: true}}
	if e.Thread, err = s.threadOf(ch, c.args["thread_ts"]); err != nil {
		return nil, err
	}
	if err := s.feed(e, c.args); err != nil {
		return nil, err
	}
	s.publish(e)
	return object{"channel": ch.ID, "ts": e.TS}, nil
}

func (s *Server) streamAppend(c *call) (object, error) {
	e, err := s.stream(c)
	if err != nil {
		return nil, err
	}
	if c.args["markdown_text"] == "" && c.args["chunks"] == "" {
		return nil, refuse("no_text")
	}
	if err := s.feed(e, c.args); err != nil {
		return nil, err
	}
	s.version(e)
	return object{"channel": e.Channel, "ts": e.TS}, nil
}

func (s *Server) streamStop(c *call) (object, error) {
	e, err := s.stream(c)
	if err != nil {
		return nil, err
	}
	var blocks json.RawMessage
	if raw := c.args["blocks"]; raw != "" {
		if blocks, err = s.checkBlocks(raw, surfaceStream); err != nil {
			return nil, err
		}
	}
	if err := s.feed(e, c.args); err != nil {
		return nil, err
	}
	if err := s.label(&e.Message, c.args); err != nil {
		return nil, err
	}
	before := s.wire(e, false)
	e.Streaming = false
	if blocks != nil {
		e.Blocks = join(e.Blocks, blocks)
	}
	s.edited(e, before)
	return object{"channel": e.Channel, "ts": e.TS, "message": s.wire(e, true)}, nil
}

// stream is the running stream that a call names.
func (s *Server) stream(c *call) (*entry, error) {
	e, err := s.own(c, "message_not_owned_by_app")
	if err != nil {
		return nil, err
	}
	if !s.streaming(e) {
		return nil, refuse("message_not_in_streaming_state")
	}
	return e, nil
}

// feed adds text or chunks. A stream takes the one of both that it began with.
func (s *Server) feed(e *entry, args map[string]string) error {
	e.fed = time.Now()
	md, raw := args["markdown_text"], args["chunks"]
	mode := e.mode
	switch {
	case md != "" && raw != "":
		return refuse("invalid_arguments")
	case md != "":
		mode = "text"
	case raw != "":
		mode = "chunks"
	}
	if e.mode != "" && mode != e.mode {
		return refuse("streaming_mode_mismatch")
	}
	chunks, more, err := s.chunks(raw)
	if err != nil {
		return err
	}
	if text := md + more; s.checked() && utf8.RuneCountInString(text) > longestMarkdown {
		return s.tooLong("markdown_text of a stream")
	}
	if s.checked() && utf8.RuneCountInString(e.Text+md+more) > longestText {
		return s.tooLong("a stream's whole text")
	}
	e.mode = mode
	e.Text += md + more
	e.Chunks = append(e.Chunks, chunks...)
	for _, chunk := range chunks {
		var b struct{ Blocks json.RawMessage }
		if json.Unmarshal(chunk, &b) == nil && len(b.Blocks) > 0 {
			e.Blocks = join(e.Blocks, b.Blocks)
		}
	}
	return nil
}

// chunks checks streamed chunks and returns the text among them.
func (s *Server) chunks(raw string) (chunks []json.RawMessage, text string, err error) {
	if raw == "" {
		return nil, "", nil
	}
	if json.Unmarshal([]byte(raw), &chunks) != nil {
		return nil, "", refuse("invalid_chunks")
	}
	for _, chunk := range chunks {
		var c struct {
			Type, Text, ID, Title string
			Blocks                json.RawMessage
		}
		bad := json.Unmarshal(chunk, &c) != nil
		switch c.Type {
		case "markdown_text":
			text += c.Text
		case "task_update":
			bad = bad || c.ID == "" || c.Title == ""
		case "plan_update":
			bad = bad || c.Title == ""
		case "blocks":
			if _, err := s.checkBlocks(string(c.Blocks), surfaceStream); err != nil {
				return nil, "", err
			}
		default:
			bad = true
		}
		if bad {
			s.problem("bad_blocks", "a chunk that is none: %.80s", chunk)
			return nil, "", refuse("invalid_chunks")
		}
	}
	return chunks, text, nil
}

// join appends one JSON array to another.
func join(a, b json.RawMessage) json.RawMessage {
	var x, y []json.RawMessage
	_ = json.Unmarshal(a, &x)
	_ = json.Unmarshal(b, &y)
	return encode(append(x, y...))
}
