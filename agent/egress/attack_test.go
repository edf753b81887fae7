package egress

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func allRules() []Rule {
	return []Rule{
		{Name: "api", Host: "api.example.com", Methods: []string{"GET", "POST"}, Paths: []string{"/acme", "/away", "/echo"}},
		{Name: "web", Host: "www.example.com"},
		{Name: "plain", Host: "www.example.com", Ports: []uint16{80}},
		{Name: "rebind", Host: "rebind.example.com", Ports: []uint16{80, 443}},
	}
}

// TestRefusedBeforeTheTunnel holds attacks that are answered, each in a world
// in which the honest request beside it succeeds.
func TestRefusedBeforeTheTunnel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, allRules()...)
	for _, honest := range []string{connectTo("www.example.com:443"), connectTo("API.example.com.:443"), fetchText("http://www.example.com/a", "www.example.com", "")} {
		if code, body := say(t, w.dial(t), honest); code != http.StatusOK {
			t.Fatalf("the honest request got %d %s", code, body)
		}
	}
	for name, c := range map[string]struct {
		text string
		want int
	}{
		"metadata v4":         {fetchText("http://169.254.169.254/latest", "169.254.169.254", ""), 403},
		"metadata v6":         {connectTo("[fd00:ec2::254]:443"), 403},
		"metadata alibaba":    {connectTo("100.100.100.200:443"), 403},
		"metadata name":       {connectTo("metadata.google.internal:443"), 403},
		"private":             {connectTo("10.0.0.1:443"), 403},
		"mapped":              {connectTo("[::ffff:127.0.0.1]:443"), 403},
		"hex short":           {connectTo("0x7f.1:443"), 403},
		"decimal":             {connectTo("2130706433:443"), 403},
		"unlisted resolver":   {connectTo("dns.example.org:443"), 403},
		"rebinding tunnel":    {connectTo("rebind.example.com:443"), 403},
		"rebinding plain":     {fetchText("http://rebind.example.com/", "rebind.example.com", ""), 403},
		"port 22":             {connectTo("www.example.com:22"), 403},
		"port 6379":           {connectTo("www.example.com:6379"), 403},
		"other token":         {strings.Replace(connectTo("www.example.com:443"), testToken, "token-of-that-session", 1), 407},
		"no token":            {"CONNECT www.example.com:443 HTTP/1.1\r\nHost: www.example.com:443\r\n\r\n", 407},
		"connect host header": {strings.Replace(connectTo("www.example.com:443"), "Host: www", "Host: api", 1), 403},
		"plain host header":   {fetchText("http://www.example.com/", "api.example.com", ""), 403},
		"redirect followed":   {fetchText("http://evil.example.net/", "evil.example.net", ""), 403},
		"websocket":           {fetchText("http://www.example.com/", "www.example.com", "Connection: Upgrade\r\nUpgrade: websocket\r\n"), 403},
		"h2c":                 {fetchText("http://www.example.com/", "www.example.com", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"), 403},
		"h2 preface":          {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
		"both lengths":        {fetchText("http://www.example.com/", "www.example.com", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 400},
		"two lengths":         {fetchText("http://www.example.com/", "www.example.com", "Content-Length: 3\r\nContent-Length: 3\r\n"), 400},
		"folded header":       {fetchText("http://www.example.com/", "www.example.com", "A: b\r\n c: d\r\n"), 400},
		"space before colon":  {fetchText("http://www.example.com/", "www.example.com", "Content-Length : 3\r\n"), 400},
		"bare newline":        {fetchText("http://www.example.com/", "www.example.com", "A: b\nC: d\r\n"), 400},
		"odd encoding":        {fetchText("http://www.example.com/", "www.example.com", "Transfer-Encoding: xchunked\r\n"), 400},
		"large head":          {fetchText("http://www.example.com/", "www.example.com", "A: "+strings.Repeat("a", 40<<10)+"\r\n"), 431},
		"userinfo":            {fetchText("http://a@www.example.com/", "www.example.com", ""), 403},
		"https absolute":      {fetchText("https://www.example.com/", "www.example.com", ""), 403},
		"dot segment":         {fetchText("http://www.example.com/a/../b", "www.example.com", ""), 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, body := say(t, w.dial(t), c.text)
			if code != c.want || !strings.HasPrefix(body, "egress refused ") || strings.Count(body, "\n") != 1 {
				t.Errorf("got %d %q, want %d", code, body, c.want)
			}
		})
	}
}

func TestServerNameMustAgree(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, allRules()...)
	for _, host := range []string{"www.example.com", "api.example.com"} {
		if _, err := w.inside(t, host, strings.ToUpper(host[:1])+host[1:]); err != nil {
			t.Errorf("honest %s: %v", host, err)
		}
		if _, err := w.inside(t, host, "evil.example.net"); err == nil {
			t.Errorf("%s: another server name got through", host)
		}
	}
	if !w.trail.has(Allowed) || !w.trail.has(Refused) {
		t.Error("the trail lacks a verdict")
	}
}

func TestNotTLSIsCut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, allRules()...)
	c := w.dial(t)
	if code, _ := say(t, c, connectTo("www.example.com:443")); code != 200 {
		t.Fatal(code)
	}
	if code, _ := say(t, c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); code != 0 {
		t.Errorf("plain text got an answer: %d", code)
	}
}

func TestInsideTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, allRules()...)
	for name, c := range map[string]struct {
		line, host, more string
		want             int
	}{
		"honest":          {"GET /acme/x?q=1", "api.example.com", "", 200},
		"redirect passed": {"GET /away", "api.example.com", "", 302},
		"other account":   {"GET /attacker/x", "api.example.com", "", 403},
		"prefix only":     {"GET /acmeevil", "api.example.com", "", 403},
		"other method":    {"DELETE /acme/x", "api.example.com", "", 403},
		"other host":      {"GET /acme", "www.example.com", "", 403},
		"dots":            {"GET /acme/../attacker", "api.example.com", "", 403},
		"encoded dots":    {"GET /acme/%2e%2e/attacker", "api.example.com", "", 403},
		"encoded slash":   {"GET /acme%2fx", "api.example.com", "", 403},
		"double encoding": {"GET /acme/%252e", "api.example.com", "", 403},
		"websocket":       {"GET /acme", "api.example.com", "Connection: upgrade\r\nUpgrade: websocket\r\n", 403},
		"relayed connect": {"CONNECT www.example.com:443", "www.example.com:443", "", 403},
		"absolute form":   {"GET http://www.example.com/", "api.example.com", "", 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc, err := w.inside(t, "api.example.com", "api.example.com")
			if err != nil {
				t.Fatal(err)
			}
			if code, body := say(t, tc, c.line+" HTTP/1.1\r\nHost: "+c.host+"\r\n"+c.more+"\r\n"); code != c.want {
				t.Errorf("got %d %q, want %d", code, body, c.want)
			}
		})
	}
}

func TestUploadCap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Limits.Up = 64 << 10 }, allRules()...)
	post := func(head, body string) int {
		text := strings.Replace(fetchText("http://www.example.com/", "www.example.com", head), "GET", "POST", 1)
		code, _ := say(t, w.dial(t), text+body)
		return code
	}
	if code := post("Content-Length: 5\r\n", "12345"); code != 200 {
		t.Fatalf("a small upload got %d", code)
	}
	if code := post("Content-Length: 209715200\r\n", ""); code != 413 {
		t.Errorf("a declared large upload got %d", code)
	}
	chunk := "8000\r\n" + strings.Repeat("x", 0x8000) + "\r\n"
	if code := post("Transfer-Encoding: chunked\r\n", strings.Repeat(chunk, 4)+"0\r\n\r\n"); code == 200 {
		t.Error("an undeclared large upload got through")
	}
}

func TestFenceCutsWhatIsOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, allRules()...)
	tc, err := w.inside(t, "api.example.com", "api.example.com")
	if err != nil {
		t.Fatal(err)
	}
	w.fence.down.Store(true)
	if err := <-w.served; !errors.Is(err, ErrFenced) {
		t.Fatalf("serve ended with %v", err)
	}
	if _, err := tc.Read(make([]byte, 1)); err == nil {
		t.Error("the open connection lived on")
	}
}

func TestFenceIsAskedAtEachRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.Limits.Watch = time.Hour }, allRules()...)
	w.fence.down.Store(true)
	if code, _ := say(t, w.dial(t), fetchText("http://www.example.com/", "www.example.com", "")); code != 403 {
		t.Errorf("a fenced session got %d", code)
	}
}

func TestInjectors(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secret")
	for name, c := range map[string]struct {
		in   Injector
		want string
	}{
		"bearer": {BearerFile{"forge", path}, "Bearer s3cret"},
		"basic":  {BasicFile{"forge", "bot", path}, "Basic Ym90OnMzY3JldA=="},
		"absent": {BearerFile{"other", path}, ""},
	} {
		if err := os.WriteFile(path, []byte("s3cret\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		w := newWorld(t, func(o *Options) { o.Injector = c.in }, Rule{Host: "api.example.com", Scope: "forge", Ports: []uint16{80, 443}})
		tc, err := w.inside(t, "api.example.com", "api.example.com")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, _ = tc.Write([]byte("GET /echo HTTP/1.1\r\nHost: api.example.com\r\nAuthorization: mine\r\n\r\n"))
		}()
		buf := make([]byte, 4096)
		n, _ := tc.Read(buf)
		if c.want == "" {
			if !strings.HasPrefix(string(buf[:n]), "HTTP/1.1 403") || w.seen.Load() != nil {
				t.Errorf("%s: %s", name, buf[:n])
			}
			continue
		}
		if got := w.seen.Load(); got == nil || got.Header.Get("Authorization") != c.want {
			t.Errorf("%s: the server saw %v", name, got)
		}
		if strings.Contains(string(buf[:n]), c.want) {
			t.Errorf("%s: the answer holds the secret", name)
		}
		if code, _ := say(t, w.dial(t), fetchText("http://api.example.com/", "api.example.com", "")); code != 403 {
			t.Errorf("%s: plain http with a scope got %d", name, code)
		}
	}
}
