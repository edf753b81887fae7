package console

import (
	"net/http"
	"strings"
	"testing"
)

func TestHost(t *testing.T) {
	t.Parallel()
	b := newRoom(t, func(o *Options) { o.Hosts = []string{"Chat.example.org"} }).browser(t)
	for host, status := range map[string]int{
		"localhost:8080": http.StatusOK, "localhost": http.StatusOK, "127.0.0.1:8080": http.StatusOK, "[::1]:8080": http.StatusOK,
		"[::1]": http.StatusOK, "LOCALHOST": http.StatusOK, "chat.example.org": http.StatusOK, "chat.example.org:8443": http.StatusOK,
		"evil.example": http.StatusMisdirectedRequest, "localhost.evil.example": http.StatusMisdirectedRequest, "": http.StatusMisdirectedRequest,
		"127.0.0.1.evil.example:8080": http.StatusMisdirectedRequest, "0.0.0.0:8080": http.StatusMisdirectedRequest,
	} {
		r := request(t, http.MethodGet, "/c/infra", nil)
		r.Host = host
		if w := b.send(r); w.Code != status {
			t.Errorf("%q: %d", host, w.Code)
		}
	}
}

func TestRemote(t *testing.T) {
	t.Parallel()
	for addr, c := range map[string]struct{ local, remote int }{
		"127.0.0.1:1":    {http.StatusSeeOther, http.StatusSeeOther},
		"[::1]:1":        {http.StatusSeeOther, http.StatusSeeOther},
		"192.0.2.7:1":    {http.StatusForbidden, http.StatusSeeOther},
		"not an address": {http.StatusForbidden, http.StatusSeeOther},
	} {
		for _, remote := range []bool{false, true} {
			b := newRoom(t, func(o *Options) { o.Demo, o.Remote = false, remote }).browser(t)
			r := request(t, http.MethodGet, "/c/infra", nil)
			r.RemoteAddr = addr
			status := c.local
			if remote {
				status = c.remote
			}
			if w := b.send(r); w.Code != status {
				t.Errorf("%s, remote %v: %d", addr, remote, w.Code)
			}
		}
	}
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		origin, site string
		ok           bool
	}{
		"own":                    {"http://localhost:8080", "", true},
		"own by site":            {"", "same-origin", true},
		"neither":                {"", "", false},
		"other":                  {"http://evil.example", "", false},
		"other port":             {"http://localhost:9090", "", false},
		"null":                   {"null", "", false},
		"other scheme":           {"ftp://localhost:8080", "", false},
		"cross site":             {"", "cross-site", false},
		"same site, other host":  {"", "same-site", false},
		"origin wins":            {"http://evil.example", "same-origin", false},
		"own name in user part":  {"http://localhost:8080@evil.example", "", false},
		"unparsable":             {"http://%zz", "", false},
		"typed into the address": {"", "none", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := started(t, nil)
			b := r.browser(t)
			f := b.form(b.page("/c/infra/t/t1"), "/c/infra/t/t1/say", "Send")
			f.Set("text", "hello")
			q := request(t, http.MethodPost, "/c/infra/t/t1/say", f)
			q.Header.Del("Origin")
			if c.origin != "" {
				q.Header.Set("Origin", c.origin)
			}
			if c.site != "" {
				q.Header.Set("Sec-Fetch-Site", c.site)
			}
			if w := b.send(q); (w.Code == http.StatusSeeOther) != c.ok || (w.Code == http.StatusForbidden) == c.ok {
				t.Errorf("say: %d", w.Code)
			}
			if n := len(r.in.mentions); (n == 1) != c.ok {
				t.Errorf("%d mentions", n)
			}
			// An unknown channel ends the stream at once, once it got that far.
			q = request(t, http.MethodGet, "/events?channel=none", nil)
			if c.origin != "" {
				q.Header.Set("Origin", c.origin)
			}
			if c.site != "" {
				q.Header.Set("Sec-Fetch-Site", c.site)
			}
			if w := b.send(q); (w.Code == http.StatusNotFound) != c.ok || (w.Code == http.StatusForbidden) == c.ok {
				t.Errorf("events: %d", w.Code)
			}
		})
	}
}

