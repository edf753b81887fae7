package console

import (
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// browser is a client that behaves as a browser does: it keeps cookies and
// sends the headers that no page can forge.
type browser struct {
	t       *testing.T
	h       http.Handler
	cookies map[string]string
}

func (r *room) browser(t *testing.T) *browser {
	t.Helper()
	return &browser{t, r.handler(r.in), map[string]string{}}
}

func (b *browser) send(r *http.Request) *httptest.ResponseRecorder {
	b.t.Helper()
	for n, v := range b.cookies {
		r.AddCookie(&http.Cookie{Name: n, Value: v})
	}
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.Value == "" {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return w
}

func request(t *testing.T, method, target string, form url.Values) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(form.Encode()))
	r.Host, r.RemoteAddr = "localhost:8080", "127.0.0.1:51000"
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "http://localhost:8080")
	}
	return r
}

func (b *browser) get(path string) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.send(request(b.t, http.MethodGet, path, nil))
}

func (b *browser) post(path string, form url.Values) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.send(request(b.t, http.MethodPost, path, form))
}

// fetch posts as the script does.
func (b *browser) fetch(path string, form url.Values) (int, map[string]string) {
	b.t.Helper()
	r := request(b.t, http.MethodPost, path, form)
	r.Header.Set("Accept", "application/json")
	w := b.send(r)
	var got map[string]string
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		b.t.Fatalf("%s: %v in %s", path, err, w.Body)
	}
	return w.Code, got
}

// page gets a page that must be there.
func (b *browser) page(path string) string {
	b.t.Helper()
	w := b.get(path)
	if w.Code != http.StatusOK {
		b.t.Fatalf("GET %s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

var (
	forms  = regexp.MustCompile(`(?s)<form[^>]*action="([^"]*)"[^>]*>(.*?)</form>`)
	inputs = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)
)

// form finds the form with this action and text, and what it would send.
func (b *browser) form(page, action, text string) url.Values {
	b.t.Helper()
	for _, f := range forms.FindAllStringSubmatch(page, -1) {
		if html.UnescapeString(f[1]) != action || !strings.Contains(f[2], text) {
			continue
		}
		v := url.Values{}
		for _, i := range inputs.FindAllStringSubmatch(f[2], -1) {
			v.Set(html.UnescapeString(i[1]), html.UnescapeString(i[2]))
		}
		return v
	}
	b.t.Fatalf("no form %s with %q in %s", action, text, page)
	return nil
}

// act presses the person switcher.
func (b *browser) act(as string) {
	b.t.Helper()
	f := b.form(b.page("/c/infra"), "/person", as)
	f.Set("person", as)
	if w := b.post("/person", f); w.Code != http.StatusSeeOther {
		b.t.Fatalf("act as %s: %d", as, w.Code)
	}
}

func want(t *testing.T, got string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(got, p) {
			t.Errorf("no %q in %s", p, got)
		}
	}
}

func wantNot(t *testing.T, got string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(got, p) {
			t.Errorf("%q in %s", p, got)
		}
	}
}
