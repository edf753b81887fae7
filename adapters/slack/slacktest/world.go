package slacktest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// User is a member of the workspace, or a stranger who is seen in a shared
// channel.
type User struct {
	ID       string
	Name     string
	RealName string
	Email    string
	TZ       string // an IANA zone; empty is Etc/UTC
	Team     string // empty is the workspace

	Admin, Owner, Bot           bool
	Restricted, UltraRestricted bool // a guest of several channels, of one
	Stranger                    bool // belongs to another organisation
	Deleted                     bool
}

// Channel is a conversation. Its id begins with C, or G, or D when it is a
// direct one with the bot.
type Channel struct {
	ID       string
	Name     string
	Private  bool
	Shared   bool // with another organisation
	Archived bool
	Direct   bool
	Members  []string // user ids; the bot is in it when it is named
}

// Usergroup is a named group of users, such as @oncall.
type Usergroup struct {
	ID       string
	Handle   string
	Name     string
	Users    []string
	Disabled bool
}

// world is who and what is there.
type world struct {
	users    map[string]User
	channels map[string]*Channel
	groups   map[string]Usergroup
}

func newWorld(o Options) world {
	bot := User{ID: o.BotUser, Name: o.BotName, RealName: o.BotName, Team: o.Team, Bot: true}
	return world{
		users: map[string]User{bot.ID: bot}, channels: map[string]*Channel{}, groups: map[string]Usergroup{},
	}
}

// AddUser adds a person, or replaces the one of the same id.
func (s *Server) AddUser(u User) {
	u.Team = cmp.Or(u.Team, s.opts.Team)
	u.Name = cmp.Or(u.Name, strings.ToLower(u.ID))
	u.RealName = cmp.Or(u.RealName, u.Name)
	u.TZ = cmp.Or(u.TZ, "Etc/UTC")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[u.ID] = u
	s.changed()
}

// AddChannel adds a channel, or replaces the one of the same id.
func (s *Server) AddChannel(c Channel) {
	c.Members = slices.Clone(c.Members)
	c.Name = cmp.Or(c.Name, strings.ToLower(c.ID))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channels[c.ID] = &c
	s.changed()
}

// AddUsergroup adds a group, or replaces the one of the same id.
func (s *Server) AddUsergroup(g Usergroup) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.groups[g.ID] = g
	s.changed()
}

// Direct is the direct conversation of a user with the bot. It is opened when it
// is not there.
func (s *Server) Direct(user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.direct(user).ID
}

// direct is Direct under the lock.
func (s *Server) direct(user string) *Channel {
	for _, c := range s.channels {
		if c.Direct && slices.Contains(c.Members, user) {
			return c
		}
	}
	c := &Channel{ID: s.id("D"), Direct: true, Members: []string{user, s.opts.BotUser}}
	s.channels[c.ID] = c
	return c
}

// member tells whether a user is in a channel.
func (c *Channel) member(user string) bool { return slices.Contains(c.Members, user) }

// kind is the channel's name in scopes and events: channels, groups or im.
func (c *Channel) kind() string {
	switch {
	case c.Direct:
		return "im"
	case c.Private:
		return "groups"
	}
	return "channels"
}

// kindOfEvent is the channel_type of an event.
func (c *Channel) kindOfEvent() string { return strings.TrimSuffix(c.kind(), "s") }

// people are a channel's members without the bot, sorted.
func (s *Server) people(c *Channel) []string {
	who := slices.DeleteFunc(slices.Clone(c.Members), func(u string) bool { return u == s.opts.BotUser })
	slices.Sort(who)
	return who
}

// userWire is a user as users.info tells of it.
func (s *Server) userWire(u User) object {
	zone, err := time.LoadLocation(u.TZ)
	if err != nil {
		zone = time.UTC
	}
	short, offset := time.Now().In(zone).Zone()
	profile := object{"real_name": u.RealName, "display_name": u.Name, "team": u.Team}
	if s.opts.permits("users:read.email") && u.Email != "" {
		profile["email"] = u.Email
	}
	return object{
		"id": u.ID, "team_id": u.Team, "name": u.Name, "real_name": u.RealName, "deleted": u.Deleted,
		"tz": u.TZ, "tz_label": short, "tz_offset": offset, "profile": profile,
		"is_admin": u.Admin, "is_owner": u.Owner, "is_primary_owner": false, "is_bot": u.Bot,
		"is_restricted": u.Restricted || u.UltraRestricted, "is_ultra_restricted": u.UltraRestricted,
		"is_stranger": u.Stranger, "is_app_user": false, "updated": 1700000000,
	}
}

// channelWire is a channel as conversations.info tells of it.
func (s *Server) channelWire(c *Channel) object {
	if c.Direct {
		return object{
			"id": c.ID, "is_im": true, "user": cmp.Or(append(s.people(c), "")...), "is_archived": c.Archived,
			"is_org_shared": false, "created": 1700000000, "is_open": true,
		}
	}
	return object{
		"id": c.ID, "name": c.Name, "name_normalized": c.Name, "is_channel": !c.Private, "is_group": c.Private,
		"is_im": false, "is_mpim": false, "is_private": c.Private, "is_archived": c.Archived, "is_general": false,
		"is_shared": c.Shared, "is_ext_shared": c.Shared, "is_org_shared": false,
		"is_member": c.member(s.opts.BotUser), "num_members": len(c.Members), "created": 1700000000,
		"context_team_id": s.opts.Team, "creator": "U0CREATOR",
		"topic": object{"value": ""}, "purpose": object{"value": ""},
	}
}

// sorted are a map's values by their keys, so that lists do not jump.
func sorted[V any](m map[string]V) []V {
	out := make([]V, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[k])
	}
	return out
}

// permalink is where a message is read in a browser.
func (s *Server) permalink(channel, ts string) string {
	return fmt.Sprintf("https://%s.slack.com/archives/%s/p%s", s.opts.Domain, channel, strings.ReplaceAll(ts, ".", ""))
}
