package slacktest

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"strings"
)

func (s *Server) userInfo(c *call) (object, error) {
	u, ok := s.users[c.args["user"]]
	if !ok {
		return nil, refuse("user_not_found")
	}
	return object{"user": s.userWire(u)}, nil
}

func (s *Server) userList(c *call) (object, error) {
	answer, err := listed("members", sorted(s.users), c.args, 1000, func(u User) any { return s.userWire(u) })
	if err == nil {
		answer["cache_ts"] = 1700000000
	}
	return answer, err
}

func (s *Server) groupList(c *call) (object, error) {
	list := slices.DeleteFunc(sorted(s.groups), func(g Usergroup) bool {
		return g.Disabled && !truth(c.args["include_disabled"])
	})
	out := make([]any, 0, len(list))
	for _, g := range list {
		w := object{
			"id": g.ID, "team_id": s.opts.Team, "is_usergroup": true, "handle": g.Handle, "name": g.Name,
			"user_count": len(g.Users), "date_delete": 0,
		}
		if g.Disabled {
			w["date_delete"] = 1700000000
		}
		if truth(c.args["include_users"]) {
			w["users"] = slices.Concat([]string{}, g.Users)
		}
		out = append(out, w)
	}
	return object{"usergroups": out}, nil
}

func (s *Server) groupUsers(c *call) (object, error) {
	g, ok := s.groups[c.args["usergroup"]]
	if !ok || g.Disabled && !truth(c.args["include_disabled"]) {
		return nil, refuse("no_such_subteam")
	}
	return object{"users": slices.Concat([]string{}, g.Users)}, nil
}

func (s *Server) authTest(*call) (object, error) {
	return object{
		"url": "https://" + s.opts.Domain + ".slack.com/", "team": s.opts.Domain, "team_id": s.opts.Team,
		"user": s.opts.BotName, "user_id": s.opts.BotUser, "bot_id": s.opts.BotID, "is_enterprise_install": false,
	}, nil
}

// oauthAccess gives out a new bot token. The one before stays good beside it;
// older ones end, and so does the refresh token.
func (s *Server) oauthAccess(c *call) (object, error) {
	switch {
	case s.opts.ClientID == "" || c.args["client_id"] != s.opts.ClientID:
		return nil, refuse("invalid_client_id")
	case c.args["client_secret"] != s.opts.ClientSecret:
		return nil, refuse("bad_client_secret")
	case c.args["grant_type"] != "refresh_token":
		return nil, refuse("invalid_grant_type")
	case s.refresh == "" || c.args["refresh_token"] != s.refresh:
		return nil, refuse("invalid_refresh_token")
	}
	token := "xoxe.xoxb-" + rand.Text()
	s.refresh = "xoxe-" + rand.Text()
	s.tokens[token] = ""
	s.issued = append(s.issued, token)
	for _, old := range s.issued[:max(0, len(s.issued)-2)] {
		s.tokens[old] = "token_revoked"
	}
	return object{
		"access_token": token, "refresh_token": s.refresh, "expires_in": 43200, "token_type": "bot",
		"scope": strings.Join(s.opts.Scopes, ","), "bot_user_id": s.opts.BotUser, "app_id": s.opts.AppID,
		"team": object{"id": s.opts.Team, "name": s.opts.Domain}, "enterprise": nil, "is_enterprise_install": false,
	}, nil
}

// assistant is the thread that an assistant's method is about.
func (s *Server) assistant(c *call) ([2]string, error) {
	key := [2]string{c.args["channel_id"], c.args["thread_ts"]}
	ch, ok := s.channels[key[0]]
	if !ok || !ch.member(s.opts.BotUser) {
		return key, refuse("channel_not_found")
	}
	if s.live(key[0], key[1]) == nil {
		return key, refuse("invalid_thread_ts")
	}
	return key, nil
}

func (s *Server) assistantStatus(c *call) (object, error) {
	key, err := s.assistant(c)
	if err == nil {
		s.status[key] = c.args["status"]
	}
	return nil, err
}

func (s *Server) assistantTitle(c *call) (object, error) {
	key, err := s.assistant(c)
	if err == nil {
		s.titles[key] = c.args["title"]
	}
	return nil, err
}

// assistantPrompts takes at most four prompts.
func (s *Server) assistantPrompts(c *call) (object, error) {
	key, err := s.assistant(c)
	if err != nil {
		return nil, err
	}
	var prompts []struct{ Title, Message string }
	if json.Unmarshal([]byte(c.args["prompts"]), &prompts) != nil || len(prompts) == 0 || len(prompts) > 4 {
		return nil, refuse("invalid_arguments")
	}
	for _, p := range prompts {
		if p.Title == "" || p.Message == "" {
			return nil, refuse("invalid_arguments")
		}
	}
	s.prompts[key] = json.RawMessage(c.args["prompts"])
	return object{}, nil
}
