package slacktest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
)

// app takes deliveries by HTTP and answers as it is told to.
type app struct {
	t      *testing.T
	server *Server
	answer func(path string, n int, w http.ResponseWriter)

	mu     sync.Mutex
	bodies map[string][]string // by path
	heads  map[string][]http.Header
}

// listen starts an app that the workspace delivers to.
func listen(t *testing.T, s *Server, answer func(path string, n int, w http.ResponseWriter)) *app {
	a := &app{t: t, server: s, answer: answer, bodies: map[string][]string{}, heads: map[string][]http.Header{}}
	h := httptest.NewServer(a)
	t.Cleanup(h.Close)
	t.Cleanup(s.Close) // before the app goes
	s.DeliverTo(Endpoints{Events: h.URL + "/events", Interactions: h.URL + "/interactions", Commands: h.URL + "/commands"})
	return a
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	v, err := slack.NewSecretsVerifier(r.Header, a.server.Options().SigningSecret)
	if err == nil {
		_, _ = v.Write(body)
		err = v.Ensure()
	}
	if err != nil {
		a.t.Errorf("the signature of %s: %v", body, err)
	}
	a.mu.Lock()
	a.bodies[r.URL.Path] = append(a.bodies[r.URL.Path], string(body))
	a.heads[r.URL.Path] = append(a.heads[r.URL.Path], r.Header)
	n := len(a.bodies[r.URL.Path])
	a.mu.Unlock()
	if a.answer != nil {
		a.answer(r.URL.Path, n, w)
	}
}

func (a *app) got(path string) ([]string, []http.Header) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.bodies[path], a.heads[path]
}

func TestMentionByHTTP(t *testing.T) {
	s, _ := start(t, Options{})
	a := listen(t, s, nil)
	ts := s.Say("C1", "", "U1", "<@U0BOT> plan web &amp; api")
	wait(t, s, func() bool { return acked(s) == 2 })
	bodies, heads := a.got("/events")
	kinds, ids := map[string]string{}, map[string]bool{}
	for i, b := range bodies {
		e, err := slackevents.ParseEvent([]byte(b), slackevents.OptionNoVerifyToken())
		if err != nil {
			t.Fatal(err)
		}
		switch in := e.InnerEvent.Data.(type) {
		case *slackevents.AppMentionEvent:
			kinds["app_mention"] = in.TimeStamp + in.User + in.Channel
		case *slackevents.MessageEvent:
			kinds["message"] = in.TimeStamp + in.User + in.Channel
			if in.ChannelType != "channel" || in.Text != "<@U0BOT> plan web &amp; api" {
				t.Errorf("message: %+v", in)
			}
		}
		ids[e.Data.(*slackevents.EventsAPICallbackEvent).EventID] = true
		if heads[i].Get("X-Slack-Retry-Num") != "" {
			t.Error("a first delivery says that it is a retry")
		}
	}
	if kinds["app_mention"] != ts+"U1C1" || kinds["message"] != ts+"U1C1" || len(ids) != 2 {
		t.Errorf("events: %v %v", kinds, ids)
	}
}

func acked(s *Server) int {
	n := 0
	for _, d := range s.Deliveries() {
		if d.Acked {
			n++
		}
	}
	return n
}

func TestRetriesByHTTP(t *testing.T) {
	s, _ := start(t, Options{Scale: 600, Patience: 300 * time.Millisecond})
	slow := make(chan struct{})
	a := listen(t, s, func(_ string, n int, w http.ResponseWriter) {
		switch n {
		case 1:
			w.WriteHeader(http.StatusInternalServerError)
		case 2:
			<-slow
		case 3:
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(http.StatusFound)
		}
	})
	t.Cleanup(func() { close(slow) })
	began := time.Now()
	s.Say("C1", "", "U1", "hello")
	wait(t, s, func() bool { return acked(s) == 1 })
	if took := time.Since(began); took < s.scaled(6*time.Minute) {
		t.Errorf("four attempts took %v, which is faster than the schedule", took)
	}
	d := s.Deliveries()[0]
	_, heads := a.got("/events")
	var said []string
	for _, h := range heads {
		said = append(said, h.Get("X-Slack-Retry-Num")+h.Get("X-Slack-Retry-Reason"))
	}
	if got := strings.Join(said, " "); got != " 1http_error 2http_timeout 3http_error" || len(d.Attempts) != 4 || d.GaveUp || d.Attempts[1].Err == "" {
		t.Errorf("retries: %q, %+v", got, d.Attempts)
	}
}

