package slacktest

import "maps"

// Click presses a button of a message, named by its action_id or by its text,
// and waits for the ack. Whoever sees the message can press it; a dialog that
// asks whether one is sure is answered with yes.
func (s *Server) Click(user, channel, ts, button string) Outcome {
	return s.tell(s.click(user, channel, ts, button, nil))
}

// Choose selects values in an element of a message, which the app is told of as
// of a click.
func (s *Server) Choose(user, channel, ts, actionID string, values ...string) Outcome {
	if values == nil {
		values = []string{}
	}
	return s.tell(s.click(user, channel, ts, actionID, values))
}

func (s *Server) click(user, channel, ts, name string, values []string) *parcel {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, e := s.present("Click", channel, user), s.find(channel, ts)
	if ch == nil || e == nil || e.Deleted || e.To != "" && e.To != user {
		return s.misuse("Click: %s sees no message %s in %s", user, ts, channel)
	}
	el, ok := pick(e.Blocks, name)
	if !ok {
		return s.misuse("Click: there is no %q on %s: %s", name, ts, e.Blocks)
	}
	if e.state == nil {
		e.state = map[string]map[string]any{}
	}
	action, ok := s.act(el, values, e.state)
	if !ok {
		return s.misuse("Choose: %q does not offer %q", name, values)
	}
	m := s.interaction("block_actions", user)
	container := object{
		"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": e.To != "",
	}
	container.set("thread_ts", e.Thread)
	if e.To == "" {
		m["message"] = s.wire(e, true)
	}
	m["container"], m["channel"] = container, object{"id": ch.ID, "name": ch.Name}
	m["actions"], m["state"] = []any{action}, object{"values": copied(e.state)}
	m["trigger_id"], m["response_url"] = s.trigger(user), s.hook(user, channel, e)
	return s.pack(kindInteract, "block_actions", m)
}

// copied is a state as it is now: what is being sent must not change on its way.
func copied(state map[string]map[string]any) map[string]map[string]any {
	out := make(map[string]map[string]any, len(state))
	for block, chosen := range state {
		out[block] = maps.Clone(chosen)
	}
	return out
}

// act is an action on an element; what was chosen becomes part of the state.
func (s *Server) act(el element, values []string, state map[string]map[string]any) (object, bool) {
	action := object{
		"type": el.field("type"), "action_id": el.field("action_id"), "block_id": el.block, "action_ts": s.ts(),
	}
	if el.field("type") == "button" {
		action["text"] = el.fields["text"]
		action.set("value", el.field("value"))
		action.set("style", el.field("style"))
		return action, values == nil
	}
	chosen, ok := el.chosen(values)
	for k, v := range chosen {
		action[k] = v
	}
	if ok {
		if state[el.block] == nil {
			state[el.block] = map[string]any{}
		}
		state[el.block][el.field("action_id")] = chosen
	}
	return action, ok
}

// ClickView presses a button of a modal or a home tab and waits for the ack.
func (s *Server) ClickView(user, view, button string) Outcome {
	return s.tell(s.clickView(user, view, button))
}

func (s *Server) clickView(user, id, name string) *parcel {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.seen(user, id)
	if v == nil {
		return s.misuse("ClickView: %s sees no view %s", user, id)
	}
	el, ok := pick(v.Blocks, name)
	if !ok {
		return s.misuse("ClickView: there is no %q on %s: %s", name, id, v.Blocks)
	}
	action, ok := s.act(el, nil, v.state)
	if !ok {
		return s.misuse("ClickView: %q is no button", name)
	}
	m := s.interaction("block_actions", user)
	m["container"], m["view"] = object{"type": "view", "view_id": id}, s.viewWire(v)
	m["actions"], m["trigger_id"] = []any{action}, s.trigger(user)
	return s.pack(kindInteract, "block_actions", m)
}
