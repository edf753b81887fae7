package teamstest

import "maps"

// Inputs are what a person filled in, by the ids of the inputs.
type Inputs map[string]string

// Click presses a button of a message's card, as that person sees it, named by
// its title or its id, and waits for the answer. What the answer shows to the
// person alone stands in View. Action.Execute is an invoke; Action.Submit is a
// message, or, with the data {"msteams":{"type":"task/fetch"}}, an invoke whose
// answer is a dialog.
func (s *Server) Click(user, id, button string, in Inputs) Outcome {
	return s.tell(s.click(user, id, button, in))
}

func (s *Server) click(user, id, button string, in Inputs) pressed {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, r, u := s.theirs("Click", user, id)
	if e == nil {
		return pressed{why: "misuse"}
	}
	card, action := pick(e.cards(user), button)
	if action == nil {
		return s.nothing("Click: there is no %q on %s: %s", button, id, e.cards(user))
	}
	data, why := s.fill(card, action, in)
	if why != "" {
		return pressed{why: why}
	}
	switch action.text("type") {
	case "Action.Execute":
		return s.execute(e, r, u, action, data, "manual")
	case "Action.Submit":
		if asNode(data["msteams"]).text("type") == "task/fetch" {
			return s.fetchDialog(e, r, u, data)
		}
		a := s.activity("message", serial("f:"), r, e.Root, u, 0)
		a["value"], a["replyToId"] = data, e.ID
		return pressed{parcel: s.pack(a)}
	}
	return s.nothing("Click: %q is an %s, which tells the bot nothing", button, action.text("type"))
}

// invoke is an invoke of a person about a message.
func (s *Server) invoke(name string, e *entry, r *room, u *User, value object) object {
	a := s.activity("invoke", serial("f:"), r, e.Root, u, 0)
	a["name"], a["value"], a["replyToId"] = name, value, e.ID
	if data, ok := a["channelData"].(object); ok {
		data["source"] = object{"name": "message"}
	}
	return a
}

// execute is an Action.Execute. Trigger is manual, or automatic of a refresh.
func (s *Server) execute(e *entry, r *room, u *User, action node, data map[string]any, trigger string) pressed {
	does := object{"type": "Action.Execute", "verb": action.text("verb"), "data": data}
	does.set("id", action.text("id"))
	does.set("title", action.text("title"))
	p := s.pack(s.invoke("adaptiveCard/action", e, r, u, object{"action": does, "trigger": trigger}))
	return pressed{parcel: p, obey: func(o *Outcome, answer node) {
		v, manual := e.sight(u.ObjectID), trigger == "manual"
		s.obeyAction(o, answer, v, manual)
		if manual {
			v.notice, v.fault = o.Notice, o.Error // a refresh that fails is not shown
		}
	}}
}

// fill is the data of an action together with the card's inputs, or why the
// client does not send it.
func (s *Server) fill(card, action node, in Inputs) (data map[string]any, why string) {
	if on, ok := action["isEnabled"].(bool); ok && !on {
		return nil, "The button is disabled."
	}
	data = maps.Clone(action.node("data"))
	if data == nil {
		data = map[string]any{}
	}
	if action.text("associatedInputs") == "none" {
		return data, ""
	}
	left := maps.Clone(in)
	for _, el := range inputs(card) {
		id := el.text("id")
		value, filled := in[id]
		delete(left, id)
		if !filled {
			value = standing(el)
		}
		if must, _ := el["isRequired"].(bool); must && value == "" {
			if why = el.text("errorMessage"); why == "" {
				why = "This is required: " + id
			}
			return nil, why
		}
		data[id] = value
	}
	for id := range left {
		s.problem(ruleMisuse, "there is no input %q on the card", id)
	}
	return data, ""
}

// standing is the value of an input that nobody touched.
func standing(el node) string {
	value := el.text("value")
	if el.text("type") == "Input.Toggle" && value == "" {
		if value = el.text("valueOff"); value == "" {
			value = "false"
		}
	}
	return value
}
