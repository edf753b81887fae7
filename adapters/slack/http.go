package slack

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"interlock/bot"
)

// The paths that Slack is told of.
const (
	pathEvents       = "/slack/events"
	pathInteractions = "/slack/interactions"
	pathCommands     = "/slack/commands"
)

// longestBody is more than Slack sends: modals and events are far below it.
const longestBody = 1 << 20

// Handler takes what Slack sends over HTTP. The inbox is the platform's own. What
// is not signed for this app is refused before it is read as anything.
func (p *Platform) Handler(*bot.Inbox) http.Handler {
	m := http.NewServeMux()
	m.Handle("POST "+pathEvents, p.signed(kindEvents))
	m.Handle("POST "+pathInteractions, p.signed(kindInteractive))
	m.Handle("POST "+pathCommands, p.signed(kindSlash))
	return m
}

// signed checks the signature over the raw body first.
func (p *Platform) signed(kind string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longestBody))
		if err != nil {
			p.refuse(w, r, http.StatusRequestEntityTooLarge, err)
			return
		}
		signature, now := r.Header.Get("X-Slack-Signature"), p.now()
		if err := verify(p.opt.SigningSecret.Reveal(), r.Header.Get("X-Slack-Request-Timestamp"), signature, body, now); err != nil {
			p.refuse(w, r, http.StatusUnauthorized, err)
			return
		}
		if p.seen.known(signature, now) {
			p.opt.Count("replayed")
			w.WriteHeader(http.StatusOK)
			return
		}
		if p.deliver(w, r, kind, body) {
			p.seen.add(signature, now)
		}
	})
}

// deliver takes a body and answers; it tells whether the body is done with.
func (p *Platform) deliver(w http.ResponseWriter, r *http.Request, kind string, body []byte) bool {
	ctx := r.Context()
	if kind != kindEvents {
		var err error
		if body, err = formed(kind, body); err != nil {
			p.log().WarnContext(ctx, "a delivery was not understood", "kind", kind, "error", err)
			p.opt.Count("malformed")
			w.WriteHeader(http.StatusOK)
			return true
		}
	}
	a, err := p.take(ctx, kind, body)
	switch {
	case errors.Is(err, errForeign):
		p.refuse(w, r, http.StatusUnauthorized, err)
		return false
	case err != nil:
		p.log().ErrorContext(ctx, "a delivery was not taken: Slack sends it again", "kind", kind, "error", err)
		http.Error(w, "not taken", http.StatusServiceUnavailable)
		return false
	}
	p.write(w, r, a)
	if a.after != nil {
		p.later(ctx, a.what, a.after)
	}
	return true
}

func (p *Platform) write(w http.ResponseWriter, r *http.Request, a answer) {
	if a.body == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(a.body); err != nil {
		p.log().DebugContext(r.Context(), "answer slack", "error", err)
	}
}

// refuse answers without a word of the body, in the log neither.
func (p *Platform) refuse(w http.ResponseWriter, r *http.Request, status int, why error) {
	p.opt.Count("refused")
	p.log().WarnContext(r.Context(), "a request was refused", "path", r.URL.Path, "status", status, "why", why.Error())
	http.Error(w, http.StatusText(status), status)
}
