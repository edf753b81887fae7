package console

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"interlock/rbac"
)

func closed(o *Options) { o.Demo = false }

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// invite makes a one-time link.
func (r *room) invite(t *testing.T, person string) string {
	t.Helper()
	link, err := Invite(r.opt.Key, person, r.now())
	if err != nil {
		t.Fatal(err)
	}
	return link
}

// invited signs a browser in by a one-time link.
func (r *room) invited(t *testing.T, person string) *browser {
	t.Helper()
	link := r.invite(t, person)
	b := r.browser(t)
	if w := b.post(link, b.form(b.page(link), link, "Sign in as")); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/" {
		t.Fatalf("join: %d %s", w.Code, w.Body)
	}
	return b
}

func TestSignedOut(t *testing.T) {
	t.Parallel()
	r := started(t, closed)
	b := r.browser(t)
	for _, path := range []string{"/", "/c/infra", "/c/infra/t/t1", "/nothing"} {
		if w := b.get(path); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/login" {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	for _, path := range []string{"/c/infra/t/t1/say", "/click", "/answer", "/logout"} {
		if w := b.post(path, nil); w.Code != http.StatusUnauthorized {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	q := request(t, http.MethodGet, "/events?channel=infra", nil)
	q.Header.Set("Sec-Fetch-Site", "same-origin")
	if w := b.send(q); w.Code != http.StatusUnauthorized {
		t.Errorf("events: %d", w.Code)
	}
	if w := b.post("/person", nil); w.Code != http.StatusUnauthorized {
		t.Errorf("the switcher is there: %d", w.Code)
	}
	if in := r.invited(t, "bob"); in.post("/person", in.form(in.page("/c/infra"), "/logout", "")).Code != http.StatusNotFound {
		t.Error("the switcher is there for those signed in")
	}
	want(t, b.page("/login"), "one-time link")
}

func TestInvite(t *testing.T) {
	t.Parallel()
	r := started(t, closed)
	b := r.invited(t, "bob")
	page := b.page("/c/infra/t/t1")
	want(t, page, "Bob", "Sign out")
	wantNot(t, page, "Act as")
	f := b.form(page, "/c/infra/t/t1/say", "Send")
	f.Set("text", "hello")
	b.post("/c/infra/t/t1/say", f)
	if len(r.in.mentions) != 1 || r.in.mentions[0].Actor != actor("bob", "Bob") {
		t.Errorf("%+v", r.in.mentions)
	}
	if w := b.post("/logout", b.form(b.page("/c/infra"), "/logout", "")); w.Code != http.StatusSeeOther {
		t.Errorf("logout: %d", w.Code)
	}
	if w := b.get("/c/infra"); w.Code != http.StatusSeeOther {
		t.Errorf("after logout: %d", w.Code)
	}
}

// Looking at a link does not use it up; using it does; and it ends by itself.
func TestInviteOnce(t *testing.T) {
	t.Parallel()
	r := newRoom(t, closed)
	c := &clock{at: testTime()}
	r.now = c.now
	link := r.invite(t, "bob")
	preview := r.browser(t)
	previewed := preview.form(preview.page(link), link, "")
	b := r.browser(t)
	f := b.form(b.page(link), link, "")
	if w := b.post(link, nil); w.Code != http.StatusForbidden {
		t.Errorf("without its token: %d", w.Code)
	}
	if w := b.post(link, f); w.Code != http.StatusSeeOther {
		t.Errorf("first: %d", w.Code)
	}
	if w := preview.post(link, previewed); w.Code != http.StatusGone {
		t.Errorf("second: %d", w.Code)
	}
	if w := preview.get(link); w.Code != http.StatusGone {
		t.Errorf("look again: %d", w.Code)
	}
	late := r.invite(t, "bob")
	f = preview.form(preview.page(late), late, "")
	c.pass(inviteLife)
	if w := preview.post(late, f); w.Code != http.StatusGone {
		t.Errorf("late: %d", w.Code)
	}
	if w := preview.get(r.invite(t, "nobody")); w.Code != http.StatusGone {
		t.Errorf("for nobody: %d", w.Code)
	}
	if _, err := Invite(r.opt.Key, "", c.now()); err == nil {
		t.Error("an invitation for no one")
	}
	if _, err := Invite(r.opt.Key[1:], "bob", c.now()); err == nil {
		t.Error("an invitation under a short key")
	}
}

// A link is good at each process that serves the same console, and at one of them
// once. What another key signed, a cookie, and a link that somebody changed are none.
func TestInviteElsewhere(t *testing.T) {
	t.Parallel()
	here := newRoom(t, closed)
	there := newRoom(t, func(o *Options) { o.Demo, o.Once = false, here.opt.Once })
	link := here.invite(t, "bob")
	a, b := here.browser(t), there.browser(t)
	f, g := a.form(a.page(link), link, ""), b.form(b.page(link), link, "")
	if w := b.post(link, g); w.Code != http.StatusSeeOther {
		t.Errorf("there: %d", w.Code)
	}
	if w := a.post(link, f); w.Code != http.StatusGone {
		t.Errorf("here too: %d", w.Code)
	}
	good := here.invite(t, "bob")
	foreign, err := Invite([]byte(strings.Repeat("z", 32)), "bob", testTime())
	if err != nil {
		t.Fatal(err)
	}
	cookie := "/join/" + here.seal(session{ID: "x", Person: "bob", Ends: testTime().Add(time.Minute)})
	other := strings.Split(here.invite(t, "carol"), ".")[0] + "." + strings.Split(good, ".")[1]
	f = a.form(a.page(good), good, "")
	for name, link := range map[string]string{"another key": foreign, "a cookie": cookie, "somebody else": other, "cut": good[:len(good)-1], "nothing": "/join/x"} {
		if w := a.get(link); w.Code != http.StatusGone {
			t.Errorf("%s: look: %d", name, w.Code)
		}
		if w := a.post(link, f); w.Code != http.StatusGone {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	a.cookies[here.cookie(true)] = strings.TrimPrefix(good, "/join/")
	if w := a.get("/c/infra"); w.Code != http.StatusSeeOther {
		t.Errorf("a link as a cookie: %d", w.Code)
	}
}

// While it is not known whether a link was used, it signs nobody in.
func TestInviteUnknown(t *testing.T) {
	t.Parallel()
	once := &fakeOnce{}
	r := newRoom(t, func(o *Options) { o.Demo, o.Once = false, once })
	link := r.invite(t, "bob")
	b := r.browser(t)
	f := b.form(b.page(link), link, "")
	once.failing = true
	if w := b.post(link, f); w.Code != http.StatusServiceUnavailable || b.get("/c/infra").Code == http.StatusOK {
		t.Errorf("used: %d", w.Code)
	}
	if w := b.get(link); w.Code != http.StatusServiceUnavailable {
		t.Errorf("looked at: %d", w.Code)
	}
	once.failing = false
	if w := b.post(link, f); w.Code != http.StatusSeeOther {
		t.Errorf("afterwards: %d", w.Code)
	}
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	r := newRoom(t, closed)
	c := &clock{at: testTime()}
	r.now = c.now
	b := r.invited(t, "bob")
	c.pass(sessionLife - time.Second)
	b.page("/c/infra")
	c.pass(time.Second)
	if w := b.get("/c/infra"); w.Code != http.StatusSeeOther {
		t.Errorf("after 12 hours: %d", w.Code)
	}
}

func TestRemovedPerson(t *testing.T) {
	t.Parallel()
	r := started(t, closed)
	b, other := r.invited(t, "bob"), r.invited(t, "carol")
	f := b.form(b.page("/c/infra/t/t1"), "/c/infra/t/t1/say", "Send")
	f.Set("text", "still here?")
	r.remove("bob")
	if w := b.post("/c/infra/t/t1/say", f); w.Code != http.StatusUnauthorized || r.in.count() != 0 {
		t.Errorf("say: %d", w.Code)
	}
	if w := b.get("/c/infra"); w.Code != http.StatusSeeOther || len(b.cookies) != 0 {
		t.Errorf("look: %d, cookies %v", w.Code, b.cookies)
	}
	other.page("/c/infra")
}

func TestForgedCookie(t *testing.T) {
	t.Parallel()
	r := newRoom(t, closed)
	b := r.invited(t, "bob")
	name := r.cookie(true)
	good := b.cookies[name]
	own := r.seal(session{ID: "x", Person: "alice", Ends: testTime().Add(time.Hour)})
	other := newRoom(t, func(o *Options) { o.Demo, o.Key = false, []byte(strings.Repeat("z", 32)) })
	for what, c := range map[string]struct {
		value string
		ok    bool
	}{
		"control":           {good, true},
		"control of ours":   {own, true},
		"other key":         {other.seal(session{ID: "x", Person: "alice", Ends: testTime().Add(time.Hour)}), false},
		"other body":        {strings.Split(own, ".")[0] + "." + strings.Split(good, ".")[1], false},
		"no mac":            {strings.Split(good, ".")[0], false},
		"empty":             {"x", false},
		"a form's session":  {r.seal(session{ID: "x", Ends: testTime().Add(time.Hour)}), false},
		"nobody we know":    {r.seal(session{ID: "x", Person: "mallory", Ends: testTime().Add(time.Hour)}), false},
		"signed, not JSON":  {"bm8." + r.mac("session", "bm8"), false},
		"signed, no base64": {"!!." + r.mac("session", "!!"), false},
	} {
		b := r.browser(t)
		b.cookies[name] = c.value
		if w := b.get("/c/infra"); (w.Code == http.StatusOK) != c.ok {
			t.Errorf("%s: %d", what, w.Code)
		}
	}
}

func TestFirstAdmin(t *testing.T) {
	t.Parallel()
	r := newRoom(t, closed)
	r.who = nil
	failing := errFake
	var made []string
	code := r.FirstAdmin(func(_ context.Context, name string) (rbac.Actor, error) {
		if failing != nil {
			return rbac.Actor{}, failing
		}
		made = append(made, name)
		r.who = append(r.who, actor("dora", name))
		return r.who[0], nil
	})
	b := r.browser(t)
	try := func(code, name string) int {
		f := b.form(b.page("/login"), "/login", "One-time code")
		f.Set("code", code)
		f.Set("name", name)
		return b.post("/login", f).Code
	}
	if got := try("wrong", "Mallory"); got != http.StatusForbidden {
		t.Errorf("wrong code: %d", got)
	}
	if got := try(code, " "); got != http.StatusUnprocessableEntity {
		t.Errorf("no name: %d", got)
	}
	if got := try(code, "Dora"); got != http.StatusServiceUnavailable {
		t.Errorf("create fails: %d", got)
	}
	failing = nil
	if w := b.post("/login", map[string][]string{"code": {code}, "name": {"Mallory"}}); w.Code != http.StatusForbidden {
		t.Errorf("without a token: %d", w.Code)
	}
	if got := try(" "+code+" ", "Dora"); got != http.StatusSeeOther || len(made) != 1 {
		t.Errorf("right code: %d, made %v", got, made)
	}
	want(t, b.page("/c/infra"), "Dora")
	if _, ok, _ := r.doors.enter(t.Context(), code, "Eve"); ok {
		t.Error("the code works twice")
	}
	if _, ok, _ := r.doors.enter(t.Context(), "", "Eve"); ok {
		t.Error("no code works")
	}
	wantNot(t, r.browser(t).page("/login"), "One-time code")
}

func TestSwitch(t *testing.T) {
	t.Parallel()
	r := started(t, nil)
	b := r.browser(t)
	page := b.page("/c/infra/t/t1")
	want(t, page, "Alice", "operator", "Bob", "approver", "Carol", "admin", `value="alice" aria-current="true"`)
	f := b.form(page, "/person", "")
	f.Set("person", "bob")
	if w := b.post("/person", f); w.Header().Get("Location") != "/c/infra/t/t1" {
		t.Errorf("goes to %s", w.Header().Get("Location"))
	}
	page = b.page("/c/infra/t/t1")
	want(t, page, `value="bob" aria-current="true"`)
	f = b.form(page, "/person", "")
	f.Set("person", "mallory")
	if w := b.post("/person", f); w.Code != http.StatusNotFound {
		t.Errorf("nobody: %d", w.Code)
	}
	f.Set("person", "carol")
	f.Set("channel", "//evil.example")
	if w := b.post("/person", f); w.Header().Get("Location") != "/c/infra" {
		t.Errorf("goes to %s", w.Header().Get("Location"))
	}
}

// A link on another site hides the strict cookie; it must not cost the session.
func TestCrossSiteLink(t *testing.T) {
	t.Parallel()
	for _, demo := range []bool{true, false} {
		r := newRoom(t, func(o *Options) { o.Demo = demo })
		q := request(t, http.MethodGet, "/c/infra", nil)
		q.Header.Set("Sec-Fetch-Site", "cross-site")
		w := r.browser(t).send(q)
		if w.Code != http.StatusOK || len(w.Result().Cookies()) != 0 {
			t.Errorf("demo %v: %d, cookies %v", demo, w.Code, w.Result().Cookies())
		}
		want(t, w.Body.String(), `http-equiv="refresh" content="0;url=/c/infra"`)
	}
}

func TestNobody(t *testing.T) {
	t.Parallel()
	r := newRoom(t, nil)
	r.who = []rbac.Actor{{Org: "other", Platform: Name, ID: "eve"}, {Org: "acme", Platform: "slack", ID: "U1"}}
	if w := r.browser(t).get("/c/infra"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("%d", w.Code)
	}
	r = newRoom(t, func(o *Options) {
		o.People = func(context.Context) ([]rbac.Actor, error) { return nil, errFake }
	})
	w := r.browser(t).get("/c/infra")
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("%d", w.Code)
	}
	wantNot(t, w.Body.String(), errFake.Error())
}
