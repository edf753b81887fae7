package teamstest

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A rate holds in all of its spans, at any speed.
func TestOver(t *testing.T) {
	for name, c := range map[string]struct {
		rate  *rate
		scale float64
		every time.Duration // between calls
		most  int           // calls that pass before the first that does not, of 2000
	}{
		"burst":              {sending, 1, 0, 7},
		"two seconds":        {sending, 1, 200 * time.Millisecond, 8},
		"half a minute":      {sending, 1, 400 * time.Millisecond, 60},
		"an hour":            {sending, 1, 1900 * time.Millisecond, 1800},
		"slow enough":        {sending, 1, 2 * time.Second, 2000},
		"faster":             {sending, 100, 20 * time.Millisecond, 2000},
		"reading":            {reading, 1, 0, 14},
		"of the bot":         {overall, 1, 0, 50},
		"of the bot, slower": {overall, 1, 20 * time.Millisecond, 2000},
	} {
		s := &Server{opts: Options{Scale: c.scale}}
		w, now, passed := &window{}, time.Now(), 0
		for ; passed < 2000 && s.over(w, c.rate, now) == 0; passed++ {
			now = now.Add(c.every)
		}
		if passed != c.most {
			t.Errorf("%s: %d passed, want %d", name, passed, c.most)
		}
		if passed == 2000 {
			continue
		}
		wait := s.over(w, c.rate, now)
		if got := s.over(w, c.rate, now.Add(wait-time.Nanosecond)); got != time.Nanosecond {
			t.Errorf("%s: %v before the wait was over it was %v", name, time.Nanosecond, got)
		}
		if s.over(w, c.rate, now.Add(wait)) != 0 {
			t.Errorf("%s: still too fast after the wait", name)
		}
	}
}

// Slow calls before a burst do not make it longer.
func TestOverLater(t *testing.T) {
	s := &Server{opts: Options{Scale: 1}}
	w, now, passed := &window{}, time.Now(), 0
	for range 20 {
		now = now.Add(10 * time.Second)
		if s.over(w, sending, now) != 0 {
			t.Fatal("slow calls are too fast")
		}
	}
	now = now.Add(10 * time.Second)
	for ; s.over(w, sending, now) == 0; passed++ {
		if passed > 7 {
			break
		}
	}
	if passed != 7 {
		t.Errorf("a burst of %d passed", passed)
	}
}

func TestThrottle(t *testing.T) {
	st := start(t, Options{Scale: 0.01}) // the windows are long, so that a slow machine does not matter
	for range 7 {
		st.post(st.group, text("a"))
	}
	status, n, h := st.call("POST", "conversations/"+st.group+"/activities", text("a"))
	if status != http.StatusTooManyRequests || h.Get("Retry-After") == "" || n.node("error").text("code") != "Throttled" {
		t.Errorf("the eighth: %d %v %v", status, n, h)
	}
	st.forgive(ruleFast)
	st.post(st.channel, text("in another conversation"))
	if got := len(st.Messages(st.group)); got != 7 {
		t.Errorf("%d messages", got)
	}
}

func TestFaults(t *testing.T) {
	st := start(t, Options{Unlimited: true})
	send := func() (int, http.Header) {
		status, _, h := st.call("POST", "conversations/"+st.group+"/activities", text("a"))
		return status, h
	}
	count := func() int { return len(st.Messages(st.group)) }
	st.Inject("send", Fault{Status: http.StatusBadGateway, AfterAccepting: true, Times: 2})
	st.Inject("*", Fault{Status: http.StatusPreconditionFailed})
	for i, want := range []int{http.StatusBadGateway, http.StatusBadGateway, http.StatusPreconditionFailed, http.StatusCreated} {
		if got, _ := send(); got != want {
			t.Errorf("call %d: %d, want %d", i, got, want)
		}
	}
	if calls := st.Calls("send"); count() != 3 || !calls[0].Lost || calls[2].Lost || calls[2].Error != "PreconditionFailed" {
		t.Errorf("%d messages, calls %+v", count(), calls)
	}
	st.Inject("send", Fault{Status: http.StatusTooManyRequests})
	if got, h := send(); got != http.StatusTooManyRequests || h.Get("Retry-After") != "" {
		t.Errorf("429 without: %d %v", got, h)
	}
	st.Inject("send", Fault{Status: http.StatusTooManyRequests, RetryAfter: time.Hour})
	if got, h := send(); got != http.StatusTooManyRequests || h.Get("Retry-After") != "3600" {
		t.Errorf("429: %d %v", got, h)
	}
	if got, _ := send(); got != http.StatusTooManyRequests {
		t.Errorf("too early: %d", got)
	}
	st.forgive(ruleEarly)
	st.Heal()
	if got, _ := send(); got != http.StatusCreated || count() != 4 {
		t.Errorf("healed: %d, %d messages", got, count())
	}
}

func TestHang(t *testing.T) {
	st := start(t, Options{})
	for _, after := range []bool{false, true} {
		st.Inject("send", Fault{Hang: true, AfterAccepting: after})
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, st.ServiceURL()+"v3/conversations/"+st.group+"/activities",
			strings.NewReader(string(encode(text("a")))))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+st.token(connectorScope))
		failed := make(chan error)
		go func() {
			resp, err := http.DefaultClient.Do(r)
			if err == nil {
				_ = resp.Body.Close()
			}
			failed <- err
		}()
		calls := 1
		if after {
			calls = 2
		}
		st.wait(func() bool { return len(st.Calls("send")) == calls })
		cancel()
		if <-failed == nil {
			t.Error("it was answered")
		}
	}
	if got := len(st.Messages(st.group)); got != 1 {
		t.Errorf("%d messages, want the one that was accepted", got)
	}
}
