package slacktest

import "slices"

func (s *Server) viewsOpen(c *call) (object, error) {
	t, err := s.pull(c.args["trigger_id"])
	if err != nil {
		return nil, err
	}
	v := &view{View: View{User: t.user}}
	if err := s.draw(v, c.args["view"], "modal"); err != nil {
		t.used = false // a view that was refused leaves it good
		return nil, err
	}
	s.stacks[t.user] = []string{v.ID}
	return object{"view": s.viewWire(v)}, nil
}

func (s *Server) viewsPush(c *call) (object, error) {
	t, err := s.pull(c.args["trigger_id"])
	if err != nil {
		return nil, err
	}
	v, err := s.push(t.user, c.args["view"])
	if err != nil {
		t.used = false
		return nil, err
	}
	return object{"view": s.viewWire(v)}, nil
}

// push puts a modal on top of those that a user has open.
func (s *Server) push(user, raw string) (*view, error) {
	stack := s.stacks[user]
	switch {
	case len(stack) == 0:
		return nil, refuse("not_found")
	case len(stack) >= mostModals:
		return nil, refuse("push_limit_reached")
	}
	v := &view{View: View{User: user}}
	if err := s.draw(v, raw, "modal"); err != nil {
		return nil, err
	}
	v.Root, v.Previous = stack[0], stack[len(stack)-1]
	s.stacks[user] = append(stack, v.ID)
	return v, nil
}

func (s *Server) viewsUpdate(c *call) (object, error) {
	v := s.views[c.args["view_id"]]
	if v == nil && c.args["external_id"] != "" {
		v = s.external(c.args["external_id"])
	}
	switch hash := c.args["hash"]; {
	case v == nil, s.seen(v.User, v.ID) == nil:
		return nil, refuse("not_found")
	case hash != "" && hash != v.Hash:
		return nil, refuse("hash_conflict")
	}
	if err := s.draw(v, c.args["view"], v.Type); err != nil {
		return nil, err
	}
	return object{"view": s.viewWire(v)}, nil
}

func (s *Server) viewsPublish(c *call) (object, error) {
	user := c.args["user_id"]
	if _, ok := s.users[user]; !ok {
		return nil, refuse("user_not_found")
	}
	v := s.views[s.homes[user]]
	if v == nil {
		v = &view{View: View{User: user}}
	}
	if hash := c.args["hash"]; hash != "" && hash != v.Hash {
		return nil, refuse("hash_conflict")
	}
	if err := s.draw(v, c.args["view"], "home"); err != nil {
		return nil, err
	}
	s.homes[user] = v.ID
	return object{"view": s.viewWire(v)}, nil
}

// closed takes a modal and what is on top of it away.
func (s *Server) closed(user, id string) {
	stack := s.stacks[user]
	if i := slices.Index(stack, id); i >= 0 {
		s.stacks[user] = stack[:i]
	}
	s.changed()
}
