package console

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"interlock/agent"
	"interlock/bot"
)

// sent is one server-sent event.
type sent struct{ id, name, data string }

// live opens a stream over a real connection and gives its events one by one.
func (r *room) live(t *testing.T, path, last string) (next func() sent, leave func()) {
	t.Helper()
	srv := httptest.NewServer(r.handler(r.in))
	t.Cleanup(srv.Close)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Sec-Fetch-Site", "same-origin")
	if last != "" {
		q.Header.Set("Last-Event-ID", last)
	}
	q.AddCookie(&http.Cookie{Name: r.cookie(true), Value: r.seal(session{ID: "s", Person: "alice", Ends: r.now().Add(time.Hour)})})
	resp, err := srv.Client().Do(q)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s: %d", path, resp.StatusCode)
	}
	t.Cleanup(func() { cancel(); _ = resp.Body.Close() })
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	return func() (s sent) {
		for lines.Scan() {
			switch l := lines.Text(); {
			case l == "" && s.name != "":
				return s
			case strings.HasPrefix(l, "id: "):
				s.id = l[4:]
			case strings.HasPrefix(l, "event: "):
				s.name = l[7:]
			case strings.HasPrefix(l, "data: "):
				s.data += l[6:] + "\n"
			}
		}
		return sent{name: "end"}
	}, cancel
}

func (r *room) line(t *testing.T, id, text string) bot.Message {
	t.Helper()
	m, err := r.messages.Say(t.Context(), bot.Message{ID: id, Org: "acme", Thread: thread("t1"), Author: actor("bob", "Bob"), Text: text, At: testTime()})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEvents(t *testing.T) {
	t.Parallel()
	r := started(t, nil)
	ref := r.posts(t, approvalCard())
	next, _ := r.live(t, "/events?channel=infra&thread=t1&after=1", "")
	if e := next(); e.name != "message" || e.id != "2" || !strings.Contains(e.data, "Change payments-prod?") {
		t.Fatalf("what came after Seq 1: %+v", e)
	}
	if e := next(); e.name != "progress" || strings.TrimSpace(e.data) != "" {
		t.Fatalf("progress at the beginning: %+v", e)
	}
	r.Show("acme", thread("t1"), "running <tofu_plan>")
	if e := next(); e.name != "progress" || e.id != "" || strings.TrimSpace(e.data) != "running &lt;tofu_plan&gt;" {
		t.Errorf("%+v", e)
	}
	r.line(t, "m2", "looks right")
	if e := next(); e.name != "message" || e.id != "3" || !strings.Contains(e.data, "looks right") {
		t.Errorf("%+v", e)
	}
	c := approvalCard()
	c.Buttons, c.Status = nil, "applied"
	if err := r.Edit(t.Context(), "acme", ref, c); err != nil {
		t.Fatal(err)
	}
	e := next()
	if e.name == "progress" { // it may go first
		e = next()
	}
	if e.id != "4" || !strings.Contains(e.data, `id="m-row-approval"`) || strings.Contains(e.data, "<button") {
		t.Errorf("%+v", e)
	}
}

// A browser that comes back names the last event it got and misses nothing,
// whatever the page's own address says.
func TestEventsResume(t *testing.T) {
	t.Parallel()
	r := started(t, nil)
	for i := range batch + 50 {
		r.line(t, "m"+strconv.Itoa(i), "line "+strconv.Itoa(i))
	}
	next, leave := r.live(t, "/events?channel=infra&thread=t1&after=0", "")
	var last sent
	for range 100 {
		last = next()
	}
	leave()
	if last.id != "100" {
		t.Fatalf("%+v", last)
	}
	r.line(t, "late", "said while away")
	again, _ := r.live(t, "/events?channel=infra&thread=t1&after=0", last.id)
	for i := 101; i <= batch+52; i++ {
		if e := again(); e.id != strconv.Itoa(i) {
			t.Fatalf("event %d: %+v", i, e)
		}
	}
}

func TestEventsOfChannel(t *testing.T) {
	t.Parallel()
	r := started(t, func(o *Options) {
		o.Checklist = func() []Item { return []Item{{"engine", "done", ""}, {"stack", "done", ""}} }
	})
	next, _ := r.live(t, "/events?channel=infra&after=0", "")
	if e := next(); e.name != "topic" || e.id != "1" || !strings.Contains(e.data, "check payments-prod") || !strings.Contains(e.data, "no replies") {
		t.Errorf("%+v", e)
	}
	if e := next(); e.name != "checklist" || !strings.Contains(e.data, "Ready: engine, stack") {
		t.Errorf("%+v", e)
	}
	r.posts(t, approvalCard())
	if e := next(); e.name != "topic" || e.id != "2" || !strings.Contains(e.data, "1 reply") || !strings.Contains(e.data, "waiting for 1 of 1 approvals") {
		t.Errorf("%+v", e)
	}
}

func TestSince(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		header, after string
		want          int64
	}{{"", "", 0}, {"7", "3", 7}, {"", "3", 3}, {"x", "3", 3}, {"-1", "3", 3}, {"99999999999999999999", "", 0}, {"", "-5", 0}} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/events?after="+c.after, nil)
		r.Header.Set("Last-Event-ID", c.header)
		if got := since(r); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

func TestCloseEndsStreams(t *testing.T) {
	t.Parallel()
	r := started(t, nil)
	next, _ := r.live(t, "/events?channel=infra&thread=t1", "")
	next()
	r.Close()
	r.Close()
	for e := next(); e.name != "end"; e = next() {
		if e.name != "progress" {
			t.Errorf("%+v", e)
		}
	}
	r.messages.mu.Lock()
	defer r.messages.mu.Unlock()
	if len(r.messages.watch) > 1 {
		t.Errorf("%d watchers", len(r.messages.watch))
	}
}

// quiet is a response writer that keeps what it got.
type quiet struct {
	http.ResponseWriter
	text strings.Builder
}

func (q *quiet) Write(b []byte) (int, error) { return q.text.Write(b) }
func (q *quiet) Flush()                      {}

// In the time of a bubble: a removed person's stream ends at a heartbeat, a
// present one's goes on; the demo's preparation is looked at every second.
func TestStreamOverTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var state atomic.Value
		state.Store("running")
		r := newRoom(t, func(o *Options) { o.Checklist = func() []Item { return []Item{{"image", state.Load().(string), ""}} } })
		r.now = time.Now
		open := func(person string) (*quiet, chan struct{}) {
			q, ended := &quiet{ResponseWriter: httptest.NewRecorder()}, make(chan struct{})
			v, _ := view(session{ID: "s", Person: person, Ends: time.Now().Add(time.Hour)}, r.who)
			s := &stream{p: r.Platform, v: v, at: place{Channel: "infra"}, out: q, ctl: http.NewResponseController(q)}
			go func() {
				defer close(ended)
				s.run(t.Context(), make(chan struct{}), make(chan struct{}))
			}()
			return q, ended
		}
		alice, aliceEnded := open("alice")
		_, bobEnded := open("bob")
		time.Sleep(1500 * time.Millisecond)
		state.Store("done")
		time.Sleep(time.Second)
		synctest.Wait()
		want(t, alice.text.String(), "running", "Ready: image")
		r.remove("bob")
		time.Sleep(3 * heartbeat)
		synctest.Wait()
		select {
		case <-bobEnded:
		default:
			t.Error("a removed person still looks on")
		}
		select {
		case <-aliceEnded:
			t.Error("a present person was sent away")
		default:
		}
		want(t, alice.text.String(), ": still here")
		r.Close()
		<-aliceEnded
	})
}

