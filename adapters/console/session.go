package console

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"interlock/rbac"
)

// sessionLife is how long a person stays signed in.
const sessionLife = 12 * time.Hour

// session is what a cookie carries, signed. Without a Person it only ties a
// sign-in form to one browser. Whether the person still exists is asked anew at
// every request.
type session struct {
	ID, Person string
	Ends       time.Time
}

// viewer is a session with the person behind it, and the people to switch to.
type viewer struct {
	session
	actor  rbac.Actor
	people []rbac.Actor
}

// cookie names differ by key, because browsers share cookies between ports; and
// a form without a person never overwrites a session that a strict cookie hid.
func (p *Platform) cookie(signedIn bool) string {
	sum := sha256.Sum256([]byte(p.mac("cookie name")))
	name := "interlock_" + hex.EncodeToString(sum[:4])
	if !signedIn {
		name += "_form"
	}
	return name
}

func (p *Platform) signer() signer { return p.opt.Key }

func (p *Platform) mac(purpose string, parts ...string) string {
	return p.signer().mac(purpose, parts...)
}

func (p *Platform) seal(s session) string { return p.signer().seal("session", s) }

func (p *Platform) unseal(value string) (session, error) {
	return p.signer().unseal("session", value, p.now())
}

// begin gives the browser a new session; a sign-in never keeps the old one's id.
func (p *Platform) begin(w http.ResponseWriter, r *http.Request, person string) session {
	s := session{ID: p.random(), Person: person, Ends: p.now().Add(sessionLife)}
	p.setCookie(w, r, p.cookie(person != ""), p.seal(s), s.Ends)
	return s
}

// end signs the browser out.
func (p *Platform) end(w http.ResponseWriter, r *http.Request) {
	p.setCookie(w, r, p.cookie(true), "", time.Unix(1, 0))
}

func (p *Platform) setCookie(w http.ResponseWriter, r *http.Request, name, value string, ends time.Time) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", Expires: ends, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || strings.HasPrefix(r.Header.Get("Origin"), "https://"),
	})
}

// session reads one of the two cookies.
func (p *Platform) session(r *http.Request, signedIn bool) (session, error) {
	c, err := r.Cookie(p.cookie(signedIn))
	if err != nil {
		return session{}, errSeal
	}
	s, err := p.unseal(c.Value)
	if err == nil && (s.Person != "") != signedIn {
		err = errSeal
	}
	return s, err
}

// csrf ties a form to one session.
func (p *Platform) csrf(s session) string { return p.mac("csrf", s.ID) }

// newID makes the id of one mention, click or answer, signed for this session
// and for exactly what the form does: a form sent twice is one of them, and
// only what was shown can be pressed.
func (p *Platform) newID(s session, does ...string) string {
	id := p.random()
	return id + "." + p.mac("form", append([]string{s.ID, id}, does...)...)
}

// readID checks such an id and returns its first part.
func (p *Platform) readID(s session, value string, does ...string) (string, bool) {
	id, sum, _ := strings.Cut(value, ".")
	return id, id != "" && same(sum, p.mac("form", append([]string{s.ID, id}, does...)...))
}
