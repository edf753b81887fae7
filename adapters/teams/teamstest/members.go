package teamstest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// usualPage and mostOnPage are how many members pagedmembers tells of.
const (
	usualPage  = 200
	mostOnPage = 500
)

// member tells of one person in a conversation, by either id.
func (s *Server) member(c *call) (int, any, error) {
	r, err := s.readable(c)
	if err != nil {
		return 0, nil, err
	}
	u := s.known(c.path("member"))
	if u == nil || u.Deleted || u.Bot || !s.has(r, u.ObjectID) {
		return 0, nil, refuse(http.StatusNotFound, "MemberNotFoundInConversation", "The member is not in the conversation.")
	}
	return http.StatusOK, s.account(u), nil
}

// members tells of all, a page at a time.
func (s *Server) members(c *call) (int, any, error) {
	r, err := s.readable(c)
	if err != nil {
		return 0, nil, err
	}
	q := c.request.URL.Query()
	page := usualPage
	if n, err := strconv.Atoi(q.Get("pageSize")); err == nil && n > 0 {
		page = min(n, mostOnPage)
	}
	from, _ := strconv.Atoi(strings.TrimPrefix(q.Get("continuationToken"), "from-"))
	all := s.accounts(r)
	from = min(max(from, 0), len(all))
	to := min(from+page, len(all))
	out := object{"members": all[from:to]}
	if to < len(all) {
		out["continuationToken"] = "from-" + strconv.Itoa(to)
	}
	return http.StatusOK, out, nil
}

// activityMembers tells of who can see a message.
func (s *Server) activityMembers(c *call) (int, any, error) {
	r, err := s.readable(c)
	if err != nil {
		return 0, nil, err
	}
	if _, err := s.in(r, c.path("activity")); err != nil {
		return 0, nil, err
	}
	return http.StatusOK, s.accounts(r), nil
}

// readable is a conversation that the bot is in.
func (s *Server) readable(c *call) (*room, error) {
	r, _, err := s.place(c.path("id"))
	if err != nil {
		return nil, err
	}
	if in, _ := s.holds(r); !in {
		return nil, refuse(http.StatusForbidden, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
	}
	return r, nil
}

// accounts are the people of a room by their ids, without bots and without
// accounts that are gone.
func (s *Server) accounts(r *room) []object {
	ids := slices.Sorted(slices.Values(s.present(r)))
	out := make([]object, 0, len(ids))
	for _, id := range slices.Compact(ids) {
		if u := s.users[id]; u != nil && !u.Bot && !u.Deleted {
			out = append(out, s.account(u))
		}
	}
	return out
}

// account is a person as lists of members tell of them.
func (s *Server) account(u *User) object {
	given, sur, _ := strings.Cut(u.Name, " ")
	role := "user"
	if u.Guest {
		role = "guest"
	}
	o := object{
		"id": u.ID, "name": u.Name, "objectId": u.ObjectID, "aadObjectId": u.ObjectID, "givenName": given, "email": u.Mail,
		"userPrincipalName": u.Mail, "tenantId": u.TenantID, "userRole": role,
	}
	o.set("surname", sur)
	return o
}

// team tells of a team that the bot is in.
func (s *Server) team(c *call) (int, any, error) {
	t, err := s.joined(c.path("id"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusOK, object{
		"id": t.ID, "name": t.Name, "aadGroupId": t.GroupID, "tenantId": s.opts.TenantID,
		"channelCount": len(s.channelsOf(t)), "memberCount": len(t.Members),
	}, nil
}

// channels tells of a team's channels. General has no name there.
func (s *Server) channels(c *call) (int, any, error) {
	t, err := s.joined(c.path("id"))
	if err != nil {
		return 0, nil, err
	}
	list := []object{}
	for _, r := range s.channelsOf(t) {
		o := object{"id": r.id}
		if r.id != t.ID {
			o["name"] = r.name
		}
		list = append(list, o)
	}
	return http.StatusOK, object{"conversations": list}, nil
}

func (s *Server) joined(id string) (*Team, error) {
	t := s.teams[id]
	switch {
	case t == nil:
		s.problem(ruleConversation, "there is no team %q", id)
		return nil, refuse(http.StatusNotFound, "NotFound", "Team not found.")
	case !t.Installed:
		return nil, refuse(http.StatusForbidden, "BotNotInConversationRoster", "The bot is not part of the conversation roster.")
	}
	return t, nil
}

// channelsOf are the rooms of a team, sorted by their names, General first.
func (s *Server) channelsOf(t *Team) []*room {
	var out []*room
	for _, r := range s.rooms {
		if r.team == t.ID {
			out = append(out, r)
		}
	}
	name := func(r *room) string {
		if r.id == t.ID {
			return ""
		}
		return r.name
	}
	slices.SortFunc(out, func(a, b *room) int { return strings.Compare(name(a), name(b)) })
	return out
}
