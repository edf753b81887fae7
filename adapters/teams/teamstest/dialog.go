package teamstest

import (
	"encoding/json"
)

// Dialog is a task module that a person has open.
type Dialog struct {
	Title string
	URL   string          // of a page, or
	Card  json.RawMessage // an adaptive card
}

// dialog is a dialog with what only the server knows of it.
type dialog struct {
	Dialog
	on      *entry // the message that it was opened on
	command string // of the message action; empty when a button opened it
}

// Dialog is the dialog that a person has open.
func (s *Server) Dialog(user string) (Dialog, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.dialogs[user]
	if d == nil {
		return Dialog{}, false
	}
	return d.Dialog, true
}

// CloseDialog is what a person does who thinks better of it. The bot is not told.
func (s *Server) CloseDialog(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.dialogs, user)
	s.changed()
}

// Submit presses a button of the dialog's card, the first one when button is
// empty, and waits for the answer: the dialog closes, says something, or shows
// the next card.
func (s *Server) Submit(user, button string, in Inputs) Outcome {
	return s.tell(s.submit(user, button, in))
}

func (s *Server) submit(user, button string, in Inputs) pressed {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.dialogs[user]
	if d == nil {
		return s.nothing("Submit: %q has no dialog open", user)
	}
	e, r, u := s.theirs("Submit", user, d.on.ID)
	if e == nil {
		return pressed{why: "misuse"}
	}
	card := parse(d.Card)
	action := submitOf(card, button)
	if action == nil {
		return s.nothing("Submit: there is no button %q on %s", button, d.Card)
	}
	data, why := s.fill(card, action, in)
	if why != "" {
		return pressed{why: why}
	}
	name, value := "task/submit", object{"data": data, "context": object{"theme": "default"}}
	if d.command != "" {
		name, value = "composeExtension/submitAction", s.about(e, d.command)
		value["data"] = data
	}
	return s.module(name, e, r, u, value, &dialog{on: e, command: d.command})
}

// submitOf is the button of a dialog.
func submitOf(card node, name string) node {
	for _, a := range actionsOf(card) {
		if a.text("type") == "Action.Submit" && (name == "" || a.text("title") == name || a.text("id") == name) {
			return a
		}
	}
	return nil
}

// fetchDialog is a button that opens a dialog.
func (s *Server) fetchDialog(e *entry, r *room, u *User, data map[string]any) pressed {
	value := object{"data": data, "context": object{"theme": "default"}}
	return s.module("task/fetch", e, r, u, value, &dialog{on: e})
}

// module is an invoke whose answer is a dialog, which d becomes.
func (s *Server) module(name string, e *entry, r *room, u *User, value object, d *dialog) pressed {
	p := s.pack(s.invoke(name, e, r, u, value))
	fetch := name == "task/fetch" || name == "composeExtension/fetchTask"
	return pressed{parcel: p, obey: func(o *Outcome, answer node) {
		if o.Error == "" {
			s.obeyTask(o, answer, name, fetch, u.ObjectID, d)
		}
	}}
}

// obeyTask does what the answer says: a dialog, a text, or nothing more, which
// ends one that was submitted.
func (s *Server) obeyTask(o *Outcome, answer node, name string, fetch bool, user string, d *dialog) {
	task := answer.node("task")
	switch kind := task.text("type"); {
	case kind == "continue":
		s.opened(o, task.node("value"), name, user, d)
	case kind == "message" && task.text("value") != "":
		o.Notice = task.text("value")
		delete(s.dialogs, user)
	case !fetch && task == nil && (len(o.Answer) == 0 || answer != nil):
		delete(s.dialogs, user)
	default:
		s.badAnswer(o, name)
	}
}

// opened shows a dialog.
func (s *Server) opened(o *Outcome, value node, name, user string, d *dialog) {
	d.Title, d.URL = value.text("title"), value.text("url")
	card := value.node("card")
	switch {
	case card != nil && card.text("contentType") == cardType:
		if !s.checkCard(card["content"]) {
			o.Error = wentWrong
			return
		}
		d.Card = encode(card["content"])
	case d.URL == "":
		s.badAnswer(o, name)
		return
	}
	s.dialogs[user] = d
}
