package console

import (
	"context"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"interlock/bot"
	"interlock/rbac"
)

// inbox is what the console calls in; *bot.Inbox is one.
type inbox interface {
	Mention(ctx context.Context, m bot.Mention) (bot.Reply, error)
	Click(ctx context.Context, c bot.Click) (bot.Reply, error)
	Answer(ctx context.Context, a bot.Answer) (bot.Reply, error)
}

var _ inbox = (*bot.Inbox)(nil)

// serve is a handler for somebody who is signed in.
type serve func(w http.ResponseWriter, r *http.Request, v viewer)

func (p *Platform) handler(in inbox) http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /assets/{name}", p.assets.serve)
	m.Handle("GET /{$}", p.signedIn(func(w http.ResponseWriter, r *http.Request, _ viewer) {
		http.Redirect(w, r, place{Channel: p.opt.Channels[0].ID}.path(), http.StatusFound)
	}))
	m.Handle("GET /c/{channel}", p.signedIn(func(w http.ResponseWriter, r *http.Request, v viewer) {
		if c, ok := p.opens(v, r.PathValue("channel")); ok {
			p.showChannel(w, r, v, c, draft{})
			return
		}
		p.lost(w, r, v)
	}))
	m.Handle("GET /c/{channel}/t/{thread}", p.signedIn(func(w http.ResponseWriter, r *http.Request, v viewer) {
		if c, ok := p.opens(v, r.PathValue("channel")); ok {
			p.showThread(w, r, v, c, r.PathValue("thread"), draft{})
			return
		}
		p.lost(w, r, v)
	}))
	m.Handle("GET /c/{channel}/t/{thread}/picture/{message}/{file}", p.signedIn(p.picture))
	m.Handle("GET /events", p.signedIn(p.events))
	say := p.signedIn(func(w http.ResponseWriter, r *http.Request, v viewer) { p.say(w, r, v, in) })
	m.Handle("POST /c/{channel}/say", say)
	m.Handle("POST /c/{channel}/t/{thread}/say", say)
	m.Handle("POST /click", p.signedIn(func(w http.ResponseWriter, r *http.Request, v viewer) { p.click(w, r, v, in) }))
	m.Handle("POST /answer", p.signedIn(func(w http.ResponseWriter, r *http.Request, v viewer) { p.take(w, r, v, in) }))
	m.Handle("POST /dismiss", p.signedIn(p.dismiss))
	p.entrances(m)
	m.Handle("/", p.signedIn(p.lost))
	return p.guard(m)
}

// signedIn finds the person behind the cookie, who must still be one of People,
// and checks that a form was made for this very session.
func (p *Platform) signedIn(next serve) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, errSession := p.session(r, true)
		people, err := p.people(r.Context())
		if err != nil {
			p.broken(w, r, viewer{}, err)
			return
		}
		v, known := view(s, people)
		switch post := r.Method == http.MethodPost; {
		case errSession != nil && r.Header.Get("Sec-Fetch-Site") == "cross-site" && !post:
			p.bounce(w, r)
		case p.opt.Demo && !known && !post && len(people) > 0 && r.URL.Path != "/events":
			v, _ = view(p.begin(w, r, people[0].ID), people)
			next(w, r, v)
		case !known:
			p.signIn(w, r)
		case post && !p.ours(w, r, v):
		default:
			next(w, r, v)
		}
	})
}

// ours checks a form's token, and answers when it is not right.
func (p *Platform) ours(w http.ResponseWriter, r *http.Request, v viewer) bool {
	if err := r.ParseForm(); err != nil {
		p.problem(w, r, v, http.StatusRequestEntityTooLarge, "Too long", "That was too long to be taken. Send less at once.")
		return false
	}
	if !same(r.PostForm.Get("csrf"), p.csrf(v.session)) {
		p.problem(w, r, v, http.StatusForbidden, "Not taken", "This page was made for another sign-in. Reload it and try again.")
		return false
	}
	return true
}

// people are those of our Org alone.
func (p *Platform) people(ctx context.Context) ([]rbac.Actor, error) {
	all, err := p.opt.People(ctx)
	return slices.DeleteFunc(slices.Clone(all), func(a rbac.Actor) bool {
		return a.Org != p.opt.Org || a.Platform != Name || a.ID == ""
	}), err
}

func view(s session, people []rbac.Actor) (viewer, bool) {
	i := slices.IndexFunc(people, func(a rbac.Actor) bool { return s.Person != "" && a.ID == s.Person })
	if i < 0 {
		return viewer{}, false
	}
	return viewer{s, people[i], people}, true
}

// signIn sends a reader to the sign-in page and tells a script to reload.
func (p *Platform) signIn(w http.ResponseWriter, r *http.Request) {
	if _, err := r.Cookie(p.cookie(true)); err == nil {
		p.end(w, r)
	}
	if r.Method == http.MethodPost || r.URL.Path == "/events" {
		p.problem(w, r, viewer{}, http.StatusUnauthorized, "Signed out", "You are signed out. Reload the page to sign in again.")
		return
	}
	if p.opt.Demo { // it has no sign-in page to go to
		p.problem(w, r, viewer{}, http.StatusServiceUnavailable, "Nobody is here yet", "The demo has no people. Reload the page in a moment.")
		return
	}
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// bounce has the browser ask again from our own page: a strict cookie is not
// sent when a link on another site led here.
func (p *Platform) bounce(w http.ResponseWriter, r *http.Request) {
	p.page(w, r, http.StatusOK, "bounce", problemPage{frame: p.frame(viewer{}, place{}, "Interlock"), Link: r.URL.EscapedPath()})
}

// result is what the script gets: fragments of HTML, a new id for the form, or
// a page to go to.
type result struct {
	Notice   template.HTML `json:"notice,omitempty"`
	Modal    template.HTML `json:"modal,omitempty"`
	Card     template.HTML `json:"card,omitempty"`
	ID       string        `json:"id,omitempty"`
	Location string        `json:"location,omitempty"`
}

func wantsJSON(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Accept"), "application/json")
}

func (p *Platform) answer(w http.ResponseWriter, r *http.Request, status int, res result) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(res); err != nil {
		p.opt.Log.DebugContext(r.Context(), "answer form", "error", err)
	}
}

// notice draws what one person alone sees.
func (p *Platform) notice(r *http.Request, v viewer, at place, ns ...notice) (all template.HTML) {
	for _, n := range p.notices(v, at, ns) {
		h, err := p.fragment("notice", n)
		if err != nil {
			p.opt.Log.ErrorContext(r.Context(), "render notice", "error", err)
		}
		all += h
	}
	return all
}
