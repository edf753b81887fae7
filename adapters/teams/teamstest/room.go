package teamstest

import (
	"net/http"
	"slices"
	"strings"
)

// The kinds of conversations, as conversationType names them.
const (
	kindPersonal = "personal"
	kindGroup    = "groupChat"
	kindChannel  = "channel"
)

// threadMark is between a channel's id and the first message of a thread of it.
const threadMark = ";messageid="

// room is a conversation: a chat, or a channel with all of its threads.
type room struct {
	id, kind, name string
	team           string   // of a channel
	members        []string // of a channel nil is the team's
	installed      bool     // of chats; of a channel the team counts
	consent        bool
}

// present are the object ids of who is in a room.
func (s *Server) present(r *room) []string {
	if r.kind == kindChannel && r.members == nil {
		return s.teams[r.team].Members
	}
	return r.members
}

// has tells whether a person is in a room.
func (s *Server) has(r *room, user string) bool { return slices.Contains(s.present(r), user) }

// holds tells whether the bot is in a room, and whether it reads everything.
func (s *Server) holds(r *room) (installed, all bool) {
	switch r.kind {
	case kindChannel:
		t := s.teams[r.team]
		return t.Installed, t.Consent
	case kindPersonal:
		return r.installed, true
	}
	return r.installed, r.consent
}

// meets tells whether the bot shares a team or a chat with a person, which lets
// it begin a chat with them.
func (s *Server) meets(user string) bool {
	for _, r := range s.rooms {
		if in, _ := s.holds(r); in && s.has(r, user) {
			return true
		}
	}
	return false
}

// place is the room of a conversation id, and the thread's first message in it.
// The id is as the bot wrote it, so that it may name nothing.
func (s *Server) place(id string) (r *room, root string, err error) {
	channel, root, threaded := strings.Cut(id, threadMark)
	r = s.rooms[channel]
	if r == nil || threaded && (r.kind != kindChannel || s.messages[root] == nil || s.messages[root].Conversation != r.id) {
		s.problem(ruleConversation, "there is no conversation %q", id)
		return nil, "", refuse(http.StatusNotFound, "ConversationNotFound", "Conversation not found.")
	}
	return r, root, nil
}

// writable is place for something that is written there.
func (s *Server) writable(id string) (*room, string, error) {
	r, root, err := s.place(id)
	if err != nil {
		return nil, "", err
	}
	return r, root, s.open(r)
}

// open refuses a room that the bot cannot write to. It cannot know that a person
// has blocked it, so that neither is a problem.
func (s *Server) open(r *room) error {
	in, _ := s.holds(r)
	switch {
	case r.kind == kindPersonal && s.blocked[r.members[0]]:
		return refuse(http.StatusForbidden, "ForbiddenOperationException", "The user has blocked the bot.")
	case r.kind == kindPersonal && !in:
		return refuse(http.StatusForbidden, "ForbiddenOperationException", "The bot is not installed in the user's personal scope.")
	case !in:
		return refuse(http.StatusForbidden, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
	}
	return nil
}

// conversation is the id of a place as Teams tells it.
func (r *room) conversation(root string) string {
	if r.kind == kindChannel && root != "" {
		return ThreadOf(r.id, root)
	}
	return r.id
}
