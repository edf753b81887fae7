package teamstest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
)

// What the Playground is like, as of 0.2.28. It has one person, and tells of others in
// rosters only. It says who is there (installationUpdate, conversationUpdate) whenever
// a conversation is opened on its page. The id of a message that it sends is a GUID that
// nothing else names, but its conversation's id names the thread's first message. Of a
// message in a channel the bot hears when it is mentioned, in replies too. Messages can
// be begun, answered and redrawn, and not deleted. A press of an Action.Execute is an
// invoke, whose card replaces the one that was pressed, on that page alone; nothing
// asks for a view of one person (refresh), and a Submit that opens a dialog
// (task/fetch) does nothing at all.

const relayPath = "/connector/"

// deletedText stands where the bot took a message away: the Playground answers a
// deletion with 501.
const deletedText = "This message was deleted."

// Front is the relay with both of its sides, to be served at base: what the
// client sends comes to /api/messages, and the bot reaches the client's connector
// through this relay and nowhere else. The bot's token is checked here and goes no
// further. Rosters are the tenant's own, because the people that the relay puts in
// are not the client's. POST /as?who=NAME says who speaks and presses, and POST
// /next?who=NAME who makes the next click; GET / is a page for both.
func (r *Relay) Front(base string) http.Handler {
	r.mu.Lock()
	r.own = base + strings.TrimSuffix(relayPath, "/")
	r.mu.Unlock()
	mux := http.NewServeMux()
	mux.Handle("POST /api/messages", r)
	mux.HandleFunc("HEAD /api/messages", func(http.ResponseWriter, *http.Request) {}) // the Playground looks whether somebody is there
	mux.Handle("GET "+relayPath+"v3/conversations/{id}/members/{member}",
		r.server.api(endpoint{method: "member", scope: connectorScope, rate: reading, run: (*Server).memberAnywhere}))
	mux.Handle(relayPath, r.guarded(http.StripPrefix(strings.TrimSuffix(relayPath, "/"), r.proxy())))
	mux.HandleFunc("POST /as", r.chosen((*Relay).As))
	mux.HandleFunc("POST /next", r.chosen((*Relay).Next))
	mux.HandleFunc("GET /{$}", r.page)
	return mux
}

// Heard waits until the bot took something from a conversation.
func (r *Relay) Heard(ctx context.Context, conversation string) error {
	return r.server.Wait(ctx, func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.heard[conversation]
	})
}

func (r *Relay) took(conversation string) {
	r.mu.Lock()
	r.heard[conversation] = true
	r.mu.Unlock()
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	r.server.changed()
}

// readdress puts the relay's connector in the place of the client's, and remembers
// that one. It is false for a client that is not on this machine.
func (r *Relay) readdress(activity node) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.own == "" {
		return true
	}
	u, err := url.Parse(activity.text("serviceUrl"))
	if err != nil || u.Scheme != "http" || !isLoopback(u.Hostname()) {
		return false
	}
	r.back, activity["serviceUrl"] = u.String(), r.own
	return true
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// memberAnywhere tells of one person, whatever the conversation.
func (s *Server) memberAnywhere(c *call) (int, any, error) {
	u := s.known(c.path("member"))
	if u == nil || u.Deleted || u.Bot {
		return 0, nil, refuse(http.StatusNotFound, "MemberNotFoundInConversation", "The member is not in the conversation.")
	}
	return http.StatusOK, s.account(u), nil
}

// guarded lets through what came with a good token of the login.
func (r *Relay) guarded(h http.Handler) http.Handler {
	admit := endpoint{method: "relay", scope: connectorScope}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		c := &call{endpoint: admit, request: req, token: strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")}
		r.server.mu.Lock()
		err := r.server.bearer(c)
		r.server.mu.Unlock()
		if err != nil {
			http.Error(w, `{"message":"Authorization has been denied for this request."}`, http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, req)
	})
}

// proxy passes requests on to the client's connector, without the token.
func (r *Relay) proxy() http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			r.mu.Lock()
			back, err := url.Parse(r.back)
			r.mu.Unlock()
			if err != nil || back.Host == "" {
				back = &url.URL{Scheme: "http", Host: "127.0.0.1:0"} // nobody is there yet
			}
			p.SetURL(back)
			p.Out.Header.Del("Authorization")
			if p.Out.Method == http.MethodDelete {
				blank(p.Out)
			}
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, "The client's connector did not answer: "+err.Error(), http.StatusServiceUnavailable)
		},
	}
}

// blank makes an update of a deletion.
func blank(req *http.Request) {
	_, id, _ := strings.Cut(req.URL.Path, "/activities/")
	body := encode(object{"type": "message", "id": id, "text": deletedText})
	req.Method, req.Body, req.ContentLength = http.MethodPut, io.NopCloser(bytes.NewReader(body)), int64(len(body))
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
}
