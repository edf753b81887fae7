package teamstest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// client is the Playground's side: a connector that remembers what came.
type client struct {
	bot
	header http.Header
	asked  string
}

func (c *client) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.header, c.asked = r.Header.Clone(), r.Method+" "+r.URL.EscapedPath()
	c.bot.ServeHTTP(w, r)
}

// fronted is a relay that serves at an address, between a client and the stage's bot.
func fronted(t *testing.T, st *stage) (*Relay, string, *client, string) {
	t.Helper()
	c := &client{bot: bot{status: http.StatusCreated, answer: `{"id":"17"}`}}
	behind := httptest.NewServer(c)
	t.Cleanup(behind.Close)
	r := st.Relay("", User{})
	front := httptest.NewUnstartedServer(nil)
	base := "http://" + front.Listener.Addr().String()
	front.Config.Handler = r.Front(base)
	front.Start()
	t.Cleanup(front.Close)
	return r, base, c, behind.URL + "/_connector"
}

func TestFrontReaddresses(t *testing.T) {
	st := start(t, Options{})
	r, base, _, service := fronted(t, st)
	heard := make(chan error, 1)
	go func() { heard <- r.Heard(t.Context(), "19:x") }()
	said := object{"type": "message", "text": "hi", "serviceUrl": service, "conversation": object{"id": "19:x"}, "from": object{"id": "user-1"}}
	if status, _, _ := st.request("POST", base+"/api/messages", "", said); status != http.StatusOK {
		t.Fatalf("answered %d", status)
	}
	keys, _ := st.published()
	st.bot.mu.Lock()
	token := st.bot.tokens[0]
	st.bot.mu.Unlock()
	claims, err := st.read(token, keys)
	if a := st.bot.last(t); err != nil || claims["serviceurl"] != base+"/connector" || a.text("serviceUrl") != base+"/connector" {
		t.Errorf("%v, the token is for %v, the activity is of %v", err, claims["serviceurl"], a["serviceUrl"])
	}
	select {
	case err := <-heard:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("the bot took something, and nobody was told")
	}
	for _, far := range []string{"https://smba.example.com/", "http://169.254.169.254/x", "http://localhost.example.com", "https://localhost/x", ""} {
		said["serviceUrl"] = far
		w := httptest.NewRecorder()
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/messages", strings.NewReader(string(encode(said))))
		if r.ServeHTTP(w, req); w.Code != http.StatusForbidden {
			t.Errorf("a client at %q: %d", far, w.Code)
		}
	}
}

func TestFrontPassesOn(t *testing.T) {
	st := start(t, Options{})
	_, base, c, service := fronted(t, st)
	token := st.token(connectorScope)
	const place = "/v3/conversations/19%3Ax%40thread.tacv2%3Bmessageid%3D1/activities"
	if status, _ := st.plain(http.MethodPost, base+"/connector"+place, token, `{}`); status != http.StatusServiceUnavailable {
		t.Errorf("before there was a client: %d", status)
	}
	st.request("POST", base+"/api/messages", "", object{"type": "typing", "serviceUrl": service})
	for _, wrong := range []string{"", "made-up", st.token(graphScope)} {
		if status, _ := st.plain(http.MethodPost, base+"/connector"+place, wrong, `{}`); status != http.StatusUnauthorized {
			t.Errorf("with the token %q: %d", wrong, status)
		}
	}
	st.forgive(ruleToken, ruleToken)
	if c.asked != "" {
		t.Errorf("passed on without a good token: %s", c.asked)
	}
	status, n, _ := st.request("POST", base+"/connector"+place, token, object{"type": "message", "text": "hello"})
	if status != http.StatusCreated || n.text("id") != "17" || c.last(t).text("text") != "hello" {
		t.Errorf("%d %v", status, n)
	}
	if c.asked != "POST /_connector"+place || c.header.Get("Authorization") != "" {
		t.Errorf("passed on as %s with %q", c.asked, c.header.Get("Authorization"))
	}
	st.request("DELETE", base+"/connector"+place+"/17", token, "")
	if a := c.last(t); c.asked != "PUT /_connector"+place+"/17" || a.text("id") != "17" || a.text("text") != deletedText {
		t.Errorf("a deletion is %s %v", c.asked, a)
	}
}

