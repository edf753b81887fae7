package teamstest

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// call is one request while it is answered.
type call struct {
	endpoint
	request *http.Request
	body    []byte
	args    map[string]string
	token   string
}

func (c *call) path(name string) string { return c.request.PathValue(name) }

// endpoint is one thing that can be called.
type endpoint struct {
	method string
	scope  string // of the token that it takes; empty takes none
	rate   *rate
	run    func(*Server, *call) (int, any, error)
}

// refusal is an answer that is an error.
type refusal struct {
	status     int
	code, text string
	body       any           // instead of the connector's usual one
	wait       time.Duration // of a Retry-After
	hang, lost bool
}

func (r *refusal) Error() string { return r.code + ": " + r.text }

// refuse is a refusal of the connector.
func refuse(status int, code, text string) error {
	return &refusal{status: status, code: code, text: text}
}

const largestBody = 1 << 20

// api answers one request and puts it on record.
func (s *Server) api(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{endpoint: e, request: r}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestBody))
		c.body, c.token = body, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		status, answer, ref := s.answer(c, err)
		if ref != nil && ref.hang {
			select {
			case <-r.Context().Done():
			case <-s.ctx.Done():
			}
			return
		}
		if ref != nil && ref.wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(seconds(ref.wait)/time.Second)))
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		if answer != nil {
			_, _ = w.Write(encode(answer))
		}
	})
}

// answer decides under the lock.
func (s *Server) answer(c *call, bad error) (int, any, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.changed()
	rec := &Call{Method: c.method, Conversation: c.path("id"), Activity: c.path("activity"), At: time.Now()}
	if c.scope != "" {
		rec.Body = string(c.body)
	}
	s.calls = append(s.calls, rec)
	status, body, err := s.attempt(c, bad)
	rec.Status, rec.Args = status, c.args
	var ref *refusal
	if !errors.As(err, &ref) {
		return status, body, nil
	}
	rec.Status, rec.Error, rec.Lost = ref.status, ref.code, ref.lost
	body = ref.body
	if body == nil {
		body = object{"error": object{"code": ref.code, "message": ref.text}}
	}
	return ref.status, body, ref
}

// attempt is faults first, then who calls, how often, and the thing itself.
func (s *Server) attempt(c *call, bad error) (int, any, error) {
	if err := s.early(c.method); err != nil {
		return 0, nil, err
	}
	f, faulty := s.fault(c)
	switch {
	case faulty && f.Hang && !f.AfterAccepting:
		return 0, nil, &refusal{code: "hang", hang: true}
	case faulty && !f.AfterAccepting:
		return 0, nil, s.fail(c.method, f)
	case bad != nil:
		s.problem(ruleSize, "%s: %v", c.method, bad)
		return 0, nil, refuse(http.StatusRequestEntityTooLarge, "MessageSizeTooBig", "Message size too large.")
	}
	status, body, err := s.perform(c)
	if err == nil && faulty {
		ref := s.fail(c.method, f)
		ref.lost, ref.hang = true, f.Hang
		return 0, nil, ref
	}
	return status, body, err
}

// perform is the thing itself.
func (s *Server) perform(c *call) (int, any, error) {
	if c.scope != "" {
		if err := s.bearer(c); err != nil {
			return 0, nil, err
		}
	}
	if err := s.meter(c); err != nil {
		return 0, nil, err
	}
	return c.run(s, c)
}
