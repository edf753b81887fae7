package slack

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// rows reads a file of one JSON object a line.
func rows[T any](t *testing.T, name string) (all []T) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata/received", name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for s := bufio.NewScanner(f); s.Scan(); {
		var v T
		if err := json.Unmarshal(s.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

func TestSignatures(t *testing.T) {
	type vector struct {
		Name, Secret, Timestamp, Body, Signature, Why string
		Accept                                        bool
		Now                                           int64
	}
	all := rows[vector](t, "signature_vectors.jsonl")
	if len(all) == 0 {
		t.Fatal("no vectors")
	}
	for _, v := range all {
		err := verify(v.Secret, v.Timestamp, v.Signature, []byte(v.Body), time.Unix(v.Now, 0))
		if (err == nil) != v.Accept {
			t.Errorf("%s (%s): %v, accept is %v", v.Name, v.Why, err, v.Accept)
		}
	}
	ok := all[0]
	for name, sig := range map[string]string{
		"upper case version": "V0" + ok.Signature[2:], "no version": ok.Signature[3:], "empty": "", "cut": ok.Signature[:20],
		"longer": ok.Signature + "00", "not hex": "v0=" + strings.Repeat("z", 64),
	} {
		if verify(ok.Secret, ok.Timestamp, sig, []byte(ok.Body), time.Unix(ok.Now, 0)) == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if verify("", ok.Timestamp, ok.Signature, []byte(ok.Body), time.Unix(ok.Now, 0)) == nil {
		t.Error("accepted without a secret")
	}
}

// sent is one body as Slack sends it.
type sent struct{ File, Kind, Expect string }

// request is how a body comes in over HTTP.
func (s sent) request(body []byte) (path string, raw []byte) {
	switch {
	case s.Kind == "slash_command" && strings.HasSuffix(s.File, ".txt"):
		return pathCommands, body
	case s.Kind == "slash_command":
		var flat map[string]any
		if json.Unmarshal(body, &flat) != nil {
			return pathCommands, body
		}
		form := url.Values{}
		for k, v := range flat {
			form.Set(k, strings.Trim(strings.TrimSpace(toText(v)), `"`))
		}
		return pathCommands, []byte(form.Encode())
	case s.Kind == "event_callback", s.Kind == "url_verification", s.Kind == "app_rate_limited", strings.HasPrefix(s.File, "shapes/"):
		return pathEvents, body
	}
	return pathInteractions, []byte(url.Values{"payload": {string(body)}}.Encode())
}

func toText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

func signedRequest(t *testing.T, secret, path string, body []byte, at time.Time) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewReader(body))
	stamp := strconv.FormatInt(at.Unix(), 10)
	r.Header.Set("X-Slack-Request-Timestamp", stamp)
	r.Header.Set("X-Slack-Signature", sign(secret, stamp, body))
	return r
}

// Every body that Slack was seen to send is answered, and starts a session only
// where it should.
func TestWhatSlackSends(t *testing.T) {
	all := rows[sent](t, "expectations.jsonl")
	files, err := filepath.Glob("testdata/received/*/*")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, s := range all {
		known[s.File] = true
	}
	for _, f := range files {
		name := strings.TrimPrefix(f, "testdata/received/")
		if !known[name] {
			kind := strings.SplitN(filepath.Base(name), ".", 2)[0]
			all = append(all, sent{File: name, Kind: kind, Expect: "ack; anything"})
		}
	}
	for _, s := range all {
		t.Run(s.File, func(t *testing.T) { s.play(t) })
	}
}

func (s sent) play(t *testing.T) {
	body, err := os.ReadFile(filepath.Join("testdata/received", s.File))
	if err != nil {
		t.Fatal(err)
	}
	in := &inbox{asked: map[string]bool{}}
	p := offline(t, in, body)
	if s.Kind == "socketmode" || strings.Contains(s.File, "socketmode") {
		var e struct {
			Type    string
			Payload json.RawMessage
		}
		if err := json.Unmarshal(body, &e); err != nil {
			t.Fatal(err)
		}
		if _, err := p.take(t.Context(), e.Type, e.Payload); err != nil {
			t.Error(err)
		}
		return
	}
	path, raw := s.request(body)
	w := httptest.NewRecorder()
	p.Handler(nil).ServeHTTP(w, signedRequest(t, p.opt.SigningSecret.Reveal(), path, raw, time.Now()))
	p.tasks.Wait()
	if w.Code != http.StatusOK {
		t.Errorf("answered %d", w.Code)
	}
	jobs := len(in.jobs())
	switch {
	case strings.Contains(s.Expect, "one session") && jobs != 1:
		t.Errorf("%d sessions, want one", jobs)
	case strings.Contains(s.Expect, "no session") && jobs != 0:
		t.Errorf("%d sessions, want none", jobs)
	case strings.Contains(s.Expect, "challenge") && !strings.Contains(w.Body.String(), "challenge"):
		t.Errorf("answered %q", w.Body.String())
	}
}
