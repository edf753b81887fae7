package slack

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const mentionBody = `{"type":"event_callback","team_id":"T1","api_app_id":"A111","event_id":"Ev1",` +
	`"authorizations":[{"team_id":"T1","user_id":"U0BOT","is_bot":true}],` +
	`"event":{"type":"app_mention","user":"U1","text":"<@U0BOT> secret words","channel":"C1","ts":"1.000100"}}`

// What is not signed for this app by Slack, now, is refused without a word of it.
func TestARequestThatIsNotOurs(t *testing.T) {
	body, now := []byte(mentionBody), time.Now()
	for name, c := range map[string]struct {
		change func(r *http.Request)
		body   string
		at     time.Time
		status int
	}{
		"right":         {status: http.StatusOK},
		"unsigned":      {change: func(r *http.Request) { r.Header.Del("X-Slack-Signature") }, status: http.StatusUnauthorized},
		"without time":  {change: func(r *http.Request) { r.Header.Del("X-Slack-Request-Timestamp") }, status: http.StatusUnauthorized},
		"forged":        {change: func(r *http.Request) { r.Header.Set("X-Slack-Signature", "v0="+strings.Repeat("0", 64)) }, status: http.StatusUnauthorized},
		"stale":         {at: now.Add(-301 * time.Second), status: http.StatusUnauthorized},
		"future":        {at: now.Add(302 * time.Second), status: http.StatusUnauthorized},
		"another app":   {body: strings.Replace(mentionBody, "A111", "A999", 1), status: http.StatusUnauthorized},
		"2 MB":          {body: mentionBody + strings.Repeat(" ", 2<<20), status: http.StatusRequestEntityTooLarge},
		"no JSON":       {body: "{", status: http.StatusOK},
		"invalid UTF-8": {body: strings.Replace(mentionBody, "secret", "\xff\xfe", 1), status: http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			in := &inbox{asked: map[string]bool{}}
			p := offline(t, in, body)
			var log bytes.Buffer
			p.opt.Log = slog.New(slog.NewTextHandler(&log, nil))
			at, sent := c.at, []byte(c.body)
			if at.IsZero() {
				at = now
			}
			if c.body == "" {
				sent = body
			}
			r := signedRequest(t, p.opt.SigningSecret.Reveal(), pathEvents, sent, at)
			if c.change != nil {
				c.change(r)
			}
			w := httptest.NewRecorder()
			p.Handler(nil).ServeHTTP(w, r)
			p.tasks.Wait()
			if w.Code != c.status {
				t.Errorf("answered %d, want %d", w.Code, c.status)
			}
			if refused := c.status != http.StatusOK; refused && (len(in.jobs()) > 0 || strings.Count(log.String(), "\n") != 1) {
				t.Errorf("%d jobs, log %q", len(in.jobs()), log.String())
			}
			if strings.Contains(log.String(), "words") {
				t.Errorf("the log repeats the body: %s", log.String())
			}
		})
	}
}

func TestAReplayHasNoEffect(t *testing.T) {
	in := &inbox{asked: map[string]bool{}}
	p := offline(t, in, []byte(mentionBody))
	now := time.Now()
	p.now = func() time.Time { return now }
	send := func() int {
		w := httptest.NewRecorder()
		p.Handler(nil).ServeHTTP(w, signedRequest(t, p.opt.SigningSecret.Reveal(), pathEvents, []byte(mentionBody), now.Add(-200*time.Second)))
		p.tasks.Wait()
		return w.Code
	}
	in.err = errStale // the store is away: nothing was taken
	if got := send(); got != http.StatusServiceUnavailable {
		t.Errorf("not taken, but answered %d", got)
	}
	in.err = nil
	for range 3 {
		if got := send(); got != http.StatusOK {
			t.Errorf("answered %d", got)
		}
	}
	if n := len(in.mentions); n != 1 {
		t.Errorf("taken %d times", n)
	}
}

func TestAWorkspaceOfNobody(t *testing.T) {
	in := &inbox{asked: map[string]bool{}}
	p := offline(t, in, []byte(mentionBody))
	p.opt.Lookups.Org = func(string) (string, bool) { return "", false }
	w := httptest.NewRecorder()
	p.Handler(nil).ServeHTTP(w, signedRequest(t, p.opt.SigningSecret.Reveal(), pathEvents, []byte(mentionBody), time.Now()))
	if w.Code != http.StatusUnauthorized || len(in.jobs()) > 0 {
		t.Errorf("answered %d with %d jobs", w.Code, len(in.jobs()))
	}
}

// A member of a workspace that we share a channel with is marked before anybody
// looks at rules.
func TestSomebodyOfAnotherWorkspace(t *testing.T) {
	in := &inbox{asked: map[string]bool{}}
	p := offline(t, in, []byte(mentionBody))
	p.opt.Lookups.Org = func(team string) (string, bool) { return org, team == "T1" }
	body := strings.Replace(mentionBody, `"user":"U1"`, `"user":"U1","user_team":"T9"`, 1)
	w := httptest.NewRecorder()
	p.Handler(nil).ServeHTTP(w, signedRequest(t, p.opt.SigningSecret.Reveal(), pathEvents, []byte(body), time.Now()))
	p.tasks.Wait()
	if all := in.jobs(); len(all) != 1 || all[0].Actor.Outsider == "" || all[0].Actor.Tenant != "T9" {
		t.Errorf("actor %+v", all)
	}
}

func FuzzTake(f *testing.F) {
	f.Add(kindEvents, []byte(mentionBody))
	f.Add(kindInteractive, []byte(`{"type":"block_actions","api_app_id":"A111","team":{"id":"T1"},"user":{"id":"U1"},"actions":[{"action_id":"b/0/approve","value":"{\"verb\":\"approve\"}"}]}`))
	f.Add(kindInteractive, []byte(`{"type":"view_submission","view":{"callback_id":"card","private_metadata":"{}","state":{"values":{}}}}`))
	f.Add(kindSlash, []byte(`{"team_id":"T1","user_id":"U1","channel_id":"C1","trigger_id":"1.2","text":"scan"}`))
	f.Add("hello", []byte(`{}`))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		p := offline(t, &inbox{asked: map[string]bool{}}, nil)
		a, err := p.take(t.Context(), kind, body)
		if err != nil {
			return
		}
		if _, err := a.raw(); err != nil {
			t.Error(err)
		}
	})
}

func FuzzWords(f *testing.F) {
	f.Add("<@U0BOT> see <https://example.com|example> and <!here> in <#C1|ops> &lt;b&gt;")
	f.Fuzz(func(t *testing.T, text string) {
		if got := words(text, "U0BOT", func(u string) string { return u }); strings.Contains(got, "<@U0BOT>") && !strings.Contains(text, "&") {
			t.Errorf("%q still mentions the bot: %q", text, got)
		}
	})
}
