package slacktest

import (
	"slices"
	"unicode/utf8"
)

// own is a message of the bot that the call names, or the refusal of the code.
func (s *Server) own(c *call, code string) (*entry, error) {
	if _, ok := s.channels[c.args["channel"]]; !ok {
		return nil, refuse("channel_not_found")
	}
	e := s.live(c.args["channel"], c.args["ts"])
	switch {
	case e == nil:
		return nil, refuse("message_not_found")
	case e.BotID != s.opts.BotID:
		return nil, refuse(code)
	}
	return e, nil
}

func (s *Server) chatUpdate(c *call) (object, error) {
	e, err := s.own(c, "cant_update_message")
	if err != nil {
		return nil, err
	}
	if s.streaming(e) {
		return nil, refuse("streaming_state_conflict")
	}
	if s.checked() && utf8.RuneCountInString(c.args["text"]) > longestUpdate {
		return nil, s.tooLong("text of chat.update")
	}
	before := s.wire(e, false)
	if err := s.fill(&e.Message, c.args); err != nil {
		return nil, err
	}
	s.edited(e, before)
	return object{"channel": e.Channel, "ts": e.TS, "text": e.Text, "message": s.wire(e, true)}, nil
}

func (s *Server) chatDelete(c *call) (object, error) {
	e, err := s.own(c, "cant_delete_message")
	if err != nil {
		return nil, err
	}
	if s.streaming(e) {
		return nil, refuse("cant_delete_message")
	}
	s.gone(e)
	return object{"channel": e.Channel, "ts": e.TS}, nil
}

func (s *Server) chatPermalink(c *call) (object, error) {
	if _, ok := s.channels[c.args["channel"]]; !ok {
		return nil, refuse("channel_not_found")
	}
	if s.live(c.args["channel"], c.args["message_ts"]) == nil {
		return nil, refuse("message_not_found")
	}
	link := s.permalink(c.args["channel"], c.args["message_ts"])
	return object{"channel": c.args["channel"], "permalink": link}, nil
}

func (s *Server) reactionAdd(c *call) (object, error) {
	e := s.live(c.args["channel"], c.args["timestamp"])
	switch name := c.args["name"]; {
	case s.channels[c.args["channel"]] == nil:
		return nil, refuse("channel_not_found")
	case e == nil:
		return nil, refuse("message_not_found")
	case name == "":
		return nil, refuse("invalid_name")
	case slices.Contains(e.Reactions, name):
		return nil, refuse("already_reacted")
	default:
		e.Reactions = append(e.Reactions, name)
	}
	return object{}, nil
}
