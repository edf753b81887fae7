package slack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"interlock/agent"
)

// files are what came along with a message. None is read yet.
func (p *Platform) files(all []file) (out []agent.File) {
	for _, f := range all {
		a := agent.File{ID: f.ID, Name: f.Name, Type: f.Type, Size: f.Size, From: first(f.URL, f.Plain)}
		switch limit := int64(p.opt.FileLimit); {
		case f.Mode == "tombstone" || f.Mode == "hidden_by_limit":
			a.Why = "it was deleted, or Slack hides it"
		case a.From == "" || f.Mode == "external":
			a.Why = "it is not kept in Slack"
		case f.Size > limit:
			a.Why = fmt.Sprintf("it is larger than %d KiB", limit>>10)
		}
		out = append(out, a)
	}
	return out
}

var (
	errElsewhere = errors.New("it is not kept in Slack")
	errNoFile    = errors.New("it cannot be had from Slack: the bot may lack files:read")
	errTooLarge  = errors.New("it is larger than files may be")
)

// Fetch brings a file. Only Slack's own servers get the token.
func (p *Platform) Fetch(ctx context.Context, f agent.File) ([]byte, error) {
	if !p.slacks(f.From) {
		return nil, errElsewhere
	}
	token, err := p.rotor.Token(ctx)
	if err != nil {
		return nil, errNoFile
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, f.From, nil)
	if err != nil {
		return nil, errElsewhere
	}
	r.Header.Set("Authorization", "Bearer "+token)
	c := http.Client{Transport: p.opt.HTTP.Transport, Timeout: apiTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return errElsewhere }}
	res, err := c.Do(r)
	if err != nil {
		return nil, errNoFile
	}
	defer func() { _ = res.Body.Close() }()
	// Without the right scope Slack answers with its page for signing in.
	if page := strings.HasPrefix(res.Header.Get("Content-Type"), "text/html"); res.StatusCode != http.StatusOK || page && f.Type != "text/html" {
		return nil, errNoFile
	}
	limit := int64(p.opt.FileLimit)
	b, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	switch {
	case err != nil:
		return nil, errNoFile
	case int64(len(b)) > limit:
		return nil, errTooLarge
	}
	return b, nil
}

// slacks tells whether an address is one of Slack's servers, or the one that the
// configuration names in its place.
func (p *Platform) slacks(address string) bool {
	u, err := url.Parse(address)
	api, errAPI := url.Parse(p.opt.APIURL)
	if err != nil || errAPI != nil || u.User != nil {
		return false
	}
	if u.Scheme == api.Scheme && u.Host == api.Host {
		return true
	}
	host := u.Hostname()
	return u.Scheme == "https" && u.Port() == "" && (host == "slack.com" || strings.HasSuffix(host, ".slack.com")) && strings.HasSuffix(api.Hostname(), "slack.com")
}