// plain is request where the answer may be no JSON.
func (st *stage) plain(method, target, token, body string) (int, string) {
	st.t.Helper()
	r, err := http.NewRequestWithContext(st.t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		st.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	once := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := once.Do(r)
	if err != nil {
		st.t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		st.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestFrontRoster(t *testing.T) {
	st := start(t, Options{})
	_, base, c, _ := fronted(t, st)
	ask := func(id, token string) (int, node) {
		status, n, _ := st.request("GET", base+"/connector/v3/conversations/a%3Aalone/members/"+id, token, "")
		return status, n
	}
	token := st.token(connectorScope)
	if status, n := ask(st.bob.ID, token); status != http.StatusOK || n.text("aadObjectId") != st.bob.ObjectID || n.text("userRole") != "user" {
		t.Errorf("bob: %d %v", status, n)
	}
	for _, gone := range []string{"nobody", guid("user Zed"), guid("user otherbot")} {
		if status, n := ask(gone, token); status != http.StatusNotFound {
			t.Errorf("%s: %d %v", gone, status, n)
		}
	}
	if status, _ := ask(st.bob.ID, "made-up"); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", status)
	}
	if c.asked != "" {
		t.Errorf("the client was asked: %s", c.asked)
	}
}

func TestFrontPeople(t *testing.T) {
	st := start(t, Options{})
	_, base, _, service := fronted(t, st)
	from := func(kind string) string {
		a := object{"type": kind, "serviceUrl": service, "from": object{"id": "user-1"}, "conversation": object{}}
		st.request("POST", base+"/api/messages", "", a)
		return st.bot.last(t).node("from").text("id")
	}
	for _, step := range []struct{ post, kind, want string }{
		{"/next?who=bob", "message", "user-1"}, // what is said stays the client's
		{"", "invoke", st.bob.ID},
		{"", "invoke", "user-1"},
		{"/as?who=ann+lee", "message", st.ann.ID},
		{"/as", "message", "user-1"},
	} {
		if step.post != "" {
			if status, text := st.plain(http.MethodPost, base+step.post, "", ""); status != http.StatusSeeOther {
				t.Fatalf("%s: %d %s", step.post, status, text)
			}
		}
		if got := from(step.kind); got != step.want {
			t.Errorf("%s, then %s: from %s, want %s", step.post, step.kind, got, step.want)
		}
	}
	if status, _ := st.plain(http.MethodPost, base+"/next?who=mallory", "", ""); status != http.StatusNotFound {
		t.Errorf("a stranger: %d", status)
	}
	st.plain(http.MethodPost, base+"/next?who=bob", "", "")
	_, text := st.plain(http.MethodGet, base+"/", "", "")
	for _, want := range []string{`action="/next?who=Ann%20Lee"`, "Now: the client&#39;s own person. One click by Bob first."} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %s: %s", want, text)
		}
	}
	if status, _ := st.plain(http.MethodHead, base+"/api/messages", "", ""); status != http.StatusOK {
		t.Errorf("is somebody there: %d", status)
	}
}

// Whatever a client says of where it is, the relay sends to this machine only.
func FuzzFront(f *testing.F) {
	s, ann := quiet(f)
	web := httptest.NewServer(&bot{status: http.StatusOK, answer: "{}"})
	f.Cleanup(web.Close)
	relay := s.Relay(web.URL, ann)
	front := relay.Front("http://127.0.0.1:1")
	f.Add("http://localhost:56150/_connector")
	f.Add("http://127.0.0.1.example.com/")
	f.Fuzz(func(t *testing.T, service string) {
		w := httptest.NewRecorder()
		body := string(encode(object{"type": "message", "serviceUrl": service}))
		front.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/messages", strings.NewReader(body)))
		host := strings.NewReplacer("http://", "", "[::1]", "localhost").Replace(relay.back)
		if relay.back != "" && !strings.HasPrefix(host, "localhost") && !strings.HasPrefix(host, "127.") {
			t.Errorf("the client is at %q", relay.back)
		}
	})
}
