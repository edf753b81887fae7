package slacktest

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// page cuts a list as limit and cursor say, and returns the next cursor.
func page[T any](list []T, args map[string]string, standard int) ([]T, string, error) {
	limit, err := strconv.Atoi(args["limit"])
	if err != nil || limit <= 0 {
		limit = standard
	}
	limit = min(limit, 1000)
	from := 0
	if cursor := args["cursor"]; cursor != "" {
		b, err := base64.StdEncoding.DecodeString(cursor)
		n, bad := strconv.Atoi(strings.TrimPrefix(string(b), "next:"))
		if err != nil || bad != nil || n < 0 || n > len(list) {
			return nil, "", refuse("invalid_cursor")
		}
		from = n
	}
	to := min(len(list), from+limit)
	next := ""
	if to < len(list) {
		next = base64.StdEncoding.EncodeToString([]byte("next:" + strconv.Itoa(to)))
	}
	return list[from:to], next, nil
}

// listed is a page of things as an answer.
func listed[T any](key string, list []T, args map[string]string, standard int, wire func(T) any) (object, error) {
	part, next, err := page(list, args, standard)
	if err != nil {
		return nil, err
	}
	out := make([]any, 0, len(part))
	for _, v := range part {
		out = append(out, wire(v))
	}
	return object{key: out, "has_more": next != "", "response_metadata": object{"next_cursor": next}}, nil
}

// readable is the channel that the call names, when the bot may read there.
func (s *Server) readable(c *call) (*Channel, error) {
	ch, ok := s.channels[c.args["channel"]]
	switch in := ok && ch.member(s.opts.BotUser); {
	case !ok, !in && ch.kind() != "channels":
		return nil, refuse("channel_not_found")
	case !in:
		return nil, refuse("not_in_channel")
	}
	return ch, nil
}

func (s *Server) replies(c *call) (object, error) {
	ch, err := s.readable(c)
	if err != nil {
		return nil, err
	}
	list := s.thread(ch.ID, c.args["ts"])
	if len(list) == 0 {
		return nil, refuse("thread_not_found")
	}
	list = slices.DeleteFunc(list, func(e *entry) bool { return e.Thread != "" && !within(e.TS, c.args) })
	return listed("messages", list, c.args, 1000, func(e *entry) any { return s.wire(e, truth(c.args["include_all_metadata"])) })
}

func (s *Server) history(c *call) (object, error) {
	ch, err := s.readable(c)
	if err != nil {
		return nil, err
	}
	var list []*entry
	for _, e := range slices.Backward(s.messages[ch.ID]) {
		if !e.Deleted && (e.Thread == "" || e.Broadcast) && within(e.TS, c.args) {
			list = append(list, e)
		}
	}
	return listed("messages", list, c.args, 100, func(e *entry) any { return s.wire(e, truth(c.args["include_all_metadata"])) })
}

// within tells whether a ts is between oldest and latest.
func within(ts string, args map[string]string) bool {
	if truth(args["inclusive"]) && (ts == args["oldest"] || ts == args["latest"]) {
		return true
	}
	oldest, latest := args["oldest"], args["latest"]
	if oldest == "0" {
		oldest = ""
	}
	return ts > oldest && (latest == "" || ts < latest)
}

// truth reads the several forms that clients write a boolean in.
func truth(v string) bool { return v == "true" || v == "1" }

func (s *Server) conversationInfo(c *call) (object, error) {
	ch, ok := s.channels[c.args["channel"]]
	if !ok || ch.kind() != "channels" && !ch.member(s.opts.BotUser) {
		return nil, refuse("channel_not_found")
	}
	return object{"channel": s.channelWire(ch)}, nil
}

func (s *Server) conversationMembers(c *call) (object, error) {
	ch, ok := s.channels[c.args["channel"]]
	if !ok || ch.kind() != "channels" && !ch.member(s.opts.BotUser) {
		return nil, refuse("channel_not_found")
	}
	return listed("members", ch.Members, c.args, 100, func(u string) any { return u })
}

// visible are the channels of the wanted types that a condition lets through.
func (s *Server) visible(c *call, show func(*Channel) bool) (object, error) {
	types := c.args["types"]
	if types == "" {
		types = "public_channel"
	}
	names := map[string]string{"channels": "public_channel", "groups": "private_channel", "im": "im"}
	for kind, name := range names {
		if slices.Contains(strings.Split(types, ","), name) {
			if err := s.need(c, kind+":read"); err != nil {
				return nil, err
			}
		}
	}
	list := slices.DeleteFunc(sorted(s.channels), func(ch *Channel) bool {
		wanted := slices.Contains(strings.Split(types, ","), names[ch.kind()])
		return !wanted || !show(ch) || ch.Archived && truth(c.args["exclude_archived"])
	})
	return listed("channels", list, c.args, 100, func(ch *Channel) any { return s.channelWire(ch) })
}

func (s *Server) conversationList(c *call) (object, error) {
	return s.visible(c, func(ch *Channel) bool { return ch.kind() == "channels" || ch.member(s.opts.BotUser) })
}

func (s *Server) userConversations(c *call) (object, error) {
	user := c.args["user"]
	if user == "" {
		user = s.opts.BotUser
	}
	return s.visible(c, func(ch *Channel) bool {
		return ch.member(user) && (ch.kind() == "channels" || ch.member(s.opts.BotUser))
	})
}

func (s *Server) conversationOpen(c *call) (object, error) {
	users := strings.Split(c.args["users"], ",")
	if len(users) != 1 {
		return nil, refuse("method_not_supported_for_channel_type")
	}
	if u, ok := s.users[users[0]]; !ok || u.Bot {
		return nil, refuse("user_not_found")
	} else if u.Deleted {
		return nil, refuse("user_disabled")
	}
	return object{"channel": s.channelWire(s.direct(users[0]))}, nil
}
