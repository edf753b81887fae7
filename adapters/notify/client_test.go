package notify

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"

	"interlock/bot"
)

// names leads names to addresses of a test's choice.
type names map[string][]string

func (n names) LookupNetIP(_ context.Context, _, host string) (all []netip.Addr, err error) {
	for _, a := range n[host] {
		all = append(all, netip.MustParseAddr(a))
	}
	return all, nil
}

func TestWhereNamesMayLead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		addresses []string
		internal  bool
		refused   bool
	}{
		"this machine":         {[]string{"127.0.0.1"}, false, true},
		"this machine, inside": {[]string{"127.0.0.1"}, true, true},
		"mapped":               {[]string{"::ffff:127.0.0.1"}, true, true},
		"metadata":             {[]string{"169.254.169.254"}, true, true},
		"a cloud's":            {[]string{"168.63.129.16"}, true, true},
		"own network":          {[]string{"10.0.0.7"}, false, true},
		"one of two":           {[]string{"8.8.8.8", "10.0.0.7"}, false, true},
		"link":                 {[]string{"fe80::1"}, true, true},
		"nowhere":              {nil, true, false}, // no such name yet: tried again
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c1 := NewClient(Options{Internal: c.internal, Resolver: names{"hooks.example.com": c.addresses}})
			err := c1.Post(t.Context(), "http://hooks.example.com:9/hush", nil, nil)
			var pe *bot.PostError
			if !errors.As(err, &pe) || !pe.Refused || pe.Permanent != c.refused {
				t.Errorf("answers %+v", err)
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("says %v", err)
			}
		})
	}
	o := Options{Internal: true}
	for a, want := range map[string]bool{"8.8.8.8": true, "10.1.2.3": true, "192.168.1.1": true, "fd00::1": true, "100.64.0.1": false, "0.0.0.0": false, "::1": false} {
		if o.reachable(netip.MustParseAddr(a)) != want {
			t.Errorf("%s is reachable: %v", a, !want)
		}
	}
}

// What is named as an address is where the administrator wants to go.
func TestNamedAddress(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Content-Type") != "application/json" || r.Header.Get("X-Own") != "1" {
			t.Errorf("headers %v", r.Header)
		}
	}))
	defer s.Close()
	if err := NewClient(Options{}).Post(t.Context(), s.URL, http.Header{"X-Own": {"1"}}, []byte("{}")); err != nil {
		t.Error(err)
	}
}

// An answer without end is read no further than it is useful.
func TestLongAnswer(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		for range 1 << 10 {
			if _, err := w.Write([]byte(strings.Repeat("x", 1<<12))); err != nil {
				return
			}
		}
	}))
	defer s.Close()
	if err := NewClient(Options{}).Post(t.Context(), s.URL, nil, nil); err == nil || len(err.Error()) > 1000 {
		t.Errorf("answers %.200v", err)
	}
}

// What a service says is shown to people: it is plain and short whatever it holds.
func FuzzReason(f *testing.F) {
	for _, s := range []string{
		`{"message":"no","errors":["a","b"]}`, `{"message":5}`, `[]`, ``, `{"errors":[""]}`, "{\"message\":\"\x1b[31mred\u202e\"}", `{"message":"` + strings.Repeat("é", 2000) + `"}`,
	} {
		f.Add([]byte(s), "30")
	}
	f.Fuzz(func(t *testing.T, answer []byte, after string) {
		why := reason(answer)
		if !utf8.ValidString(why) || strings.ContainsAny(why, "\x1b\u202e\r") || utf8.RuneCountInString(why) > 700 {
			t.Errorf("says %q", why)
		}
		if w := wait(after); w < 0 || w > longestWait {
			t.Errorf("%q waits %s", after, w)
		}
	})
}

func TestCut(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "", "four": "four", "fives": "fiv…", "éééé": "éééé", "ééééé": "ééé…"} {
		if got := Cut(text, 4); got != want {
			t.Errorf("%q is cut to %q", text, got)
		}
	}
}
