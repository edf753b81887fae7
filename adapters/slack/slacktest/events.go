package slacktest

import (
	"crypto/rand"
	"slices"
	"strings"
	"time"
)

// announce tells the app of a new message, and of the mention in it: two events
// of one ts, as the real one sends.
func (s *Server) announce(e *entry) {
	ch := s.channels[e.Channel]
	event := s.wire(e, false)
	event["channel"], event["event_ts"], event["channel_type"] = e.Channel, e.TS, ch.kindOfEvent()
	delete(event, "reply_count")
	delete(event, "latest_reply")
	if len(e.Files) > 0 {
		event["subtype"] = "file_share"
	}
	s.foreign(event, e.User)
	s.event(ch, event)
	if e.BotID == "" && !ch.Direct && strings.Contains(e.Text, "<@"+s.opts.BotUser+">") {
		mention := object{}
		for k, v := range event {
			mention[k] = v
		}
		mention["type"] = "app_mention"
		delete(mention, "channel_type")
		delete(mention, "subtype")
		s.event(ch, mention)
	}
}

// foreign marks what somebody of another organisation did.
func (s *Server) foreign(event object, user string) {
	if u := s.users[user]; u.Team != s.opts.Team && u.Team != "" {
		event["user_team"], event["source_team"] = u.Team, u.Team
	}
}

// edited notes a changed message and tells the app.
func (s *Server) edited(e *entry, before object) {
	ts := s.ts()
	e.Edited = ts
	s.version(e)
	s.event(s.channels[e.Channel], object{
		"type": "message", "subtype": "message_changed", "hidden": true, "channel": e.Channel,
		"channel_type": s.channels[e.Channel].kindOfEvent(), "ts": ts, "event_ts": ts,
		"message": s.wire(e, false), "previous_message": before,
	})
}

// gone erases a message and tells the app.
func (s *Server) gone(e *entry) {
	before, ts := s.wire(e, false), s.ts()
	s.erase(e)
	event := object{
		"type": "message", "subtype": "message_deleted", "hidden": true, "channel": e.Channel,
		"channel_type": s.channels[e.Channel].kindOfEvent(), "ts": ts, "event_ts": ts,
		"deleted_ts": e.TS, "previous_message": before,
	}
	event.set("thread_ts", e.Thread)
	s.event(s.channels[e.Channel], event)
}

// event delivers an inner event, when the app subscribed to it, may read it and
// is where it happened. Without a channel it concerns the app itself.
func (s *Server) event(ch *Channel, event object) string {
	name, _ := event["type"].(string)
	if s.opts.Events != nil && !slices.Contains(s.opts.Events, name) {
		return ""
	}
	shared := false
	if ch != nil {
		scope := ch.kind() + ":history"
		if name == "app_mention" {
			scope = "app_mentions:read"
		}
		if !ch.member(s.opts.BotUser) || !s.opts.permits(scope) {
			return ""
		}
		shared = ch.Shared
	}
	id := s.id("Ev")
	outer := object{
		"token": "verification-token", "team_id": s.opts.Team, "context_team_id": s.opts.Team,
		"context_enterprise_id": nil, "api_app_id": s.opts.AppID, "event": event, "type": "event_callback",
		"event_id": id, "event_time": time.Now().Unix(), "is_ext_shared_channel": shared,
		"authorizations": []any{object{
			"enterprise_id": nil, "team_id": s.opts.Team, "user_id": s.opts.BotUser, "is_bot": true,
			"is_enterprise_install": false,
		}},
		"event_context": "4-" + rand.Text(),
	}
	s.send(&parcel{Delivery: Delivery{ID: id, Kind: kindEvents, Type: name, Payload: encode(outer)}})
	return id
}

// Emit delivers an inner event that no method here brings about, and returns its
// event_id. It needs a "type"; nothing else is looked at.
func (s *Server) Emit(event map[string]any) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.event(nil, object(event))
}

// EmitOuter delivers a whole payload of the Events API, such as app_rate_limited,
// and returns what Redeliver knows it by.
func (s *Server) EmitOuter(payload map[string]any) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, _ := payload["type"].(string)
	id := s.id("Ev")
	s.send(&parcel{Delivery: Delivery{ID: id, Kind: kindEvents, Type: name, Payload: encode(payload)}})
	return id
}
