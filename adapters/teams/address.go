package teams

import (
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
)

// trusted tells whether our token may go to an address that an activity names:
// whoever gets the token can speak as the bot. Only an address below one of
// ServiceURLs is, whole path segments counted, and only over TLS; a test's own
// service on loopback may be plain.
func (c Config) trusted(serviceURL string) bool {
	u, ok := serviceAt(serviceURL)
	return ok && slices.ContainsFunc(c.ServiceURLs, func(entry string) bool {
		e, ok := serviceAt(entry)
		return ok && guarded(e) && sameOrigin(u, e) && strings.HasPrefix(below(u), below(e))
	})
}

// serviceAt reads an address that has one spelling only: nothing in it that two
// readers could take for two different places.
func serviceAt(text string) (*url.URL, bool) {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f }) || strings.ContainsAny(text, `\%?#@`) {
		return nil, false
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || strings.HasSuffix(u.Host, ":") || u.Hostname() == "" {
		return nil, false
	}
	return u, strings.TrimSuffix(u.Path, "/") == strings.TrimSuffix(path.Clean("/"+u.Path), "/")
}

// below is the path as a folder, so that a prefix ends with a segment.
func below(u *url.URL) string { return strings.TrimSuffix(u.Path, "/") + "/" }

// sameOrigin compares what decides which machine is spoken to. A host's case is
// nothing; it is ASCII alone, because other letters fold into ASCII ones.
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && ascii(a.Host) && ascii(b.Host) && strings.EqualFold(a.Host, b.Host)
}

func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= 0x80 })
}

// guarded tells whether nobody between can read or change what is said there.
func guarded(u *url.URL) bool {
	return u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && loopback(u))
}

func loopback(u *url.URL) bool {
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

// sameService compares the address that a token names with the activity's: only
// the case of the host and one slash at the end may differ.
func sameService(claim, activity string) bool {
	a, err := url.Parse(claim)
	if err != nil || a.Host == "" || a.User != nil {
		return false
	}
	b, err := url.Parse(activity)
	if err != nil || b.User != nil || a.RawQuery != b.RawQuery || a.Fragment != b.Fragment {
		return false
	}
	return sameOrigin(a, b) && strings.TrimSuffix(a.EscapedPath(), "/") == strings.TrimSuffix(b.EscapedPath(), "/")
}
