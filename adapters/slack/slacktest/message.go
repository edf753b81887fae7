package slacktest

import (
	"encoding/json"
	"slices"
	"time"
)

// Message is one message as it stands.
type Message struct {
	Channel  string
	TS       string // unique in the workspace and growing, as Slack's are
	Thread   string // the ts of the thread's first message, on replies only
	User     string
	BotID    string // set on messages of the bot
	ClientID string // client_msg_id; the bot's messages have none

	Text        string
	Blocks      json.RawMessage // with every block_id and action_id filled in
	Attachments json.RawMessage
	Metadata    json.RawMessage
	Files       []string          // file ids
	Chunks      []json.RawMessage // what was streamed

	To        string // the one user who sees it, when it is ephemeral
	Streaming bool   // started and not stopped
	Broadcast bool   // a reply that is shown in the channel, too
	Deleted   bool
	Edited    string   // the ts of the last edit
	Reactions []string // names, by the bot

	// Versions are all that it looked like, the last one being what stands. A
	// message that was deleted ends with an empty one.
	Versions []Version
}

// Version is what a message looked like from a moment on, and who could see it
// then.
type Version struct {
	At     time.Time
	Text   string
	Blocks json.RawMessage
	Seen   []string // user ids, the bot's not among them
}

// entry is a message in the store, with what only the server knows of it.
type entry struct {
	Message
	state map[string]map[string]any // what people chose in it, by block and action
	fed   time.Time                 // when its stream was last fed
	mode  string                    // what its stream takes: text or chunks
}

// board is what is written and shown.
type board struct {
	last     int64               // the last ts, in microseconds
	messages map[string][]*entry // by channel
	private  []*entry
	files    map[string]*file
	views    map[string]*view    // by id
	stacks   map[string][]string // open modals of a user, the topmost last
	homes    map[string]string   // user to view
	status   map[[2]string]string
	titles   map[[2]string]string
	prompts  map[[2]string]json.RawMessage
	triggers map[string]*trigger
	hooks    map[string]*hook
}

func newBoard() board {
	return board{
		messages: map[string][]*entry{}, files: map[string]*file{}, views: map[string]*view{},
		stacks: map[string][]string{}, homes: map[string]string{}, status: map[[2]string]string{},
		titles: map[[2]string]string{}, prompts: map[[2]string]json.RawMessage{},
		triggers: map[string]*trigger{}, hooks: map[string]*hook{},
	}
}

// ts is the next time stamp: now, or a microsecond after the last.
func (s *Server) ts() string {
	s.last = max(time.Now().UnixMicro(), s.last+1)
	return stamp(s.last)
}

// put stores a message, which gets its ts, and notes its first version.
func (s *Server) put(e *entry) {
	e.TS = s.ts()
	if e.To != "" {
		s.private = append(s.private, e)
	} else {
		s.messages[e.Channel] = append(s.messages[e.Channel], e)
	}
	s.version(e)
}

// version notes what a message looks like now.
func (s *Server) version(e *entry) {
	v := Version{At: time.Now(), Text: e.Text, Blocks: e.Blocks, Seen: []string{e.To}}
	if c, ok := s.channels[e.Channel]; ok && e.To == "" {
		v.Seen = s.people(c)
	}
	e.Versions = append(e.Versions, v)
	s.changed()
}

// find is a message of a channel, deleted ones included, or nil.
func (s *Server) find(channel, ts string) *entry {
	for _, list := range [][]*entry{s.messages[channel], s.private} {
		if i := slices.IndexFunc(list, func(e *entry) bool { return e.Channel == channel && e.TS == ts }); i >= 0 {
			return list[i]
		}
	}
	return nil
}

// live is a message that everybody sees, or nil.
func (s *Server) live(channel, ts string) *entry {
	if e := s.find(channel, ts); e != nil && !e.Deleted && e.To == "" {
		return e
	}
	return nil
}

// erase takes a message away; its versions stay.
func (s *Server) erase(e *entry) {
	e.Deleted, e.Text, e.Blocks, e.Attachments = true, "", nil, nil
	s.version(e)
}

// thread are a message and its replies that are still there.
func (s *Server) thread(channel, ts string) []*entry {
	var out []*entry
	for _, e := range s.messages[channel] {
		if !e.Deleted && (e.TS == ts || e.Thread == ts) {
			out = append(out, e)
		}
	}
	return out
}

// wire is a message as Slack tells of it.
func (s *Server) wire(e *entry, metadata bool) object {
	m := object{"type": "message", "user": e.User, "text": e.Text, "ts": e.TS, "team": s.users[e.User].Team}
	if e.BotID != "" {
		m["bot_id"], m["app_id"] = e.BotID, s.opts.AppID
		m["bot_profile"] = object{
			"id": e.BotID, "app_id": s.opts.AppID, "name": s.opts.BotName, "deleted": false, "team_id": s.opts.Team,
		}
	}
	m.set("client_msg_id", e.ClientID)
	m.raw("blocks", e.Blocks)
	m.raw("attachments", e.Attachments)
	if metadata {
		m.raw("metadata", e.Metadata)
	}
	if e.Edited != "" {
		m["edited"] = object{"user": e.User, "ts": e.Edited}
	}
	if len(e.Files) > 0 {
		m["files"] = s.filesWire(e.Files)
	}
	s.threadWire(m, e)
	return m
}

// threadWire tells where in a thread a message is.
func (s *Server) threadWire(m object, e *entry) {
	if e.Thread != "" {
		m["thread_ts"] = e.Thread
		if first := s.find(e.Channel, e.Thread); first != nil {
			m["parent_user_id"] = first.User
		}
		return
	}
	if t := s.thread(e.Channel, e.TS); len(t) > 1 {
		m["thread_ts"], m["reply_count"], m["latest_reply"] = e.TS, len(t)-1, t[len(t)-1].TS
	}
}
