package teamstest

import (
	"cmp"
	"html/template"
	"net/http"
	"slices"
	"strings"
)

// relayPage is for who plays by hand.
var relayPage = template.Must(template.New("relay").Parse(`<!doctype html>
<meta charset="utf-8"><title>Relay</title>
<style>body{font:16px system-ui;max-width:34em;margin:3em auto}form{display:inline}button{font:inherit;margin:.2em;padding:.3em .8em}</style>
<h1>Who is it?</h1>
<p>The client has one person. The relay signs what it sends, and can put another one in.</p>
<p>Now: {{.Who}}.{{range .Next}} One click by {{.Name}} first.{{end}}</p>
<p>The next click is by: {{range .Names}}<form method="post" action="/next?who={{.}}"><button>{{.}}</button></form>{{end}}</p>
<p>All from now on is by: {{range .Names}}<form method="post" action="/as?who={{.}}"><button>{{.}}</button></form>{{end}}
<form method="post" action="/as"><button>the client's own</button></form></p>
`))

func (r *Relay) page(w http.ResponseWriter, _ *http.Request) {
	r.server.mu.Lock()
	var names []string
	for _, u := range r.server.users {
		names = append(names, u.Name)
	}
	r.server.mu.Unlock()
	slices.Sort(names)
	r.mu.Lock()
	who, next := cmp.Or(r.who.Name, "the client's own person"), slices.Clone(r.next)
	r.mu.Unlock()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = relayPage.Execute(w, struct { // whoever left does not mind
		Names []string
		Who   string
		Next  []User
	}{names, who, next})
}

// chosen puts a person of the tenant in, by their name; nobody is the client's own.
func (r *Relay) chosen(put func(*Relay, User)) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		name := req.URL.Query().Get("who")
		u, ok := r.server.byName(name)
		if !ok && name != "" {
			http.Error(w, "Nobody of that name is in the tenant.", http.StatusNotFound)
			return
		}
		put(r, u)
		http.Redirect(w, req, "/", http.StatusSeeOther)
	}
}

// byName is a person by their name, in whatever case.
func (s *Server) byName(name string) (User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.users {
		if strings.EqualFold(u.Name, name) {
			return *u, true
		}
	}
	return User{}, false
}
