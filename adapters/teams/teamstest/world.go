package teamstest

import (
	"cmp"
	"slices"
)

// User is a person of the tenant, or one whom it lets in.
type User struct {
	ObjectID string // of Entra, a GUID; how everything here names a person
	ID       string // by which Teams names them to this bot: "29:..."
	Name     string
	Mail     string // the userPrincipalName
	TenantID string // empty is the tenant; another one is a person of that tenant

	Guest     bool
	Bot       bool // another bot, which is in no list of members
	Deleted   bool // the account is gone: no list tells of it
	Installed bool // has the bot in the personal scope
}

// Team is a team. Its id is that of its first channel, General, too.
type Team struct {
	ID        string // "19:...@thread.tacv2"; empty makes one of the name
	GroupID   string // of Entra, a GUID
	Name      string
	Members   []string // object ids
	Installed bool     // the bot is in it
	Consent   bool     // the bot reads all messages, by resource-specific consent: it is told of them, and Graph lists them
}

// Channel is a channel of a team.
type Channel struct {
	ID      string // "19:...@thread.tacv2"; empty makes one of the team and the name
	Team    string // its id
	Name    string
	Members []string // of a private or shared one; nil is the team's
}

// GroupChat is a chat of some people.
type GroupChat struct {
	ID        string // "19:...@thread.v2"; empty makes one of the name
	Name      string
	Members   []string
	Installed bool
	Consent   bool
}

// world is who and what is there.
type world struct {
	users   map[string]*User
	teams   map[string]*Team
	rooms   map[string]*room
	blocked map[string]bool // who has blocked the bot
}

func newWorld() world {
	return world{users: map[string]*User{}, teams: map[string]*Team{}, rooms: map[string]*room{}, blocked: map[string]bool{}}
}

// AddUser adds a person with their chat with the bot, or replaces the one of the
// same object id, and returns what stands. Ids that are empty are made of the
// name.
func (s *Server) AddUser(u User) User {
	u.ObjectID = cmp.Or(u.ObjectID, guid("user "+u.Name))
	u.ID = cmp.Or(u.ID, "29:"+opaque(u.ObjectID))
	u.Name = cmp.Or(u.Name, u.ObjectID)
	u.Mail = cmp.Or(u.Mail, u.ObjectID+"@example.com")
	u.TenantID = cmp.Or(u.TenantID, s.opts.TenantID)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[u.ObjectID] = &u
	id := chatID(u.ObjectID)
	s.rooms[id] = &room{id: id, kind: kindPersonal, members: []string{u.ObjectID}, installed: u.Installed}
	s.changed()
	return u
}

// AddTeam adds a team with its channel General, and returns its id.
func (s *Server) AddTeam(t Team) string {
	t.ID = cmp.Or(t.ID, "19:"+opaque("team "+t.Name)+"@thread.tacv2")
	t.GroupID = cmp.Or(t.GroupID, guid(t.ID))
	t.Members = slices.Clone(t.Members)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.teams[t.ID] = &t
	s.rooms[t.ID] = &room{id: t.ID, kind: kindChannel, name: "General", team: t.ID}
	s.changed()
	return t.ID
}

// AddChannel adds a channel to a team, and returns its id.
func (s *Server) AddChannel(c Channel) string {
	c.ID = cmp.Or(c.ID, "19:"+opaque(c.Team+" "+c.Name)+"@thread.tacv2")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.teams[c.Team] == nil {
		s.problem(ruleMisuse, "AddChannel: there is no team %s", c.Team)
		return ""
	}
	s.rooms[c.ID] = &room{id: c.ID, kind: kindChannel, name: c.Name, team: c.Team, members: slices.Clone(c.Members)}
	s.changed()
	return c.ID
}

// AddGroupChat adds a chat, and returns its id.
func (s *Server) AddGroupChat(g GroupChat) string {
	g.ID = cmp.Or(g.ID, "19:"+opaque("chat "+g.Name)+"@thread.v2")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rooms[g.ID] = &room{
		id: g.ID, kind: kindGroup, name: g.Name, members: slices.Clone(g.Members), installed: g.Installed, consent: g.Consent,
	}
	s.changed()
	return g.ID
}

// Chat is a person's conversation with the bot.
func (*Server) Chat(user string) string { return chatID(user) }

func chatID(user string) string { return "a:" + opaque("chat with "+user) }

// ThreadOf is the conversation id of a thread of a channel, by its first
// message.
func ThreadOf(channel, root string) string { return channel + threadMark + root }

// Block makes a person deaf to the bot, or not any more. The bot is not told.
func (s *Server) Block(user string, blocked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blocked[user] = blocked
}

// known is a user by the object id or by the id that Teams uses, or nil.
func (s *Server) known(id string) *User {
	if u := s.users[id]; u != nil {
		return u
	}
	for _, u := range s.users {
		if u.ID == id {
			return u
		}
	}
	return nil
}
