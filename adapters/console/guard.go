package console

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Limits of one request.
const (
	longestBody = 64 << 10 // bytes of a form
	longestText = 4000     // characters of one message or reason
)

// policy is the whole Content-Security-Policy: our own files and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// guard lets in only what a browser on one of our own pages sends.
func (p *Platform) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		switch {
		case !p.opt.Remote && !loopback(r.RemoteAddr):
			http.Error(w, "This console serves its own machine only. Set console.remote to change that.", http.StatusForbidden)
		case !p.knownHost(r.Host):
			http.Error(w, "This name is not known here. Open the console by localhost, or add the name to console.hosts.", http.StatusMisdirectedRequest)
		case (r.Method != http.MethodGet && r.Method != http.MethodHead || r.URL.Path == "/events") && !ownPage(r):
			http.Error(w, "This request does not come from a page of the console. Reload the page and try again.", http.StatusForbidden)
		default:
			r.Body = http.MaxBytesReader(w, r.Body, longestBody)
			next.ServeHTTP(w, r)
		}
	})
}

func secure(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin") // "no-referrer" would make the Origin of our own forms "null"
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
	h.Set("Cache-Control", "no-store")
}

func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}

// knownHost keeps a foreign name that resolves to this machine (DNS rebinding)
// from reading it.
func (p *Platform) knownHost(hostport string) bool {
	host := bareHost(hostport)
	return slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, host) ||
		slices.ContainsFunc(p.opt.Hosts, func(h string) bool { return host != "" && bareHost(h) == host })
}

// bareHost is a Host header without its port, brackets and capitals.
func bareHost(hostport string) string {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(hostport, "["), "]")
	}
	return strings.ToLower(host)
}

// ownPage believes the two headers that a browser sets itself and no script of
// another site can forge. A request with neither is refused.
func ownPage(r *http.Request) bool {
	if o := r.Header.Get("Origin"); o != "" {
		u, err := url.Parse(o)
		return err == nil && (u.Scheme == "http" || u.Scheme == "https") && strings.EqualFold(u.Host, r.Host)
	}
	return r.Header.Get("Sec-Fetch-Site") == "same-origin"
}