func TestCSRF(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/c/infra/t/t1/say", "/c/infra/say", "/click", "/answer", "/person"} {
		for name, change := range map[string]func(own, foreign string) string{
			"control": func(own, _ string) string { return own },
			"none":    func(string, string) string { return "" },
			"foreign": func(_, foreign string) string { return foreign },
			"cut":     func(own, _ string) string { return own[:len(own)-1] },
		} {
			r := started(t, nil)
			r.posts(t, approvalCard())
			r.posts(t, questionCard())
			b, other := r.browser(t), r.browser(t)
			page := b.page("/c/infra/t/t1")
			if path == "/c/infra/say" {
				page = b.page("/c/infra")
			}
			f := b.form(page, path, "")
			f.Set("text", f.Get("text")+"x")
			if path == "/answer" {
				f.Set("text", "applied")
			}
			f.Set("person", "bob")
			f.Set("csrf", change(f.Get("csrf"), other.form(other.page("/c/infra"), "/person", "").Get("csrf")))
			status := http.StatusForbidden
			if name == "control" {
				status = http.StatusSeeOther
			}
			if w := b.post(path, f); w.Code != status {
				t.Errorf("%s, %s: %d", path, name, w.Code)
			}
			if name != "control" && r.in.count() > 0 {
				t.Errorf("%s, %s: came through", path, name)
			}
		}
	}
}

// A form that was drawn for one person does not work after the switch.
func TestStaleTab(t *testing.T) {
	t.Parallel()
	r := started(t, nil)
	r.posts(t, approvalCard())
	b := r.browser(t)
	f := b.form(b.page("/c/infra/t/t1"), "/click", ">Approve<")
	b.act("bob")
	code, got := b.fetch("/click", f)
	if code != http.StatusForbidden || len(r.in.clicks) != 0 {
		t.Errorf("%d, %d clicks", code, len(r.in.clicks))
	}
	want(t, got["notice"], "another sign-in")
	b.fetch("/click", b.form(b.page("/c/infra/t/t1"), "/click", ">Approve<"))
	if len(r.in.clicks) != 1 || r.in.clicks[0].Actor.ID != "bob" {
		t.Errorf("%+v", r.in.clicks)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	b := newRoom(t, nil).browser(t)
	for _, path := range []string{"/", "/c/infra", "/c/none", "/assets/app.js", "/nothing"} {
		h := b.get(path).Header()
		if h.Get("Content-Security-Policy") != policy || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: %v", path, h)
		}
	}
	wantNot(t, policy, "unsafe", "http", "*", "data:")
	w := newRoom(t, nil).browser(t).get("/c/infra")
	c := w.Result().Cookies()[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure || c.Expires.Sub(testTime()) != sessionLife {
		t.Errorf("%+v", c)
	}
}

// No page asks for anything that is not ours, and none has script or style in it.
func TestSelfContained(t *testing.T) {
	t.Parallel()
	r := started(t, func(o *Options) { o.Checklist = func() []Item { return []Item{{"engine", "running", "soon"}} } })
	r.posts(t, approvalCard())
	r.posts(t, driftCard())
	b := r.browser(t)
	for _, path := range []string{"/c/infra", "/c/infra/t/t1", "/c/none"} {
		page := b.get(path).Body.String()
		wantNot(t, page, "style=", " onclick", "javascript:", "<style", `src="http`, `href="http`, `src="//`)
		if n := strings.Count(page, "<script"); n != 1 || !strings.Contains(page, `<script src="/assets/app.js?v=`) {
			t.Errorf("%s: %d scripts", path, n)
		}
	}
	for _, name := range []string{"app.js", "style.css", "icon.svg"} {
		w := b.get(r.assets.url(name))
		if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d", name, w.Code)
		}
		wantNot(t, strings.ReplaceAll(w.Body.String(), "http://www.w3.org/2000/svg", ""), "http:", "https:", "@import", "eval(")
	}
	if w := b.get("/assets/none.js"); w.Code != http.StatusNotFound {
		t.Errorf("unknown asset: %d", w.Code)
	}
}

// GETs change nothing: no message, no call, no code used up.
func TestGetsChangeNothing(t *testing.T) {
	t.Parallel()
	r := started(t, nil)
	b := r.browser(t)
	b.page("/c/infra")
	was := r.messages.count()
	for _, path := range []string{"/", "/c/infra/say", "/c/infra/t/t1/say?text=x", "/click?verb=approve", "/answer", "/person?person=bob", "/c/infra/t/t1"} {
		b.get(path)
	}
	if r.messages.count() != was || r.in.count() != 0 {
		t.Errorf("%d writes, %d calls", r.messages.count()-was, r.in.count())
	}
	want(t, b.page("/c/infra"), `value="alice" aria-current="true"`)
}
