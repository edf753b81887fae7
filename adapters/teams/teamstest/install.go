package teamstest

import "slices"

// Install puts the bot into a team, a group chat or, by Chat, a person's own
// scope, as a member does. The bot is told twice of it, as Teams does: by an
// installationUpdate and by a conversationUpdate that adds the bot.
func (s *Server) Install(conversation, user string) { s.install("Install", conversation, user, true) }

// Uninstall takes the bot out of it. The bot is told, and cannot write there any
// more.
func (s *Server) Uninstall(conversation, user string) {
	s.install("Uninstall", conversation, user, false)
}

func (s *Server) install(what, conversation, user string, in bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, u := s.rooms[conversation], s.users[user]
	if r == nil || u == nil || !s.has(r, user) || r.team != "" && r.id != r.team {
		s.problem(ruleMisuse, "%s: %q cannot do that in %q", what, user, conversation)
		return
	}
	if here, _ := s.holds(r); here == in {
		s.problem(ruleMisuse, "%s: that is so in %q already", what, conversation)
		return
	}
	s.installed(r, u, in)
}

// installed does it and tells the bot.
func (s *Server) installed(r *room, u *User, in bool) {
	if t := s.teams[r.team]; t != nil {
		t.Installed = in
	} else {
		r.installed = in
	}
	a := s.activity("installationUpdate", serial("f:"), r, "", u, 0)
	a["action"] = "remove"
	if in {
		a["action"] = "add"
	}
	s.inTeam(a, r)
	s.send(a)
	if in || r.kind != kindPersonal {
		s.send(s.moved(r, u, object{"id": s.opts.bot()}, in))
	}
	s.changed()
}

// moved tells of who came or went.
func (s *Server) moved(r *room, by *User, who object, in bool) object {
	a := s.activity("conversationUpdate", serial("f:"), r, "", by, 0)
	key, event := "membersRemoved", "teamMemberRemoved"
	if in {
		key, event = "membersAdded", "teamMemberAdded"
	}
	a[key] = []any{who}
	if r.kind == kindChannel {
		a.event(event)
	}
	s.inTeam(a, r)
	return a
}

// inTeam tells what is told of a team on such occasions only.
func (s *Server) inTeam(a object, r *room) {
	data, _ := a["channelData"].(object)
	t := s.teams[r.team]
	if t == nil || data == nil {
		return
	}
	data["team"] = object{"id": t.ID, "name": t.Name, "aadGroupId": t.GroupID}
	if a["action"] == "add" {
		data["settings"] = object{"selectedChannel": object{"id": t.ID}}
	}
}

// AddMember lets a person into a team or a group chat. The bot is told.
func (s *Server) AddMember(conversation, user string) { s.move("AddMember", conversation, user, true) }

// RemoveMember takes a person out of a team or a group chat. The bot is told.
func (s *Server) RemoveMember(conversation, user string) {
	s.move("RemoveMember", conversation, user, false)
}

func (s *Server) move(what, conversation, user string, in bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, u := s.rooms[conversation], s.users[user]
	if r == nil || u == nil || r.kind == kindPersonal || s.has(r, user) == in {
		s.problem(ruleMisuse, "%s: %q cannot move in %q", what, user, conversation)
		return
	}
	list := &r.members
	if r.kind == kindChannel && r.members == nil {
		list = &s.teams[r.team].Members
	}
	*list = slices.DeleteFunc(slices.Clone(*list), func(m string) bool { return m == user })
	if in {
		*list = append(*list, user)
	}
	if here, _ := s.holds(r); here {
		s.send(s.moved(r, u, object{"id": u.ID, "aadObjectId": u.ObjectID}, in))
	}
	s.changed()
}
