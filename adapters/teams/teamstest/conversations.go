package teamstest

import (
	"net/http"
)

// create begins a chat with a person, or a thread in a channel. A bot cannot
// begin a group chat.
func (s *Server) create(c *call) (int, any, error) {
	n := parse(c.body)
	if n == nil {
		return 0, nil, s.badBody("no JSON object: %.80q", c.body)
	}
	group, _ := n["isGroup"].(bool)
	if group {
		return s.createThread(n)
	}
	return s.createChat(n)
}

// createThread begins a thread with its first message.
func (s *Server) createThread(n node) (int, any, error) {
	r := s.rooms[n.node("channelData").node("channel").text("id")]
	activity := n.node("activity")
	switch {
	case r == nil || r.kind != kindChannel:
		s.problem(ruleConversation, "there is no channel %q", n.node("channelData").node("channel").text("id"))
		return 0, nil, refuse(http.StatusNotFound, "ConversationNotFound", "Conversation not found.")
	case activity == nil:
		return 0, nil, s.badBody("a new thread without an activity")
	}
	if err := s.open(r); err != nil {
		return 0, nil, err
	}
	e, err := s.publish(r, "", "", activity)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusCreated, object{"id": r.conversation(e.Root), "activityId": e.ID}, nil
}

// createChat is the chat with a person, which is the same one each time. The
// person is named by either id.
func (s *Server) createChat(n node) (int, any, error) {
	members := n.nodes("members")
	if len(members) != 1 {
		return 0, nil, s.badBody("a chat with %d members, where one is possible", len(members))
	}
	u := s.known(members[0].text("id"))
	if u == nil || u.Bot {
		return 0, nil, s.badBody("a chat with %q, whom nobody knows", members[0].text("id"))
	}
	tenant := n.text("tenantId")
	if tenant == "" {
		tenant = n.node("channelData").node("tenant").text("id")
	}
	if tenant != u.TenantID {
		return 0, nil, s.badBody("a chat with somebody of the tenant %s in the tenant %q", u.TenantID, tenant)
	}
	if u.Deleted || !s.meets(u.ObjectID) {
		return 0, nil, refuse(http.StatusForbidden, "ForbiddenOperationException", "The bot is not installed in the user's personal scope.")
	}
	r := s.rooms[chatID(u.ObjectID)]
	r.installed = true // who shares a team with the bot can be written to
	out := object{"id": r.id}
	if activity := n.node("activity"); activity != nil {
		if err := s.open(r); err != nil {
			return 0, nil, err
		}
		e, err := s.publish(r, "", "", activity)
		if err != nil {
			return 0, nil, err
		}
		out["activityId"] = e.ID
	}
	return http.StatusCreated, out, nil
}

// badBody is the refusal of a request that Teams cannot read.
func (s *Server) badBody(format string, args ...any) error {
	s.problem(ruleBody, format, args...)
	return refuse(http.StatusBadRequest, "BadSyntax", "Incoming request could not be deserialized to the bot schema.")
}
