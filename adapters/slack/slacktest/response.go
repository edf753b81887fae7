package slacktest

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"path"
	"strings"
	"time"
)

// hook is what a response_url stands for.
type hook struct {
	user, channel string
	message       *entry // what was clicked; nil for a command
	until         time.Time
	uses          int
}

const (
	mostResponses   = 5
	longestResponse = 30 * time.Minute
)

// hook makes a response_url.
func (s *Server) hook(user, channel string, e *entry) string {
	id := rand.Text()
	s.hooks[id] = &hook{user: user, channel: channel, message: e, until: time.Now().Add(s.scaled(longestResponse))}
	return s.base + "/response/" + id
}

// keyOf is the part of a response_url that hooks are found by.
func keyOf(link string) string { return path.Base(link) }

// respond takes a POST to a response_url.
func (s *Server) respond(w http.ResponseWriter, r *http.Request) {
	args, err := arguments(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	rec := &Call{Method: "response_url", At: time.Now(), Args: args, Status: http.StatusOK}
	s.calls = append(s.calls, rec)
	defer s.changed()
	if f, ok := s.fault("response_url"); ok && f.Status != 0 {
		rec.Status = f.Status
		w.WriteHeader(f.Status)
		return
	}
	h := s.hooks[r.PathValue("hook")]
	switch {
	case h == nil:
		rec.Status, rec.Error = http.StatusNotFound, "no_service"
	case time.Now().After(h.until):
		rec.Status, rec.Error = http.StatusNotFound, "expired_url"
	case h.uses >= mostResponses:
		rec.Status, rec.Error = http.StatusNotFound, "used_url"
	case err != nil:
		rec.Status, rec.Error = http.StatusBadRequest, "invalid_payload"
	default:
		h.uses++
		if err := s.show(h, args); err != nil { //nolint:contextcheck // what it delivers outlives the request
			rec.Status, rec.Error = http.StatusInternalServerError, err.Error()
		}
	}
	w.WriteHeader(rec.Status)
	if rec.Error != "" {
		_, _ = w.Write([]byte(rec.Error))
		return
	}
	_, _ = w.Write([]byte("ok"))
}

// answered shows what came with the ack of a command: a message, or bare text.
func (s *Server) answered(h *hook, body []byte) {
	args := map[string]string{}
	if body[0] != '{' || flatten(body, args) != nil {
		args = map[string]string{"text": strings.TrimSpace(string(body))}
		var text string
		if json.Unmarshal(body, &text) == nil {
			args["text"] = text
		}
	}
	if args["text"] == "" && args["blocks"] == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.show(h, args); err != nil {
		s.problem("bad_answer", "the answer to a command: %v", err)
	}
}

// show does what a response says: it takes the message away, changes it, or
// posts one to the user or to all.
func (s *Server) show(h *hook, args map[string]string) error {
	e := h.message
	old := e != nil && !e.Deleted
	switch {
	case truth(args["delete_original"]) && old:
		s.withdraw(e)
		return nil
	case truth(args["replace_original"]) && old:
		before := s.wire(e, false)
		if err := s.fill(&e.Message, args); err != nil {
			return err
		}
		if e.To != "" {
			s.version(e)
		} else {
			s.edited(e, before)
		}
		return nil
	}
	m := &entry{Message: Message{Channel: h.channel, User: s.opts.BotUser, BotID: s.opts.BotID, Thread: args["thread_ts"]}}
	if args["response_type"] != "in_channel" {
		m.To = h.user
	}
	if err := s.fill(&m.Message, args); err != nil {
		return err
	}
	s.put(m)
	if m.To == "" {
		s.announce(m)
	}
	return nil
}

// withdraw takes a message away; of an ephemeral one nobody is told.
func (s *Server) withdraw(e *entry) {
	if e.To != "" {
		s.erase(e)
		return
	}
	s.gone(e)
}
