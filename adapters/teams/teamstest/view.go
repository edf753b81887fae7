package teamstest

import (
	"encoding/json"
	"slices"
)

// View is what one person sees of a message.
type View struct {
	Text    string
	Cards   []json.RawMessage
	Buttons []string // the titles of all that can be pressed
	Own     bool     // the card is this person's alone
	Notice  string   // the last that the bot told this person alone
	Error   string   // what the client showed when the last press went wrong
}

// View is what a person sees of a message. The client of somebody whom the card
// names in refresh.userIds asks the bot for their own card first, once for each
// state of the message; so does everybody's, where it names nobody and at most
// sixty people are there. It waits for that.
func (s *Server) View(user, id string) View {
	s.mu.Lock()
	e, r, u := s.theirs("View", user, id)
	if e == nil {
		s.mu.Unlock()
		return View{}
	}
	p := s.refresh(e, r, u)
	s.mu.Unlock()
	if p.parcel != nil {
		s.tell(p)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return e.view(user)
}

// view is what a person has before them.
func (e *entry) view(user string) View {
	w := View{Text: e.Text, Cards: slices.Clone(e.cards(user))}
	if v := e.seen[user]; v != nil {
		w.Own, w.Notice, w.Error = v.card != nil, v.notice, v.fault
	}
	for _, raw := range w.Cards {
		for _, a := range actionsOf(parse(raw)) {
			if a.text("title") != "" {
				w.Buttons = append(w.Buttons, a.text("title"))
			}
		}
	}
	return w
}

// refresh is what the client of a person asks for by itself. The lock is held.
func (s *Server) refresh(e *entry, r *room, u *User) pressed {
	v := e.sight(u.ObjectID)
	if v.refreshed {
		return pressed{}
	}
	for _, raw := range e.cards(u.ObjectID) {
		refresh := parse(raw).node("refresh")
		action := refresh.node("action")
		if action == nil || !s.concerns(refresh, r, u) {
			continue
		}
		v.refreshed = true
		data, _ := s.fill(nil, action, nil)
		return s.execute(e, r, u, action, data, "automatic")
	}
	return pressed{}
}

// concerns tells whether a refresh is for a person.
func (s *Server) concerns(refresh node, r *room, u *User) bool {
	if refresh["userIds"] == nil {
		return len(s.present(r)) <= mostRefreshed
	}
	return slices.Contains(refresh.list("userIds"), any(u.ID))
}
