package teamstest

import (
	"html"
	"strconv"
	"time"
)

// MessageAction chooses a command of the bot in the menu of a message, and waits
// for the answer, which opens a dialog or says something.
func (s *Server) MessageAction(user, id, command string) Outcome {
	return s.tell(s.messageAction(user, id, command))
}

func (s *Server) messageAction(user, id, command string) pressed {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, r, u := s.theirs("MessageAction", user, id)
	if e == nil {
		return pressed{why: "misuse"}
	}
	return s.module("composeExtension/fetchTask", e, r, u, s.about(e, command), &dialog{on: e, command: command})
}

// about is what a message action tells of its message.
func (s *Server) about(e *entry, command string) object {
	millis, _ := strconv.ParseInt(e.ID, 10, 64)
	payload := object{
		"id": e.ID, "createdDateTime": time.UnixMilli(millis).UTC().Format(timeLayout), "lastModifiedDateTime": nil,
		"deleted": false, "subject": nil, "summary": nil, "importance": "normal", "locale": "en-us", "replyToId": nil,
		"body": object{"contentType": "html", "content": "<div>" + html.EscapeString(e.Text) + "</div>"},
		"from": s.writer(e), "reactions": []any{}, "mentions": []any{}, "attachments": []any{},
	}
	if e.Root != "" && e.Root != e.ID {
		payload["replyToId"] = e.Root
	}
	return object{
		"commandId": command, "commandContext": "message", "context": object{"theme": "default"}, "requestId": serial("r:"),
		"messagePayload": payload,
	}
}

// writer is who wrote a message, as message actions tell it.
func (s *Server) writer(e *entry) object {
	u := s.known(e.From)
	if u == nil {
		app := object{"applicationIdentityType": "bot", "id": s.opts.AppID, "displayName": s.opts.BotName}
		return object{"device": nil, "conversation": nil, "user": nil, "application": app}
	}
	person := object{"userIdentityType": "aadUser", "id": u.ObjectID, "displayName": u.Name}
	return object{"device": nil, "conversation": nil, "application": nil, "user": person}
}
