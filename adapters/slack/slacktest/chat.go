package slacktest

import (
	"encoding/json"
	"unicode/utf8"
)

// longestText is where Slack cuts a text; chat.update refuses much earlier, and
// markdown_text has a limit of its own.
const (
	longestText     = 40000
	longestUpdate   = 4000
	longestMarkdown = 12000
)

func (s *Server) chatPost(c *call) (object, error) {
	ch, err := s.writable(c)
	if err != nil {
		return nil, err
	}
	e := &entry{Message: Message{
		Channel: ch.ID, User: s.opts.BotUser, BotID: s.opts.BotID, Broadcast: c.args["reply_broadcast"] == "true",
	}}
	if e.Thread, err = s.threadOf(ch, c.args["thread_ts"]); err != nil {
		return nil, err
	}
	if err := s.fill(&e.Message, c.args); err != nil {
		return nil, err
	}
	s.publish(e)
	return object{"channel": ch.ID, "ts": e.TS, "message": s.wire(e, true)}, nil
}

// publish stores a message of the bot and tells of it. What the assistant showed
// as its status is over with it.
func (s *Server) publish(e *entry) {
	s.put(e)
	delete(s.status, [2]string{e.Channel, e.Thread})
	s.announce(e)
}

// writable is the channel that the call names, when the bot may write there. A
// user's id stands for the direct conversation.
func (s *Server) writable(c *call) (*Channel, error) {
	id := c.args["channel"]
	if u, ok := s.users[id]; ok && !u.Bot {
		return s.direct(id), nil
	}
	ch, ok := s.channels[id]
	in := ok && ch.member(s.opts.BotUser)
	switch {
	case !ok, ch.Private && !in:
		return nil, refuse("channel_not_found")
	case ch.Archived:
		return nil, refuse("is_archived")
	case !in && (ch.kind() != "channels" || !s.opts.permits("chat:write.public")):
		return nil, refuse("not_in_channel")
	}
	return ch, nil
}

// threadOf is the thread that a reply to a message is in.
func (s *Server) threadOf(ch *Channel, ts string) (string, error) {
	if ts == "" {
		return "", nil
	}
	e := s.live(ch.ID, ts)
	switch {
	case e == nil:
		return "", refuse("thread_not_found")
	case e.Thread != "":
		return e.Thread, nil
	}
	return ts, nil
}

// fill takes over what a message is to hold; what the call does not name stays.
func (s *Server) fill(m *Message, args map[string]string) error {
	text, blocks, attachments := m.Text, m.Blocks, m.Attachments
	if t, ok := args["text"]; ok {
		text = t
	}
	if md := args["markdown_text"]; md != "" {
		if args["text"] != "" || args["blocks"] != "" {
			return refuse("markdown_text_conflict")
		}
		if s.checked() && utf8.RuneCountInString(md) > longestMarkdown {
			return s.tooLong("markdown_text")
		}
		text, blocks = md, encode([]any{object{"type": "markdown", "text": md, "block_id": s.id("b")}})
	}
	var err error
	if raw, ok := args["blocks"]; ok {
		if blocks, err = s.checkBlocks(raw, surfaceMessage); err != nil {
			return err
		}
	}
	if raw, ok := args["attachments"]; ok {
		if attachments, err = s.checkAttachments(raw); err != nil {
			return err
		}
	}
	if text == "" && len(blocks) == 0 && len(attachments) == 0 {
		return refuse("no_text")
	}
	if err := s.label(m, args); err != nil {
		return err
	}
	m.Text, m.Blocks, m.Attachments = s.cut(text), blocks, attachments
	return nil
}

// cut shortens a text as Slack does, silently but for the problem.
func (s *Server) cut(text string) string {
	if r := []rune(text); s.checked() && len(r) > longestText {
		s.problem("too_long", "a text of %d characters was cut at %d", len(r), longestText)
		return string(r[:longestText])
	}
	return text
}

func (s *Server) checked() bool { return !s.opts.Unchecked }

func (s *Server) tooLong(what string) error {
	s.problem("too_long", "%s", what)
	return refuse("msg_too_long")
}

// label takes over metadata, an empty object of which removes it.
func (s *Server) label(m *Message, args map[string]string) error {
	raw, ok := args["metadata"]
	if !ok || raw == "" {
		return nil
	}
	var md struct {
		Type    string          `json:"event_type"`
		Payload json.RawMessage `json:"event_payload"`
	}
	if err := json.Unmarshal([]byte(raw), &md); err != nil {
		return refuse("invalid_metadata_format")
	}
	switch {
	case md.Type == "" && len(md.Payload) == 0:
		m.Metadata = nil
	case md.Type == "" || len(md.Payload) == 0 || md.Payload[0] != '{':
		return refuse("invalid_metadata_schema")
	default:
		m.Metadata = json.RawMessage(raw)
	}
	return nil
}

func (s *Server) chatPostEphemeral(c *call) (object, error) {
	ch, err := s.writable(c)
	if err != nil {
		return nil, err
	}
	if !ch.member(c.args["user"]) {
		return nil, refuse("user_not_in_channel")
	}
	e := &entry{Message: Message{
		Channel: ch.ID, User: s.opts.BotUser, BotID: s.opts.BotID, To: c.args["user"], Thread: c.args["thread_ts"],
	}}
	if err := s.fill(&e.Message, c.args); err != nil {
		return nil, err
	}
	s.put(e)
	return object{"message_ts": e.TS}, nil
}
