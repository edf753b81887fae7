package teams

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/infracloudio/msbotbuilder-go/schema"

	"interlock/bot"
)

// pathMessages is where the Bot Framework delivers.
const pathMessages = "/api/messages"

// longestBody is more than Teams sends: an activity is at most about 100 kB.
const longestBody = 1 << 20

// Handler takes what the Bot Framework sends. The inbox is the platform's own.
// What it did not sign for this app is refused before it is read as anything.
func (p *Platform) Handler(*bot.Inbox) http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("POST "+pathMessages, p.receive)
	return m
}

func (p *Platform) receive(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	if _, err := bearer(r.Header.Get("Authorization")); err != nil { // before anything is read
		p.refuse(w, r, http.StatusUnauthorized, err)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longestBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		p.refuse(w, r, http.StatusRequestEntityTooLarge, err)
		return
	}
	if err != nil {
		p.refuse(w, r, http.StatusBadRequest, err)
		return
	}
	a, err := decode[activity](body)
	if err != nil {
		a, _ = decode[activity](envelope(body)) // whom it says to be from is enough to tell whether it is
	}
	if status, err := p.vouched(r, a); err != nil {
		p.refuse(w, r, status, err)
		return
	}
	if err != nil { // ours, but not understood: the same would only come again
		p.log().WarnContext(ctx, "a delivery was not understood", "error", err)
		p.opt.Count("malformed")
		w.WriteHeader(http.StatusOK)
		return
	}
	p.deliver(w, r, a)
}

// envelope is what of a body decides whether it is vouched for.
func envelope(body []byte) []byte {
	var e struct {
		ServiceURL string `json:"serviceUrl"`
		ChannelID  string `json:"channelId"`
	}
	_ = json.Unmarshal(body, &e) // what cannot be read is empty, and refused
	b, _ := json.Marshal(e)
	return b
}

// vouched asks the library's adapter, in which our verifier stands. It gets what
// decides and nothing else: of a whole activity it cannot read every one.
func (p *Platform) vouched(r *http.Request, a activity) (status int, err error) {
	thin, err := json.Marshal(schema.Activity{Type: schema.ActivityTypes(a.Type), ServiceURL: a.ServiceURL, ChannelID: a.ChannelID})
	if err != nil {
		return http.StatusUnauthorized, err
	}
	ask := r.Clone(r.Context())
	ask.Body = io.NopCloser(bytes.NewReader(thin))
	_, err = p.shell.ParseRequest(r.Context(), ask)
	switch {
	case err == nil && !p.opt.trusted(a.ServiceURL):
		return http.StatusForbidden, errUntrusted
	case err == nil:
		return http.StatusOK, nil
	case errors.Is(err, errForbidden):
		return http.StatusForbidden, err
	case errors.Is(err, errUnauthorized):
		return http.StatusUnauthorized, err
	}
	return http.StatusServiceUnavailable, err // who signs cannot be known now: it comes again
}

func (p *Platform) deliver(w http.ResponseWriter, r *http.Request, a activity) {
	ctx := r.Context()
	org, err := p.whose(a.tenant())
	if err != nil {
		p.refuse(w, r, http.StatusForbidden, err)
		return
	}
	do, err := p.take(ctx, org, a)
	if errors.Is(err, errMalformed) {
		p.log().WarnContext(ctx, "a delivery was not understood", "type", countable(a.Type), "error", err)
		do, err = answer{what: "malformed"}, nil
	}
	if err != nil {
		p.opt.Count("refused")
		p.log().ErrorContext(ctx, "a delivery was not taken: Teams sends it again", "type", countable(a.Type), "error", err)
		http.Error(w, "not taken", http.StatusServiceUnavailable)
		return
	}
	p.opt.Count(first(do.what, "unknown"))
	p.write(w, r, do)
	if do.after != nil {
		p.later(ctx, do.what, do.after)
	}
}

func (p *Platform) write(w http.ResponseWriter, r *http.Request, a answer) {
	if a.body == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(a.body); err != nil {
		p.log().DebugContext(r.Context(), "answer teams", "error", err)
	}
}

// refuse answers without a word of the body, in the log neither.
func (p *Platform) refuse(w http.ResponseWriter, r *http.Request, status int, why error) {
	p.opt.Count("refused")
	p.log().WarnContext(r.Context(), "a request was refused", "path", r.URL.Path, "status", status, "why", why.Error())
	http.Error(w, http.StatusText(status), status)
}
