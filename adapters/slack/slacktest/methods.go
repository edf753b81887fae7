package slacktest

import (
	"slices"
	"strings"
)

// method is one method of the Web API.
type method struct {
	run    func(*Server, *call) (object, error)
	scope  string // ":read" and ":history" are of the channel's kind
	minute int    // calls a minute; see meter
	app    bool   // takes the app token
	open   bool   // takes no token
}

// The tiers, in calls a minute.
const (
	tier1   = 1
	tier2   = 20
	tier3   = 50
	tier4   = 100
	special = 600
)

// methods are all that the fake knows.
var methods = map[string]method{
	"auth.test":             {run: (*Server).authTest, minute: special},
	"oauth.v2.access":       {run: (*Server).oauthAccess, minute: tier4, open: true},
	"apps.connections.open": {run: (*Server).connectionsOpen, scope: "connections:write", minute: tier1, app: true},

	"chat.postMessage":   {run: (*Server).chatPost, scope: "chat:write", minute: perSecond},
	"chat.postEphemeral": {run: (*Server).chatPostEphemeral, scope: "chat:write", minute: tier4},
	"chat.update":        {run: (*Server).chatUpdate, scope: "chat:write", minute: tier3},
	"chat.delete":        {run: (*Server).chatDelete, scope: "chat:write", minute: tier3},
	"chat.getPermalink":  {run: (*Server).chatPermalink, minute: special},
	"chat.startStream":   {run: (*Server).streamStart, scope: "chat:write", minute: tier2},
	"chat.appendStream":  {run: (*Server).streamAppend, scope: "chat:write", minute: tier4},
	"chat.stopStream":    {run: (*Server).streamStop, scope: "chat:write", minute: tier2},

	"conversations.replies": {run: (*Server).replies, scope: ":history", minute: tier3},
	"conversations.history": {run: (*Server).history, scope: ":history", minute: tier3},
	"conversations.info":    {run: (*Server).conversationInfo, scope: ":read", minute: tier3},
	"conversations.members": {run: (*Server).conversationMembers, scope: ":read", minute: tier4},
	"conversations.list":    {run: (*Server).conversationList, scope: "channels:read", minute: tier2},
	"conversations.open":    {run: (*Server).conversationOpen, scope: "im:write", minute: tier3},
	"users.conversations":   {run: (*Server).userConversations, scope: "channels:read", minute: tier3},

	"users.info":            {run: (*Server).userInfo, scope: "users:read", minute: tier4},
	"users.list":            {run: (*Server).userList, scope: "users:read", minute: tier2},
	"usergroups.list":       {run: (*Server).groupList, scope: "usergroups:read", minute: tier2},
	"usergroups.users.list": {run: (*Server).groupUsers, scope: "usergroups:read", minute: tier2},

	"views.open":    {run: (*Server).viewsOpen, minute: tier4},
	"views.push":    {run: (*Server).viewsPush, minute: tier4},
	"views.update":  {run: (*Server).viewsUpdate, minute: tier4},
	"views.publish": {run: (*Server).viewsPublish, minute: tier4},

	"files.getUploadURLExternal":   {run: (*Server).uploadURL, scope: "files:write", minute: tier4},
	"files.completeUploadExternal": {run: (*Server).uploadComplete, scope: "files:write", minute: tier4},
	"files.info":                   {run: (*Server).fileInfo, scope: "files:read", minute: tier4},

	"reactions.add": {run: (*Server).reactionAdd, scope: "reactions:write", minute: tier3},

	"assistant.threads.setStatus":           {run: (*Server).assistantStatus, scope: "assistant:write", minute: special},
	"assistant.threads.setTitle":            {run: (*Server).assistantTitle, scope: "assistant:write", minute: special},
	"assistant.threads.setSuggestedPrompts": {run: (*Server).assistantPrompts, scope: "assistant:write", minute: special},
}

// admit checks the token and its scopes.
func (s *Server) admit(c *call, m method) error {
	switch {
	case m.open:
		return nil
	case c.token == "":
		return refuse("not_authed")
	case m.app != (c.token == s.opts.AppToken):
		if m.app || c.token == s.opts.AppToken {
			return s.wrongKind(c)
		}
	case m.app:
		return nil
	}
	if state, known := s.tokens[c.token]; !known {
		return refuse("invalid_auth")
	} else if state != "" {
		return refuse(state)
	}
	c.header.Set("X-OAuth-Scopes", strings.Join(s.opts.Scopes, ","))
	return s.need(c, s.scopeOf(c, m.scope))
}

// wrongKind refuses a bot token where the app's is due, and the other way round.
func (s *Server) wrongKind(c *call) error {
	if _, known := s.tokens[c.token]; known || c.token == s.opts.AppToken {
		return refuse("not_allowed_token_type")
	}
	return refuse("invalid_auth")
}

// scopeOf is the scope that this very call needs.
func (s *Server) scopeOf(c *call, scope string) string {
	if !strings.HasPrefix(scope, ":") {
		return scope
	}
	if ch, ok := s.channels[c.args["channel"]]; ok {
		return ch.kind() + scope
	}
	return "channels" + scope
}

// need refuses when the token lacks a scope.
func (s *Server) need(c *call, scope string) error {
	if s.opts.permits(scope) {
		return nil
	}
	s.problem("missing_scope", "%s needs %s", c.method, scope)
	return &refusal{code: "missing_scope", more: object{
		"needed": scope, "provided": strings.Join(slices.Sorted(slices.Values(s.opts.Scopes)), ","),
	}}
}
