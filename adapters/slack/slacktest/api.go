package slacktest

import (
	"net/http"
	"time"
)

// call is one call of the Web API while it is answered.
type call struct {
	method string
	args   map[string]string // nested ones as JSON, whatever the body's form was
	token  string
	header http.Header // of the answer
}

// refusal is an answer with ok false.
type refusal struct {
	code string
	more object
}

func (r *refusal) Error() string { return r.code }

// refuse is a refusal without details.
func refuse(code string) error { return &refusal{code: code} }

// answer is what goes back.
type answer struct {
	status int
	header http.Header
	body   object
	hang   bool
	lost   bool
}

const largestBody = 4 << 20

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", s.api)
	mux.HandleFunc("POST /response/{hook}", s.respond)
	mux.HandleFunc("/upload/{file}", s.upload)
	mux.HandleFunc("GET /files-pri/{place}/{name}", s.download)
	mux.HandleFunc("GET /files-pri/{place}/download/{name}", s.download)
	mux.HandleFunc("GET /signin", signin)
	mux.HandleFunc("GET /link/", s.link)
	return mux
}

// api answers one call: faults first, then who calls, how often, and with which
// scopes; then the method itself.
func (s *Server) api(w http.ResponseWriter, r *http.Request) {
	c := &call{method: r.PathValue("method"), header: http.Header{}}
	args, err := arguments(r)
	c.args = args
	c.token = token(r, args)
	a := s.answer(c, err)
	if a.hang {
		select {
		case <-r.Context().Done():
		case <-s.ctx.Done():
		}
		return
	}
	for k, v := range c.header {
		w.Header()[k] = v
	}
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(a.status)
	if a.body != nil {
		_, _ = w.Write(encode(a.body))
	}
}

// answer decides under the lock, and puts the call on record.
func (s *Server) answer(c *call, bad error) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.changed()
	rec := &Call{Method: c.method, At: time.Now(), Args: c.args, Status: http.StatusOK}
	s.calls = append(s.calls, rec)
	early := s.early(c.method)
	f, faulty := s.fault(c.method)
	a := answer{status: http.StatusOK}
	switch {
	case early > 0:
		a = tooMany(early)
	case faulty && !f.AfterAccepting:
		a = s.fail(c.method, f)
	case bad != nil:
		a.body = object{"ok": false, "error": "invalid_form_data"}
	default:
		a = s.perform(c)
	}
	if faulty && f.AfterAccepting && early == 0 && a.body["ok"] == true {
		a = s.fail(c.method, f)
		a.lost = true
	}
	rec.Status, rec.Lost = a.status, a.lost
	rec.Error, _ = a.body["error"].(string)
	return a
}

// perform is the method itself.
func (s *Server) perform(c *call) answer {
	a := answer{status: http.StatusOK}
	m, known := methods[c.method]
	err := error(nil)
	switch {
	case !known:
		err = refuse("unknown_method")
	default:
		err = s.admit(c, m)
	}
	if err == nil {
		if wait := s.meter(c, m); wait > 0 {
			return tooMany(wait)
		}
		a.body, err = m.run(s, c)
	}
	if err != nil {
		a.body = refused(err)
		return a
	}
	if a.body == nil {
		a.body = object{}
	}
	a.body["ok"] = true
	return a
}

// refused is the body of a refusal.
func refused(err error) object {
	body := object{"ok": false, "error": err.Error()}
	if r, ok := err.(*refusal); ok { //nolint:errorlint // methods return it bare
		for k, v := range r.more {
			body[k] = v
		}
	}
	return body
}
