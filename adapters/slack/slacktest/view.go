package slacktest

import (
	"encoding/json"
	"slices"
	"unicode/utf8"
)

// View is a modal or a home tab as it stands.
type View struct {
	ID, Type, CallbackID, ExternalID, Hash string
	Title, Submit, Close                   string
	PrivateMetadata                        string
	Root, Previous                         string // ids in the stack of modals
	NotifyOnClose, ClearOnClose            bool
	Blocks                                 json.RawMessage
	User                                   string // who sees it
}

// view is a view in the store.
type view struct {
	View
	body  map[string]any // as the app sent it
	state map[string]map[string]any
}

const mostModals = 3

// Modal is the topmost open modal of a user.
func (s *Server) Modal(user string) (View, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stack := s.stacks[user]
	if len(stack) == 0 {
		return View{}, false
	}
	return s.views[stack[len(stack)-1]].View, true
}

// Home is what was published to a user's home tab.
func (s *Server) Home(user string) (View, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.views[s.homes[user]]
	if !ok {
		return View{}, false
	}
	return v.View, true
}

// seen is a view that a user has before them, or nil.
func (s *Server) seen(user, id string) *view {
	if slices.Contains(s.stacks[user], id) || s.homes[user] == id && id != "" {
		return s.views[id]
	}
	return nil
}

// draw makes a view of what an app sent, or changes one.
func (s *Server) draw(v *view, raw, kind string) error {
	var body map[string]any
	if json.Unmarshal([]byte(raw), &body) != nil || body == nil {
		return refuse("invalid_arguments")
	}
	blocks, err := s.checkView(body, kind)
	if err != nil {
		return err
	}
	text := func(key string) string { t, _ := body[key].(string); return t }
	label := func(key string) string { return element{fields: body}.label(key) }
	if id := text("external_id"); id != "" && id != v.ExternalID && s.external(id) != nil {
		return refuse("duplicate_external_id")
	}
	v.Type, v.CallbackID, v.ExternalID, v.PrivateMetadata = kind, text("callback_id"), text("external_id"), text("private_metadata")
	v.Title, v.Submit, v.Close = label("title"), label("submit"), label("close")
	v.NotifyOnClose, _ = body["notify_on_close"].(bool)
	v.ClearOnClose, _ = body["clear_on_close"].(bool)
	v.Blocks, v.body, v.Hash = blocks, body, s.ts()+"."+s.id("h")
	v.state = map[string]map[string]any{}
	if v.ID == "" {
		v.ID = s.id("V")
		v.Root = v.ID
		s.views[v.ID] = v
	}
	s.changed()
	return nil
}

// external is the view of an external_id, or nil.
func (s *Server) external(id string) *view {
	for _, v := range s.views {
		if v.ExternalID == id {
			return v
		}
	}
	return nil
}

// checkView keeps a view to the limits and returns its blocks.
func (s *Server) checkView(body map[string]any, kind string) (json.RawMessage, error) {
	c := checker{surface: surfaceModal, free: s.opts.Unchecked}
	if kind == "home" {
		c.surface = surfaceHome
	}
	if body["type"] != kind {
		c.fail("/view/type", "must be %s", kind)
	}
	if kind == "modal" {
		c.text("/view/title", body["title"], "plain_text", 24, true)
		c.text("/view/close", body["close"], "plain_text", 24, false)
		c.text("/view/submit", body["submit"], "plain_text", 24, false)
	}
	if md, _ := body["private_metadata"].(string); utf8.RuneCountInString(md) > 3000 {
		c.fail("/view/private_metadata", "must be less than 3001 characters")
	}
	if id, _ := body["callback_id"].(string); utf8.RuneCountInString(id) > 255 {
		c.fail("/view/callback_id", "must be less than 256 characters")
	}
	list, _ := body["blocks"].([]any)
	c.list("/view/blocks", list)
	if kind == "modal" && body["submit"] == nil && slices.ContainsFunc(list, isInput) {
		c.fail("/view/submit", "is required with input blocks")
	}
	if err := s.verdict(&c, "invalid_arguments"); err != nil {
		return nil, err
	}
	return s.identify(list), nil
}

func isInput(b any) bool {
	fields, _ := b.(map[string]any)
	return fields["type"] == "input"
}

// viewWire is a view as Slack tells of it.
func (s *Server) viewWire(v *view) object {
	w := object{}
	for _, key := range []string{"title", "close", "submit"} {
		w[key] = v.body[key]
	}
	var previous any
	if v.Previous != "" {
		previous = v.Previous
	}
	w["id"], w["team_id"], w["type"], w["hash"], w["blocks"] = v.ID, s.opts.Team, v.Type, v.Hash, v.Blocks
	w["callback_id"], w["external_id"], w["private_metadata"] = v.CallbackID, v.ExternalID, v.PrivateMetadata
	w["state"], w["root_view_id"], w["previous_view_id"] = object{"values": copied(v.state)}, v.Root, previous
	w["app_id"], w["bot_id"], w["app_installed_team_id"] = s.opts.AppID, s.opts.BotID, s.opts.Team
	w["clear_on_close"], w["notify_on_close"] = v.ClearOnClose, v.NotifyOnClose
	return w
}
