package console

import (
	"errors"
	"net/http"
	"slices"
	"unicode/utf8"

	"interlock/rbac"
)

// longestName is how many characters a person's name may have.
const longestName = 80

// entrances are the ways to become somebody.
func (p *Platform) entrances(m *http.ServeMux) {
	if p.opt.Demo {
		m.Handle("POST /person", p.signedIn(p.switchTo))
		return
	}
	m.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) { p.loginPage(w, r, http.StatusOK, "", "") })
	m.HandleFunc("POST /login", p.login)
	m.HandleFunc("GET /join/{code}", p.joinPage)
	m.HandleFunc("POST /join/{code}", p.join)
	m.Handle("POST /logout", p.signedIn(func(w http.ResponseWriter, r *http.Request, _ viewer) {
		p.end(w, r)
		http.Redirect(w, r, "/login", http.StatusSeeOther)
	}))
}

// switchTo changes who the demo's viewer is, with a new session: a form that was
// drawn for the one before does not work for the next.
func (p *Platform) switchTo(w http.ResponseWriter, r *http.Request, v viewer) {
	id := r.PostForm.Get("person")
	if !slices.ContainsFunc(v.people, func(a rbac.Actor) bool { return a.ID == id }) {
		p.problem(w, r, v, http.StatusNotFound, "Nobody", "There is no such person here.")
		return
	}
	p.begin(w, r, id)
	to := place{r.PostForm.Get("channel"), r.PostForm.Get("thread")}
	if _, ok := p.channel(to.Channel); !ok {
		to = place{Channel: p.opt.Channels[0].ID}
	}
	http.Redirect(w, r, to.path(), http.StatusSeeOther)
}

// form is the session that ties a sign-in form to this browser.
func (p *Platform) formSession(w http.ResponseWriter, r *http.Request) session {
	s, err := p.session(r, false)
	if err != nil {
		s = p.begin(w, r, "")
	}
	return s
}

// ownForm checks a sign-in form's token.
func (p *Platform) ownForm(r *http.Request) bool {
	s, err := p.session(r, false)
	return err == nil && r.ParseForm() == nil && same(r.PostForm.Get("csrf"), p.csrf(s))
}

type loginPage struct {
	frame
	First         bool
	Name, Problem string
}

func (p *Platform) loginPage(w http.ResponseWriter, r *http.Request, status int, name, problem string) {
	v := viewer{session: p.formSession(w, r)}
	p.page(w, r, status, "login", loginPage{p.frame(v, place{}, "Sign in"), p.doors.awaitsFirst(), name, problem})
}

const staleForm = "This form is too old. Try again."

// login takes the first admin's code and name.
func (p *Platform) login(w http.ResponseWriter, r *http.Request) {
	if !p.ownForm(r) {
		p.loginPage(w, r, http.StatusForbidden, "", staleForm)
		return
	}
	name := oneLine(r.PostForm.Get("name"))
	if n := utf8.RuneCountInString(name); n == 0 || n > longestName {
		p.loginPage(w, r, http.StatusUnprocessableEntity, "", "Give a name of at most 80 characters.")
		return
	}
	a, ok, err := p.doors.enter(r.Context(), oneLine(r.PostForm.Get("code")), name)
	switch {
	case err != nil:
		p.opt.Log.ErrorContext(r.Context(), "create first admin", "error", err)
		p.loginPage(w, r, http.StatusServiceUnavailable, name, "The account could not be made. The code still works; look into the log and try again.")
	case !ok:
		p.opt.Log.WarnContext(r.Context(), "wrong first code", "from", r.RemoteAddr)
		p.loginPage(w, r, http.StatusForbidden, name, "That code is not right, or has been used. The log of the server names the current one.")
	default:
		p.enter(w, r, a.ID)
	}
}

func (p *Platform) enter(w http.ResponseWriter, r *http.Request, person string) {
	p.opt.Log.InfoContext(r.Context(), "signed in", "person", person)
	p.setCookie(w, r, p.cookie(false), "", p.now().Add(-sessionLife))
	p.begin(w, r, person)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

type joinPage struct {
	frame
	Person, Path string
}

// joinPage shows whom the link signs in and uses nothing up: programs that
// preview links open them too.
func (p *Platform) joinPage(w http.ResponseWriter, r *http.Request) {
	in, err := p.invited(r.Context(), r.PathValue("code"))
	if err != nil {
		p.refused(w, r, err)
		return
	}
	people, err := p.people(r.Context())
	if err != nil {
		p.broken(w, r, viewer{}, err)
		return
	}
	v, ok := view(in, people)
	if !ok {
		p.spent(w, r)
		return
	}
	f := p.frame(viewer{session: p.formSession(w, r)}, place{}, "Sign in")
	p.page(w, r, http.StatusOK, "join", joinPage{f, p.person(v.actor).Name, r.URL.EscapedPath()})
}

func (p *Platform) spent(w http.ResponseWriter, r *http.Request) {
	p.problem(w, r, viewer{}, http.StatusGone, "This link is used up", "A link signs in once, within 15 minutes. Whoever runs the server makes a new one: interlock invite.")
}

// refused tells a link that cannot be used from a record that cannot be read.
func (p *Platform) refused(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, errSeal) || errors.Is(err, errSpent) {
		p.spent(w, r)
		return
	}
	p.broken(w, r, viewer{}, err)
}

func (p *Platform) join(w http.ResponseWriter, r *http.Request) {
	if !p.ownForm(r) {
		p.problem(w, r, viewer{}, http.StatusForbidden, "Not signed in", "This form is too old. Open the link again.")
		return
	}
	in, err := p.spend(r.Context(), r.PathValue("code"))
	if err != nil {
		p.refused(w, r, err)
		return
	}
	p.enter(w, r, in.Person)
}
