package teamstest

// Say posts as a person and returns the id of the message. Conversation is a
// channel, where it begins a thread, a thread of one (see ThreadOf), a group chat
// or the person's own chat with the bot (see Chat). People and the bot are
// mentioned as <at>NAME</at>. The bot hears of it where Teams tells a bot: in its
// own chats, where it is mentioned, and where it may read everything. Say does
// not wait for that.
func (s *Server) Say(conversation, user, text string, forms ...Form) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, root, u := s.acting("Say", conversation, user)
	if r == nil {
		return ""
	}
	f := joinForms(forms)
	t := s.compose(text, f)
	e := &entry{Message: Message{Conversation: r.id, Root: root, From: u.ID, Text: t.text}}
	s.put(r, e)
	if s.hears(r, t) {
		a := s.activity("message", e.ID, r, e.Root, u, f)
		a.said(t, f)
		s.send(a)
	}
	return e.ID
}

// Personal is Say in a person's own chat with the bot.
func (s *Server) Personal(user, text string, forms ...Form) string {
	return s.Say(s.Chat(user), user, text, forms...)
}

// hears tells whether the bot is told of a message.
func (s *Server) hears(r *room, t typed) bool {
	in, all := s.holds(r)
	return in && (all || t.bot)
}

// acting is where somebody does something. What cannot be is misuse, and has no
// room.
func (s *Server) acting(what, conversation, user string) (*room, string, *User) {
	before := len(s.problems)
	r, root, err := s.place(conversation)
	s.problems = s.problems[:before]
	u := s.users[user]
	in := false
	if r != nil {
		in, _ = s.holds(r)
	}
	switch {
	case err != nil:
		s.problem(ruleMisuse, "%s: there is no conversation %q", what, conversation)
	case u == nil || u.Deleted || !s.has(r, user):
		s.problem(ruleMisuse, "%s: %q is not in %s", what, user, conversation)
	case r.kind == kindPersonal && !in:
		s.problem(ruleMisuse, "%s: %s does not have the bot", what, u.Name)
	default:
		return r, root, u
	}
	return nil, "", nil
}

// theirs is a message that a person sees, and where it is.
func (s *Server) theirs(what, user, id string) (*entry, *room, *User) {
	e := s.messages[id]
	if e == nil || e.Deleted {
		s.problem(ruleMisuse, "%s: there is no message %q", what, id)
		return nil, nil, nil
	}
	r, _, u := s.acting(what, e.Conversation, user)
	if r == nil {
		return nil, nil, nil
	}
	return e, r, u
}

// Edit changes what a person said.
func (s *Server) Edit(id, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, r, u := s.theirs("Edit", s.author(id), id)
	if e == nil {
		return
	}
	t := s.compose(text, 0)
	e.Text = t.text
	e.Edits++
	s.version(e)
	if s.hears(r, t) {
		a := s.activity("messageUpdate", e.ID, r, e.Root, u, 0)
		a.said(t, 0)
		a.event("editMessage")
		s.send(a)
	}
}

// Delete takes a message of a person away. The bot is told of it where it would
// have been told of the message.
func (s *Server) Delete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, r, u := s.theirs("Delete", s.author(id), id)
	if e == nil {
		return
	}
	t := s.compose(e.Text, 0)
	s.erase(e)
	if s.hears(r, t) {
		a := s.activity("messageDelete", e.ID, r, e.Root, u, 0)
		a.event("softDeleteMessage")
		s.send(a)
	}
}

// author is the object id of who wrote a message, or empty.
func (s *Server) author(id string) string {
	if e := s.messages[id]; e != nil {
		if u := s.known(e.From); u != nil {
			return u.ObjectID
		}
	}
	return ""
}

// event names what happened in an activity's channelData.
func (a object) event(name string) {
	if data, ok := a["channelData"].(object); ok {
		data["eventType"] = name
	}
}

// React puts a reaction, such as like, on a message. The bot is told of those on
// its own messages.
func (s *Server) React(user, id, reaction string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, r, u := s.theirs("React", user, id)
	if e == nil || e.From != s.opts.bot() {
		return
	}
	if in, _ := s.holds(r); in {
		a := s.activity("messageReaction", serial("f:"), r, e.Root, u, 0)
		a["reactionsAdded"], a["replyToId"] = []any{object{"type": reaction}}, e.ID
		s.send(a)
	}
}
