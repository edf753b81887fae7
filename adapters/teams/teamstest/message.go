package teamstest

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// Message is one message as it stands.
type Message struct {
	Conversation string // of the channel or the chat
	ID           string // growing, and unique in the tenant
	Root         string // of the thread; in a channel only, where a first message has its own id
	ReplyTo      string // as the bot named it
	From         string // "28:..." of the bot, "29:..." of a person

	Text     string
	Cards    []json.RawMessage // of its adaptive cards, what everybody sees
	Activity json.RawMessage   // as the bot sent it; a person's message has none
	Deleted  bool
	Edits    int

	// Versions are all that it looked like, the last one being what stands. A
	// message that was deleted ends with an empty one.
	Versions []Version
}

// Version is what a message looked like from a moment on.
type Version struct {
	At    time.Time
	Text  string
	Cards []json.RawMessage
}

// entry is a message in the store, with what only the server knows of it.
type entry struct {
	Message
	seen map[string]*sight // by object id, where it is not what everybody sees
}

// sight is what one person has before them.
type sight struct {
	card      json.RawMessage // instead of everybody's; nil is everybody's
	refreshed bool            // the client has asked for their own one
	notice    string
	fault     string
}

// board is what is written and shown.
type board struct {
	last     int64 // the last id, in milliseconds
	messages map[string]*entry
	order    []*entry
	dialogs  map[string]*dialog // by object id
}

func newBoard() board {
	return board{messages: map[string]*entry{}, dialogs: map[string]*dialog{}}
}

// stamp is the next id of a message: now, or a millisecond after the last.
func (s *Server) stamp() string {
	s.last = max(time.Now().UnixMilli(), s.last+1)
	return strconv.FormatInt(s.last, 10)
}

// put stores a message, which gets its id, and notes its first version.
func (s *Server) put(r *room, e *entry) {
	e.ID, e.seen = s.stamp(), map[string]*sight{}
	if r.kind == kindChannel && e.Root == "" {
		e.Root = e.ID
	}
	s.messages[e.ID] = e
	s.order = append(s.order, e)
	s.version(e)
}

// fill takes what a message says from an activity.
func (e *entry) fill(activity node) {
	e.Text, e.Activity, e.Cards = activity.text("text"), encode(activity), nil
	for _, a := range activity.nodes("attachments") {
		if a.text("contentType") == cardType {
			e.Cards = append(e.Cards, encode(a["content"]))
		}
	}
}

// version notes what a message looks like now.
func (s *Server) version(e *entry) {
	e.Versions = append(e.Versions, Version{At: time.Now(), Text: e.Text, Cards: e.Cards})
	s.changed()
}

// erase takes a message away; its versions stay.
func (s *Server) erase(e *entry) {
	e.Deleted, e.Text, e.Cards, e.Activity = true, "", nil, nil
	clear(e.seen)
	s.version(e)
}

// sight is what a person has before them of a message.
func (e *entry) sight(user string) *sight {
	v := e.seen[user]
	if v == nil {
		v = &sight{}
		e.seen[user] = v
	}
	return v
}

// cards are the cards that a person sees.
func (e *entry) cards(user string) []json.RawMessage {
	if v := e.seen[user]; v != nil && v.card != nil {
		return []json.RawMessage{v.card}
	}
	return e.Cards
}

// clone is the message apart from the store, which goes on changing.
func (e *entry) clone() Message {
	m := e.Message
	m.Versions, m.Cards = slices.Clone(m.Versions), slices.Clone(m.Cards)
	return m
}
