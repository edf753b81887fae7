package teams

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// When a forgery is refused.
const (
	atOnce  = iota // before anything is asked for
	byKeys         // when the keys are known, without asking for others
	unknown        // when its key is not in the set, which is asked for once more
)

// forgery is a header that must not be taken, and what comes with it.
type forgery struct {
	name             string
	header           string
	service, channel string // those of a good activity, when empty
	want             error
	when             int
}

// forge changes claims or headers and signs well: what is refused is refused for
// what it says.
func forge(name string, want error, when int, change func(head, body map[string]any)) forgery {
	return forgery{name: name, header: "Bearer " + mint(change), want: want, when: when}
}

func badClaim(name, as string, value any) forgery {
	return forge(name+" "+as, errUnauthorized, atOnce, func(_, body map[string]any) { body[name] = value })
}

func lacks(name string) forgery {
	return forge(name+" missing", errUnauthorized, atOnce, func(_, body map[string]any) { delete(body, name) })
}

func badHead(name, as string, value any) forgery {
	return forge("header "+name+" "+as, errUnauthorized, atOnce, func(head, _ map[string]any) { head[name] = value })
}

// signedBy says the right things and is signed in some other way.
func signedBy(name, alg string, when int, sign func(string) []byte) forgery {
	h, body := facts()
	h["alg"] = alg
	return forgery{name: name, header: "Bearer " + assemble(asJSON(h), asJSON(body), sign), want: errUnauthorized, when: when}
}

// badText has texts for a header and claims, well signed.
func badText(name, head, body string) forgery {
	h, b := facts()
	if head == "" {
		head = asJSON(h)
	}
	if body == "" {
		body = asJSON(b)
	}
	return forgery{name: name, header: "Bearer " + assemble(head, body, rs256(goodKey())), want: errUnauthorized}
}

func badHeader(name, text string) forgery {
	return forgery{name: "header " + name, header: text, want: errUnauthorized}
}

func TestForgeries(t *testing.T) {
	var trapped atomic.Int64
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { trapped.Add(1) }))
	t.Cleanup(trap.Close)
	all := forgeries(trap.URL)
	names := map[string]bool{}
	for _, f := range all {
		if names[f.name] {
			t.Errorf("two forgeries are called %q", f.name)
		}
		names[f.name] = true
		t.Run(f.name, func(t *testing.T) { f.try(t) })
	}
	t.Logf("%d forgeries", len(all))
	if n := trapped.Load(); n != 0 {
		t.Errorf("%d requests to where a token pointed", n)
	}
}

// try meets a verifier that has asked for nothing yet, and then one that has the
// keys; the good token is taken before and after.
func (f forgery) try(t *testing.T) {
	service, channel := testService, channelTeams
	if f.service != "" {
		service = strings.TrimPrefix(f.service, "none")
	}
	if f.channel != "" {
		channel = strings.TrimPrefix(f.channel, "none")
	}
	a := newAuthority().listen(t)
	refused := func(v *verifier, requests int64, when string) {
		t.Helper()
		before := a.asked.Load()
		err := v.verify(t.Context(), f.header, service, channel)
		if !errors.Is(err, f.want) || errors.Is(err, errUnauthorized) == errors.Is(err, errForbidden) {
			t.Errorf("%s: %v, want %v", when, err, f.want)
		}
		if n := a.asked.Load() - before; n != requests {
			t.Errorf("%s: %d requests, want %d", when, n, requests)
		}
	}
	good := func(v *verifier) {
		t.Helper()
		if err := v.verify(t.Context(), "Bearer "+goodToken(), testService, channelTeams); err != nil {
			t.Errorf("the good token: %v", err)
		}
	}
	requests := int64(2) // the metadata and the set
	if f.when == atOnce {
		requests = 0
	}
	refused(a.verifier(), requests, "without keys")
	v := a.verifier()
	good(v)
	a.clock(v, keysRest)
	if f.when != unknown {
		requests = 0
	}
	refused(v, requests, "with keys")
	refused(v, 0, "again")
	good(v)
}

// clock moves only what says when keys were asked for: tokens stay at noon.
func (*authority) clock(v *verifier, by time.Duration) {
	v.keys.now = func() time.Time { return noon.Add(by) }
}
