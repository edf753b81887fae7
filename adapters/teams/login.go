package teams

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// Limits of our own tokens. Microsoft's live for an hour or a day.
const (
	tokenSpare    = 5 * time.Minute // before its end a token is not used any more
	tokenLongest  = 24 * time.Hour  // it is not believed to live longer
	loginWait     = 10 * time.Second
	loginPause    = 5 * time.Second // after a refusal: guessing again at once would lock the app out
	longestLogin  = 1 << 20         // bytes of an answer
	tenantOfOld   = "botframework.com"
	loginPath     = "/oauth2/v2.0/token"
	grantOfClient = "client_credentials"
)

// login is how we say who we are: a token for the connector, for the app's id and
// password. It is safe for concurrent use. The password is in nothing but the
// request to LoginURL.
type login struct {
	c      Config
	client *http.Client
	now    func() time.Time
	once   singleflight.Group

	mu    sync.Mutex
	have  string
	until time.Time
	held  *loginError // the last refusal, which is the answer until again
	again time.Time
}

func newLogin(c Config, client *http.Client, now func() time.Time) *login {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // the password would go along
	return &login{c: c, client: &own, now: now}
}

// token gives one that is good for 5 minutes at least. All who ask at the same
// time wait for one request; it goes on when the first of them leaves. What
// Microsoft refused is a *loginError.
func (l *login) token(ctx context.Context) (string, error) {
	if token, err := l.kept(); token != "" || err != nil {
		return token, err
	}
	asked := l.once.DoChan("", func() (any, error) {
		ctx, done := context.WithTimeout(context.WithoutCancel(ctx), loginWait)
		defer done()
		return l.renew(ctx)
	})
	select {
	case <-ctx.Done():
		return "", fmt.Errorf("log in to Microsoft: %w", ctx.Err())
	case r := <-asked:
		if r.Err != nil {
			return "", r.Err
		}
		return r.Val.(string), nil
	}
}

// forget drops a token that the connector did not take. Another one that came
// meanwhile stays.
func (l *login) forget(token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.have == token {
		l.have = ""
	}
}

// kept is the token at hand, or why there is none to be had yet.
func (l *login) kept() (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	switch {
	case l.have != "" && now.Before(l.until):
		return l.have, nil
	case l.held != nil && now.Before(l.again):
		return "", l.held
	}
	return "", nil
}

// renew asks, unless somebody has done so since.
func (l *login) renew(ctx context.Context) (string, error) {
	if token, err := l.kept(); token != "" || err != nil {
		return token, err
	}
	token, life, err := l.ask(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = nil
	if refused := (*loginError)(nil); errors.As(err, &refused) {
		l.held, l.again = refused, l.now().Add(max(refused.Retry, loginPause))
	}
	if err != nil {
		return "", err
	}
	life = min(life, tokenLongest)
	l.have, l.until = token, l.now().Add(life-min(tokenSpare, life/2))
	return token, nil
}

func (l *login) ask(ctx context.Context) (string, time.Duration, error) {
	r, err := l.request(ctx)
	if err != nil {
		return "", 0, fmt.Errorf("log in to Microsoft: %w", err)
	}
	resp, err := l.client.Do(r)
	if err != nil {
		return "", 0, fmt.Errorf("log in to Microsoft: %w", err)
	}
	defer func() { _ = resp.Body.Close() }() // only read
	body, err := io.ReadAll(io.LimitReader(resp.Body, longestLogin))
	if err != nil {
		return "", 0, fmt.Errorf("log in to Microsoft: read the answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return "", 0, refusal(resp, body, l.now())
	}
	return granted(body)
}

// request is one for a token by client credentials.
func (l *login) request(ctx context.Context) (*http.Request, error) {
	tenant := l.c.TenantID
	if tenant == "" {
		tenant = tenantOfOld
	}
	u, err := url.Parse(strings.TrimSuffix(l.c.LoginURL, "/") + "/" + url.PathEscape(tenant) + loginPath)
	if err != nil || !guarded(u) || l.c.AppID == "" || !l.c.AppPassword.Set() {
		return nil, errors.New("teams.app_id, teams.app_password and an https address in teams.login_url are needed")
	}
	form := url.Values{
		"grant_type": {grantOfClient}, "scope": {l.c.Scope},
		"client_id": {l.c.AppID}, "client_secret": {l.c.AppPassword.Reveal()},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	return r, nil
}

// granted reads a token, which must be one that can stand in a header.
func granted(body []byte) (string, time.Duration, error) {
	var g struct {
		Token string      `json:"access_token"`
		Type  string      `json:"token_type"`
		Life  json.Number `json:"expires_in"` // seconds; older servers write them as text
	}
	if json.Unmarshal(body, &g) != nil {
		return "", 0, errors.New("log in to Microsoft: the answer is no JSON: look at teams.login_url")
	}
	life, err := g.Life.Int64()
	printable := !strings.ContainsFunc(g.Token, func(r rune) bool { return r <= ' ' || r >= 0x7f })
	if err != nil || life <= 0 || g.Token == "" || !printable || !strings.EqualFold(g.Type, "Bearer") {
		return "", 0, errors.New("log in to Microsoft: the answer has no token: look at teams.login_url")
	}
	return g.Token, time.Duration(min(life, int64(tokenLongest/time.Second))) * time.Second, nil
}
