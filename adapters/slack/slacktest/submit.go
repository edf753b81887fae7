package slacktest

import "encoding/json"

// Submit fills in a modal, sends it and waits for the ack, which closes it or
// says what is shown instead: errors beside the fields, another view, or nothing
// of the app at all. Values are by action_id or block_id; an element that is not
// named keeps its initial value.
func (s *Server) Submit(user, id string, values map[string][]string) Outcome {
	p := s.submit(user, id, values)
	o := s.tell(p)
	if o.OK {
		o.Errors = s.follow(user, id, o.Answer)
	}
	return o
}

func (s *Server) submit(user, id string, values map[string][]string) *parcel {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.seen(user, id)
	if v == nil || v.Type != "modal" {
		return s.misuse("Submit: %s has no modal %s open", user, id)
	}
	used := 0
	for _, el := range elements(v.Blocks) {
		if !el.input {
			continue
		}
		given, ok := values[el.field("action_id")]
		if !ok {
			given, ok = values[el.block]
		}
		if ok {
			used++
		} else {
			given = el.initial()
		}
		if el.needed && len(given) == 0 {
			return s.misuse("Submit: %s must be filled in", el.block)
		}
		if _, ok := s.act(el, given, v.state); !ok {
			return s.misuse("Submit: %s does not offer %q", el.field("action_id"), given)
		}
	}
	if used != len(values) {
		return s.misuse("Submit: %v names fields that are not on %s", values, v.Blocks)
	}
	m := s.interaction("view_submission", user)
	m["view"], m["trigger_id"], m["response_urls"] = s.viewWire(v), s.trigger(user), []any{}
	return s.pack(kindInteract, "view_submission", m)
}

// initial are the values that an element begins with.
func (e element) initial() []string {
	for _, key := range []string{"initial_value", "initial_date", "initial_time", "initial_user", "initial_channel", "initial_conversation"} {
		if v := e.field(key); v != "" {
			return []string{v}
		}
	}
	var out []string
	list, _ := e.fields["initial_options"].([]any)
	for _, o := range append(list, e.fields["initial_option"]) {
		if fields, ok := o.(map[string]any); ok {
			v, _ := fields["value"].(string)
			out = append(out, v)
		}
	}
	return out
}

// follow does what the answer to a submission says, and returns its errors.
func (s *Server) follow(user, id string, body []byte) map[string]string {
	var a struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(body) > 0 && json.Unmarshal(body, &a) != nil {
		s.problem("bad_answer", "the answer to a view_submission is no JSON: %.80q", body)
		return nil
	}
	v, err := s.views[id], error(nil)
	switch a.Action {
	case "":
		s.closed(user, id)
	case "clear":
		s.closed(user, v.Root)
	case "errors":
		s.placed(v, a.Errors)
		return a.Errors
	case "update":
		err = s.draw(v, string(a.View), "modal")
	case "push":
		_, err = s.push(user, string(a.View))
	default:
		s.problem("bad_answer", "response_action %q is none", a.Action)
	}
	if err != nil {
		s.problem("bad_answer", "the view in the answer to a view_submission: %v", err)
	}
	return nil
}

// placed checks that errors name input blocks, without which Slack shows only
// that something went wrong.
func (s *Server) placed(v *view, errors map[string]string) {
	inputs := map[string]bool{}
	for _, el := range elements(v.Blocks) {
		inputs[el.block] = el.input
	}
	if len(errors) == 0 {
		s.problem("bad_answer", "response_action errors without errors")
	}
	for block := range errors {
		if !inputs[block] {
			s.problem("bad_answer", "an error for %q, which is no input block", block)
		}
	}
}

// CloseView closes a modal, of which the app is told when it asked to be. The
// outcome is OK when it did not ask.
func (s *Server) CloseView(user, id string) Outcome {
	s.mu.Lock()
	v := s.seen(user, id)
	if v == nil || v.Type != "modal" {
		s.problem("misuse", "CloseView: %s has no modal %s open", user, id)
		s.mu.Unlock()
		return s.tell(nil)
	}
	if v.ClearOnClose {
		s.closed(user, v.Root)
	}
	s.closed(user, id)
	if !v.NotifyOnClose {
		s.mu.Unlock()
		return Outcome{OK: true}
	}
	m := s.interaction("view_closed", user)
	m["view"], m["is_cleared"] = s.viewWire(v), v.ClearOnClose
	p := s.pack(kindInteract, "view_closed", m)
	s.mu.Unlock()
	return s.tell(p)
}
