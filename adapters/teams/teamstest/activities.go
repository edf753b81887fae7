package teamstest

import (
	"net/http"
)

// postActivity takes what the bot says: in a thread, in a chat, or in a channel,
// where it begins a thread. Typing is taken and forgotten.
func (s *Server) postActivity(c *call) (int, any, error) {
	r, root, err := s.writable(c.path("id"))
	if err != nil {
		return 0, nil, err
	}
	activity := parse(c.body)
	if activity == nil {
		return 0, nil, s.badBody("no JSON object: %.80q", c.body)
	}
	to := c.path("activity")
	if to != "" {
		e, err := s.in(r, to)
		if err != nil {
			return 0, nil, err
		}
		if root == "" {
			root = e.Root
		}
	}
	if activity.text("type") == "typing" {
		return http.StatusCreated, object{"id": s.stamp()}, nil
	}
	e, err := s.publish(r, root, to, activity)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusCreated, object{"id": e.ID}, nil
}

// publish checks and stores a message of the bot.
func (s *Server) publish(r *room, root, to string, activity node) (*entry, error) {
	if err := s.check(activity); err != nil {
		return nil, err
	}
	e := &entry{Message: Message{Conversation: r.id, Root: root, ReplyTo: to, From: s.opts.bot()}}
	e.fill(activity)
	s.put(r, e)
	return e, nil
}

// update changes a message of the bot. What it showed to one person alone is
// gone then.
func (s *Server) update(c *call) (int, any, error) {
	e, err := s.own(c)
	if err != nil {
		return 0, nil, err
	}
	activity := parse(c.body)
	if activity == nil {
		return 0, nil, s.badBody("no JSON object: %.80q", c.body)
	}
	if err := s.check(activity); err != nil {
		return 0, nil, err
	}
	e.fill(activity)
	e.Edits++
	clear(e.seen)
	s.version(e)
	return http.StatusOK, object{"id": e.ID}, nil
}

// remove takes a message of the bot away.
func (s *Server) remove(c *call) (int, any, error) {
	e, err := s.own(c)
	if err != nil {
		return 0, nil, err
	}
	s.erase(e)
	return http.StatusOK, nil, nil
}

// own is a message of the bot in a conversation that it can write to.
func (s *Server) own(c *call) (*entry, error) {
	r, root, err := s.writable(c.path("id"))
	if err != nil {
		return nil, err
	}
	e, err := s.in(r, c.path("activity"))
	switch {
	case err != nil:
		return nil, err
	case root != "" && e.Root != root:
		s.problem(ruleActivity, "%s is in another thread than %s", e.ID, root)
		return nil, refuse(http.StatusNotFound, "ActivityNotFoundInConversation", "The message could not be found in the conversation.")
	case e.From != s.opts.bot():
		s.problem(ruleOthers, "%s of %s, which is somebody else's", c.method, e.ID)
		return nil, refuse(http.StatusForbidden, "ForbiddenOperationException", "The bot is not the author of the message.")
	}
	return e, nil
}

// in is a message of a room that is still there.
func (s *Server) in(r *room, id string) (*entry, error) {
	e := s.messages[id]
	if e == nil || e.Conversation != r.id || e.Deleted {
		if e == nil || e.Conversation != r.id {
			s.problem(ruleActivity, "there is no message %q in %s", id, r.id)
		}
		return nil, refuse(http.StatusNotFound, "ActivityNotFoundInConversation", "The message could not be found in the conversation.")
	}
	return e, nil
}

// check keeps an activity of the bot to the rules.
func (s *Server) check(activity node) error {
	if kind := activity.text("type"); kind != "message" {
		return s.badBody("an activity of type %q", kind)
	}
	if s.opts.Unchecked {
		return nil
	}
	if n := size(encode(activity)); n > largestMessage {
		s.problem(ruleSize, "a message of %d bytes in UTF-16; %d are possible", n, largestMessage)
		return refuse(http.StatusRequestEntityTooLarge, "MessageSizeTooBig", "Message size too large.")
	}
	if activity.text("text") == "" && len(activity.list("attachments")) == 0 {
		return s.badBody("a message without text and attachments")
	}
	if err := s.checkMentions(activity); err != nil {
		return err
	}
	for _, a := range activity.nodes("attachments") {
		if a.text("contentType") == cardType {
			s.checkCard(a["content"])
		}
	}
	return nil
}