func TestHub(t *testing.T) {
	t.Parallel()
	h := newHub()
	a := agent.Thread{Platform: Name, Channel: "c", ID: "a"}
	nudges, leave, ok := h.join()
	if !ok {
		t.Fatal("the first stream is refused")
	}
	for range 10 { // nobody takes the nudges, and show does not wait
		h.show(a, strings.Repeat("x", 1000), testTime())
	}
	<-nudges
	if got := h.line(a, testTime()); len(got) != longestShown {
		t.Errorf("%d characters", len(got))
	}
	if h.line(a, testTime().Add(progressFades)) != "" {
		t.Error("an old line is shown")
	}
	for i := range 2 * mostProgress {
		h.show(agent.Thread{ID: strconv.Itoa(i)}, "x", testTime().Add(time.Duration(i+1)))
	}
	if len(h.lines) != mostProgress || h.line(a, testTime()) != "" {
		t.Errorf("%d lines", len(h.lines))
	}
	newest := agent.Thread{ID: strconv.Itoa(2*mostProgress - 1)}
	h.clear(newest)
	if h.line(newest, testTime()) != "" {
		t.Error("not cleared")
	}
	leave()
	for range mostStreams {
		_, _, ok = h.join()
	}
	if _, _, more := h.join(); !ok || more {
		t.Errorf("the last stream %v, one more %v", ok, more)
	}
}

// What is said while a channel's page is being read comes again on its stream.
func TestPageThenStream(t *testing.T) {
	t.Parallel()
	r := started(t, nil)
	other := bot.Message{ID: "t2", Org: "acme", Thread: thread("t2"), Author: actor("bob", "Bob"), Text: "scan", At: testTime()}
	if _, err := r.messages.Say(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		r.line(t, "m"+strconv.Itoa(i), "line")
	}
	tp, err := r.topics(t.Context(), viewer{}, "infra", 1)
	if err != nil || len(tp.Topics) != 2 || tp.Seq != 2 {
		t.Errorf("%d threads, Seq %d, %v: want the newest Seq of the first messages", len(tp.Topics), tp.Seq, err)
	}
}