func TestGivesUp(t *testing.T) {
	for name, c := range map[string]struct {
		header string
		want   int
	}{"all": {"", 4}, "no retry": {"1", 1}} {
		t.Run(name, func(t *testing.T) {
			s, _ := start(t, Options{Scale: 60000, Patience: time.Second})
			listen(t, s, func(_ string, _ int, w http.ResponseWriter) {
				w.Header().Set("X-Slack-No-Retry", c.header)
				w.WriteHeader(http.StatusServiceUnavailable)
			})
			s.Say("C1", "", "U1", "hello")
			wait(t, s, func() bool { return s.Deliveries()[0].GaveUp })
			if d := s.Deliveries()[0]; len(d.Attempts) != c.want || d.Acked {
				t.Errorf("attempts: %+v", d.Attempts)
			}
		})
	}
}

func TestCommandByHTTP(t *testing.T) {
	s, _ := start(t, Options{})
	a := listen(t, s, func(_ string, _ int, w http.ResponseWriter) { _, _ = io.WriteString(w, `{"text":"seen"}`) })
	if o := s.Slash("U1", "C1", "/ops", "status & more"); !o.OK {
		t.Fatal(o.Err)
	}
	bodies, heads := a.got("/commands")
	v, err := url.ParseQuery(bodies[0])
	if err != nil || v.Get("command") != "/ops" || v.Get("text") != "status & more" || v.Get("user_name") != "ann" || heads[0].Get("Content-Type") != formType {
		t.Errorf("command: %v %v", v, err)
	}
	if p := s.Private("U1"); len(p) != 1 || p[0].Text != "seen" {
		t.Errorf("shown: %+v", p)
	}
}

// An app that is too slow for a click: the person sees that it failed, and Slack
// sends no other.
func TestSlowClick(t *testing.T) {
	s, api := start(t, Options{Patience: 50 * time.Millisecond})
	hold := make(chan struct{})
	a := listen(t, s, func(path string, _ int, _ http.ResponseWriter) {
		if path == "/interactions" {
			<-hold
		}
	})
	t.Cleanup(func() { close(hold) })
	ts := card(t, api)
	if o := s.Click("U2", "C1", ts, "Go"); o.OK || o.Err == "" {
		t.Errorf("outcome: %+v", o)
	}
	if bodies, _ := a.got("/interactions"); len(bodies) != 1 {
		t.Errorf("%d clicks came", len(bodies))
	}
}

func TestVerifyURL(t *testing.T) {
	s, _ := start(t, Options{})
	a := listen(t, s, func(_ string, n int, w http.ResponseWriter) {
		if n == 1 {
			_, _ = io.WriteString(w, "wrong")
		}
	})
	if err := s.VerifyURL(t.Context()); err == nil {
		t.Error("a wrong answer was taken")
	}
	a.answer = func(_ string, _ int, w http.ResponseWriter) {
		bodies, _ := a.got("/events")
		_, after, _ := strings.Cut(bodies[len(bodies)-1], `"challenge":"`)
		challenge, _, _ := strings.Cut(after, `"`)
		_, _ = io.WriteString(w, challenge)
	}
	if err := s.VerifyURL(t.Context()); err != nil {
		t.Error(err)
	}
}

// card posts a message with a button and a select.
func card(t *testing.T, api *slack.Client) string {
	t.Helper()
	text := func(s string) *slack.TextBlockObject { return slack.NewTextBlockObject("plain_text", s, false, false) }
	_, ts, err := api.PostMessageContext(t.Context(), "C1", slack.MsgOptionText("card", false), slack.MsgOptionBlocks(
		slack.NewActionBlock("row", slack.NewButtonBlockElement("go", "v1", text("Go")),
			slack.NewOptionsSelectBlockElement("static_select", text("Why"), "why", slack.NewOptionBlockObject("a", text("A"), nil)))))
	if err != nil {
		t.Fatal(err)
	}
	return ts
}
