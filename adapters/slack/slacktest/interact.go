package slacktest

import (
	"crypto/rand"
	"fmt"
	"time"
)

// Outcome is what the person who did something sees of it.
type Outcome struct {
	Delivery string // its id, for Deliveries and Redeliver
	OK       bool   // the app acked in time
	Err      string // what failed, when it did not
	Answer   []byte // what the app sent with its ack
	// Errors are what a modal shows beside its fields, by block_id.
	Errors map[string]string
}

// trigger is what opens a modal: once, and not for long.
type trigger struct {
	user  string
	until time.Time
	used  bool
}

// trigger makes a trigger_id for what a user did.
func (s *Server) trigger(user string) string {
	id := fmt.Sprintf("%s.%d.%s", s.id("1"), 1234, rand.Text())
	s.triggers[id] = &trigger{user: user, until: time.Now().Add(s.opts.Patience)}
	return id
}

// pull uses a trigger_id.
func (s *Server) pull(id string) (*trigger, error) {
	t, ok := s.triggers[id]
	switch {
	case !ok:
		return nil, refuse("invalid_trigger_id")
	case time.Now().After(t.until):
		return nil, refuse("expired_trigger_id")
	case t.used:
		return nil, refuse("exchanged_trigger_id")
	}
	t.used = true
	return t, nil
}

// interaction is what every interactive payload begins with.
func (s *Server) interaction(kind, user string) object {
	u := s.users[user]
	return object{
		"type": kind, "api_app_id": s.opts.AppID, "token": "verification-token",
		"team": object{"id": s.opts.Team, "domain": s.opts.Domain}, "enterprise": nil, "is_enterprise_install": false,
		"user": object{"id": user, "username": u.Name, "name": u.Name, "team_id": u.Team},
	}
}

// tell delivers an interaction or a command, once: Slack repeats none of them.
// It waits for the ack, and the lock must not be held. One that is misuse has no
// parcel.
func (s *Server) tell(p *parcel) Outcome {
	if p == nil {
		return Outcome{Err: "misuse: see Problems"}
	}
	s.attempt(p, "")
	s.mu.Lock()
	defer s.mu.Unlock()
	p.GaveUp = !p.Acked
	a := p.Attempts[0]
	return Outcome{Delivery: p.ID, OK: a.Acked, Err: a.Err, Answer: a.Answer}
}

// pack makes a parcel of an interaction and books it.
func (s *Server) pack(kind, name string, payload any) *parcel {
	p := &parcel{Delivery: Delivery{ID: s.id("X"), Kind: kind, Type: name, Payload: encode(payload)}}
	s.book(p)
	return p
}

// misuse notes a mistake of the test, of which nothing is delivered.
func (s *Server) misuse(format string, args ...any) *parcel {
	s.problem("misuse", format, args...)
	return nil
}

// MessageShortcut uses a shortcut of a message and waits for the ack.
func (s *Server) MessageShortcut(user, channel, ts, callbackID string) Outcome {
	return s.tell(s.messageShortcut(user, channel, ts, callbackID))
}

func (s *Server) messageShortcut(user, channel, ts, callbackID string) *parcel {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, e := s.present("MessageShortcut", channel, user), s.live(channel, ts)
	if ch == nil || e == nil {
		return s.misuse("MessageShortcut: there is no message %s in %s", ts, channel)
	}
	m := s.interaction("message_action", user)
	m["callback_id"], m["trigger_id"], m["action_ts"], m["message_ts"] = callbackID, s.trigger(user), s.ts(), ts
	m["channel"] = object{"id": ch.ID, "name": ch.Name}
	m["message"], m["response_url"] = s.wire(e, false), s.hook(user, ch.ID, e)
	return s.pack(kindInteract, "message_action", m)
}

// Shortcut uses a global shortcut and waits for the ack.
func (s *Server) Shortcut(user, callbackID string) Outcome {
	s.mu.Lock()
	m := s.interaction("shortcut", user)
	m["callback_id"], m["trigger_id"], m["action_ts"] = callbackID, s.trigger(user), s.ts()
	p := s.pack(kindInteract, "shortcut", m)
	s.mu.Unlock()
	return s.tell(p)
}

// Slash types a slash command and waits for the ack. What the app answers with
// it is shown: to the user alone, or to all when it is in_channel.
func (s *Server) Slash(user, channel, command, text string) Outcome {
	p, h := s.slash(user, channel, command, text)
	o := s.tell(p)
	if o.OK && len(o.Answer) > 0 {
		s.answered(h, o.Answer)
	}
	return o
}

func (s *Server) slash(user, channel, command, text string) (*parcel, *hook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.present("Slash", channel, user)
	if ch == nil {
		return nil, nil
	}
	name := ch.Name
	if ch.Direct {
		name = "directmessage"
	}
	link := s.hook(user, channel, nil)
	return s.pack(kindCommands, command, map[string]string{
		"token": "verification-token", "team_id": s.opts.Team, "team_domain": s.opts.Domain, "channel_id": channel,
		"channel_name": name, "user_id": user, "user_name": s.users[user].Name, "command": command, "text": text,
		"api_app_id": s.opts.AppID, "is_enterprise_install": "false", "response_url": link, "trigger_id": s.trigger(user),
	}), s.hooks[keyOf(link)]
}
