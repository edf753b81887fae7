package teams

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"interlock/config"
)

const testPassword = "password-sentinel"

// loginConfig has a password as configuration reads it.
func loginConfig(t *testing.T, at string) Config {
	t.Helper()
	cfg, _, err := config.Load("", []string{"INTERLOCK_TEAMS_APP_PASSWORD=" + testPassword, "INTERLOCK_DATA_DIR=" + t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	var one struct {
		Password config.Secret `yaml:"app_password"`
	}
	if err := cfg.Teams.Decode(&one); err != nil {
		t.Fatal(err)
	}
	c, err := Load(config.Node{}) // what is there by itself
	if err != nil {
		t.Fatal(err)
	}
	c.AppID, c.AppPassword, c.LoginURL, c.TenantID = testApp, one.Password, at, "tenant-1"
	return c
}

// entra is a login of the test's own, without a socket. The zero value gives
// tokens that live for an hour, each another one.
type entra struct {
	status int
	header http.Header
	body   string
	slow   chan struct{}

	asked atomic.Int64
	mu    sync.Mutex
	last  *http.Request
	form  url.Values
}

func (e *entra) RoundTrip(r *http.Request) (*http.Response, error) {
	n := e.asked.Add(1)
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if e.slow != nil {
		select {
		case <-e.slow:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last = r
	e.form, _ = url.ParseQuery(string(sent))
	status, body := e.status, e.body
	if status == 0 {
		status = http.StatusOK
	}
	if body == "" {
		body = fmt.Sprintf(`{"token_type":"Bearer","expires_in":3600,"access_token":"token-%d"}`, n)
	}
	header := http.Header{}
	if e.header != nil {
		header = e.header
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func (e *entra) login(t *testing.T) *login {
	return newLogin(loginConfig(t, "https://login.example/"), &http.Client{Transport: e}, time.Now)
}

func given(t *testing.T, l *login, want, when string) {
	t.Helper()
	if got, err := l.token(t.Context()); err != nil || got != want {
		t.Errorf("%s: %q, %v, want %q", when, got, err, want)
	}
}

func TestWhatALoginSends(t *testing.T) {
	for name, c := range map[string]struct{ at, tenant, want string }{
		"a tenant":            {"https://login.example/", "tenant-1", "https://login.example/tenant-1/oauth2/v2.0/token"},
		"without a slash":     {"https://login.example", "tenant-1", "https://login.example/tenant-1/oauth2/v2.0/token"},
		"an old registration": {"https://login.example/", "", "https://login.example/botframework.com/oauth2/v2.0/token"},
		"below a path":        {"https://login.example/a/", "t", "https://login.example/a/t/oauth2/v2.0/token"},
		"a strange tenant":    {"https://login.example/", "a/../b?c#d", "https://login.example/a%2F..%2Fb%3Fc%23d/oauth2/v2.0/token"},
		"loopback":            {"http://127.0.0.1:1/", "t", "http://127.0.0.1:1/t/oauth2/v2.0/token"},
	} {
		e := &entra{}
		conf := loginConfig(t, c.at)
		conf.TenantID = c.tenant
		given(t, newLogin(conf, &http.Client{Transport: e}, time.Now), "token-1", name)
		if got := e.last.URL.String(); got != c.want || e.last.Method != http.MethodPost {
			t.Errorf("%s: %s %s", name, e.last.Method, got)
		}
		want := url.Values{"grant_type": {"client_credentials"}, "client_id": {testApp}, "client_secret": {testPassword}, "scope": {"https://api.botframework.com/.default"}}
		if e.form.Encode() != want.Encode() {
			t.Errorf("%s: the form has %d values, or others", name, len(e.form))
		}
	}
}

func TestNoPasswordGoesInTheClear(t *testing.T) {
	for _, at := range []string{"http://login.example/", "", "login.example", "//login.example/", "ftp://login.example/", "%zz", "https:///"} {
		e := &entra{}
		if _, err := newLogin(loginConfig(t, at), &http.Client{Transport: e}, time.Now).token(t.Context()); err == nil || e.asked.Load() != 0 {
			t.Errorf("%q: %v, %d requests", at, err, e.asked.Load())
		}
	}
	e := &entra{}
	if _, err := newLogin(Config{LoginURL: "https://login.example/"}, &http.Client{Transport: e}, time.Now).token(t.Context()); err == nil || e.asked.Load() != 0 {
		t.Errorf("without an app: %v, %d requests", err, e.asked.Load())
	}
}

func TestATokenIsKept(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		keep time.Duration
	}{
		"an hour":               {`{"token_type":"Bearer","access_token":"t","expires_in":3600}`, 55 * time.Minute},
		"an hour, as text":      {`{"token_type":"bearer","access_token":"t","expires_in":"3600"}`, 55 * time.Minute},
		"eight minutes":         {`{"token_type":"Bearer","access_token":"t","expires_in":480}`, 4 * time.Minute},
		"ten years":             {`{"token_type":"Bearer","access_token":"t","expires_in":315360000}`, tokenLongest - tokenSpare},
		"more than there is":    {`{"token_type":"Bearer","access_token":"t","expires_in":9223372036854775807}`, tokenLongest - tokenSpare},
		"with what is not read": {`{"token_type":"Bearer","access_token":"t","expires_in":3600,"ext_expires_in":1,"x":[]}`, 55 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			e := &entra{body: c.body}
			l := e.login(t)
			given(t, l, "t", name)
			time.Sleep(c.keep - time.Second)
			given(t, l, "t", name)
			if n := e.asked.Load(); n != 1 {
				t.Errorf("%s: %d requests before its end", name, n)
			}
			time.Sleep(time.Second)
			given(t, l, "t", name)
			if n := e.asked.Load(); n != 2 {
				t.Errorf("%s: %d requests after its end", name, n)
			}
		})
	}
}

func TestForget(t *testing.T) {
	e := &entra{}
	l := e.login(t)
	given(t, l, "token-1", "first")
	l.forget("token-0")
	given(t, l, "token-1", "after another one was forgotten")
	l.forget("token-1")
	given(t, l, "token-2", "after it was forgotten")
	l.forget("token-1")
	given(t, l, "token-2", "after the old one was forgotten late")
	l.forget("")
	given(t, l, "token-2", "after nothing was forgotten")
}

func TestManyWaitForOneLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &entra{slow: make(chan struct{})}
		l := e.login(t)
		first, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := l.token(first); !errors.Is(err, context.Canceled) {
				t.Errorf("who left: %v", err)
			}
		})
		synctest.Wait()
		for range 100 {
			all.Go(func() { given(t, l, "token-1", "who waits") })
		}
		synctest.Wait()
		leave()
		synctest.Wait()
		close(e.slow)
		all.Wait()
		if n := e.asked.Load(); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

func TestALoginEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &entra{slow: make(chan struct{})}
		begun := time.Now()
		_, err := e.login(t).token(t.Context())
		if took := time.Since(begun); !errors.Is(err, context.DeadlineExceeded) || took != loginWait {
			t.Errorf("%v after %v", err, took)
		}
		if strings.Contains(err.Error(), testPassword) {
			t.Errorf("the password is told: %v", err)
		}
	})
}

