package slacktest

import (
	"crypto/rand"
	"slices"
)

// Say posts as a user and returns the ts. Text is in Slack's wire form: a person
// is <@U1>, and <, > and & are escaped. The app is told by an event, and by a
// second one of the same ts when the bot is mentioned. Say does not wait for it.
func (s *Server) Say(channel, thread, user, text string, files ...File) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.present("Say", channel, user)
	if ch == nil {
		return ""
	}
	e := &entry{Message: Message{Channel: channel, User: user, Text: text, ClientID: rand.Text(), Blocks: s.richText(text)}}
	var err error
	if e.Thread, err = s.threadOf(ch, thread); err != nil {
		s.problem("misuse", "Say: there is no thread %s in %s", thread, channel)
		return ""
	}
	for _, f := range files {
		f.User, f.Channel, f.Thread = user, channel, e.Thread
		e.Files = append(e.Files, s.keep(f))
	}
	s.put(e)
	s.announce(e)
	return e.TS
}

// present is a channel that a user is in. Anything else is misuse.
func (s *Server) present(what, channel, user string) *Channel {
	ch, ok := s.channels[channel]
	switch {
	case !ok:
		s.problem("misuse", "%s: there is no channel %s", what, channel)
	case !ch.member(user):
		s.problem("misuse", "%s: %s is not in %s", what, user, channel)
	case ch.Archived:
		s.problem("misuse", "%s: %s is archived", what, channel)
	default:
		return ch
	}
	return nil
}

// Edit changes what a person said.
func (s *Server) Edit(channel, ts, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.live(channel, ts)
	if e == nil {
		s.problem("misuse", "Edit: there is no message %s in %s", ts, channel)
		return
	}
	before := s.wire(e, false)
	e.Text, e.Blocks = text, s.richText(text)
	s.edited(e, before)
}

// Delete takes a message away, as its author or an admin does.
func (s *Server) Delete(channel, ts string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.live(channel, ts)
	if e == nil {
		s.problem("misuse", "Delete: there is no message %s in %s", ts, channel)
		return
	}
	s.gone(e)
}

// Join lets a user, or the bot, into a channel.
func (s *Server) Join(channel, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, ok := s.channels[channel]
	if !ok || ch.member(user) {
		s.problem("misuse", "Join: there is no channel %s, or %s is in it", channel, user)
		return
	}
	ch.Members = append(ch.Members, user)
	s.moved(ch, "member_joined_channel", user)
}

// Leave takes a user, or the bot, out of a channel.
func (s *Server) Leave(channel, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, ok := s.channels[channel]
	if !ok || !ch.member(user) {
		s.problem("misuse", "Leave: %s is not in %s", user, channel)
		return
	}
	ch.Members = slices.DeleteFunc(ch.Members, func(m string) bool { return m == user })
	s.moved(ch, "member_left_channel", user)
}

// moved tells of who came or went. It concerns the app even when the bot went.
func (s *Server) moved(ch *Channel, what, user string) {
	kind := "C"
	if ch.Private {
		kind = "G"
	}
	s.event(nil, object{
		"type": what, "user": user, "channel": ch.ID, "channel_type": kind, "team": s.users[user].Team, "event_ts": s.ts(),
	})
	s.changed()
}

// OpenHome opens the app's home tab.
func (s *Server) OpenHome(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	event := object{
		"type": "app_home_opened", "user": user, "channel": s.direct(user).ID, "tab": "home", "event_ts": s.ts(),
	}
	if id, ok := s.homes[user]; ok {
		event["view"] = s.viewWire(s.views[id])
	}
	s.event(nil, event)
}

// AssistantThread opens the assistant beside nothing in particular and returns
// the thread that it is in.
func (s *Server) AssistantThread(user string) (channel, ts string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.direct(user)
	e := &entry{Message: Message{Channel: ch.ID, User: s.opts.BotUser, BotID: s.opts.BotID, Text: "New Assistant Thread"}}
	s.put(e)
	s.event(ch, object{
		"type": "assistant_thread_started", "event_ts": e.TS,
		"assistant_thread": object{
			"user_id": user, "context": object{}, "channel_id": ch.ID, "thread_ts": e.TS,
		},
	})
	return ch.ID, e.TS
}
