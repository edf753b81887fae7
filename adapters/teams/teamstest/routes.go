package teamstest

import (
	"net/http"
	"strings"
)

const graphPath = "/graph/v1.0/"

// routes are all that can be called. The connector's are below a path that names
// the region and the tenant, as a serviceUrl is.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	open := func(pattern, method string, run func(*Server, *call) (int, any, error)) {
		mux.Handle(pattern, s.api(endpoint{method: method, run: run}))
	}
	open("GET "+metadataPath, "metadata", (*Server).openid)
	open("GET "+keysPath, "keys", (*Server).jwks)
	open("POST /login/{tenant}/oauth2/v2.0/token", "login", (*Server).login)
	under := func(pattern, method string, r *rate, run func(*Server, *call) (int, any, error)) {
		verb, path, _ := strings.Cut(pattern, " ")
		mux.Handle(verb+" "+s.opts.path()+"v3/"+path, s.api(endpoint{method: method, scope: connectorScope, rate: r, run: run}))
	}
	under("POST conversations", "create", sending, (*Server).create)
	under("POST conversations/{id}/activities", "send", sending, (*Server).postActivity)
	under("POST conversations/{id}/activities/{activity}", "reply", sending, (*Server).postActivity)
	under("PUT conversations/{id}/activities/{activity}", "update", sending, (*Server).update)
	under("DELETE conversations/{id}/activities/{activity}", "delete", sending, (*Server).remove)
	under("GET conversations/{id}/members/{member}", "member", reading, (*Server).member)
	under("GET conversations/{id}/pagedmembers", "members", reading, (*Server).members)
	under("GET conversations/{id}/activities/{activity}/members", "activity_members", reading, (*Server).activityMembers)
	under("GET teams/{id}", "team", reading, (*Server).team)
	under("GET teams/{id}/conversations", "channels", reading, (*Server).channels)
	graph := func(pattern, method string, run func(*Server, *call) (int, any, error)) {
		verb, path, _ := strings.Cut(pattern, " ")
		mux.Handle(verb+" "+graphPath+path, s.api(endpoint{method: method, scope: graphScope, run: run}))
	}
	graph("POST users/{user}/teamwork/installedApps", "install", (*Server).graphInstall)
	graph("GET users/{user}/teamwork/installedApps", "installed", (*Server).graphInstalled)
	graph("GET teams/{group}/channels/{channel}/messages", "list", (*Server).graphChannel)
	graph("GET teams/{group}/channels/{channel}/messages/{root}/replies", "list", (*Server).graphReplies)
	graph("GET chats/{chat}/messages", "list", (*Server).graphChat)
	return mux
}