func TestWhatIsNoToken(t *testing.T) {
	for name, body := range map[string]string{
		"no JSON": "<html>", "null": "null", "a list": "[]", "nothing in it": "{}",
		"no token": `{"token_type":"Bearer","expires_in":3600}`, "no type": `{"access_token":"t","expires_in":3600}`,
		"another type": `{"token_type":"mac","access_token":"t","expires_in":3600}`, "no end": `{"token_type":"Bearer","access_token":"t"}`,
		"at its end": `{"token_type":"Bearer","access_token":"t","expires_in":0}`, "past its end": `{"token_type":"Bearer","access_token":"t","expires_in":-1}`,
		"half a second": `{"token_type":"Bearer","access_token":"t","expires_in":0.5}`, "two lines": `{"token_type":"Bearer","access_token":"t\nX: y","expires_in":3600}`,
		"too large": strings.Repeat(" ", longestLogin) + `{"token_type":"Bearer","access_token":"t","expires_in":3600}`,
	} {
		e := &entra{body: body}
		if token, err := e.login(t).token(t.Context()); err == nil || token != "" {
			t.Errorf("%s: %q", name, token)
		}
	}
}

func TestAPasswordFollowsNoRedirect(t *testing.T) {
	var away atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { away.Add(1) }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, status) }))
		_, err := newLogin(loginConfig(t, front.URL), &http.Client{}, time.Now).token(t.Context())
		var refused *loginError
		if !errors.As(err, &refused) || refused.Status != status {
			t.Errorf("%d: %v", status, err)
		}
		front.Close()
	}
	if n := away.Load(); n != 0 {
		t.Errorf("%d requests were sent on", n)
	}
}
