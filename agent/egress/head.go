package egress

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

var (
	errHead  = errors.New("malformed or ambiguous request head")
	errLarge = errors.New("request head too large")
)

// readHead reads one request. The raw head is judged before it is parsed: a
// parser that repairs a request hides what the next server will see.
func readHead(br *bufio.Reader, limit int) (*request, error) {
	head, err := peekHead(br, limit)
	if err != nil {
		return nil, err
	}
	host, err := checkHead(head)
	if err != nil {
		return nil, err
	}
	size := len(head)
	req, err := http.ReadRequest(br)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errHead, err)
	}
	return &request{Request: req, size: size, hostHeader: host}, nil
}

// request is a request with what the parser of the standard library drops.
type request struct {
	*http.Request
	size       int
	hostHeader string
}

func (r *request) hasBody() bool { return r.ContentLength != 0 }

func peekHead(br *bufio.Reader, limit int) ([]byte, error) {
	for n := 1; ; n = br.Buffered() + 1 {
		if n > limit {
			return nil, errLarge
		}
		if _, err := br.Peek(n); err != nil {
			return nil, err
		}
		b, err := br.Peek(min(br.Buffered(), limit))
		if err != nil {
			return nil, err
		}
		if i := bytes.Index(b, []byte("\r\n\r\n")); i >= 0 {
			return b[:i+4], nil
		}
	}
}

func checkHead(head []byte) (string, error) {
	lines := strings.Split(strings.TrimSuffix(string(head), "\r\n\r\n"), "\r\n")
	seen, host := map[string]int{}, ""
	if len(lines) > 101 || strings.Count(lines[0], " ") != 2 || !plainText(lines[0]) || strings.Contains(lines[0], "#") {
		return "", errHead
	}
	for _, l := range lines[1:] {
		name, value, ok := strings.Cut(l, ":")
		if !ok || !token(name) || strings.ContainsAny(value, "\r\n\x00") {
			return "", errHead
		}
		name = strings.ToLower(name)
		if seen[name]++; name == "transfer-encoding" && strings.TrimSpace(value) != "chunked" {
			return "", errHead
		}
		if name == "host" {
			host = strings.Trim(value, " \t")
		}
	}
	te, cl := seen["transfer-encoding"], seen["content-length"]
	if te > 1 || cl > 1 || te+cl > 1 || seen["host"] != 1 || seen["proxy-authorization"] > 1 {
		return "", errHead
	}
	return host, nil
}

func plainText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e })
}

func token(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		alnum := r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		return !alnum && !strings.ContainsRune("!#$%&'*+-.^`|~", r) // underscores are read as hyphens by some servers
	})
}

// upgrades says whether a request tries to leave HTTP/1.1.
func upgrades(h http.Header) bool {
	for _, v := range h.Values("Connection") {
		if strings.Contains(strings.ToLower(v), "upgrade") {
			return true
		}
	}
	return h.Get("Upgrade") != "" || h.Get("Http2-Settings") != ""
}

// stripHops removes what holds for one connection only, and headers by which
// a server may read another method, host or path than the one judged.
func stripHops(h http.Header) {
	for _, v := range h.Values("Connection") {
		for name := range strings.SplitSeq(v, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range []string{
		"Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade", "Http2-Settings", "Expect",
		"X-Http-Method-Override", "X-Http-Method", "X-Method-Override", "X-Original-Url",
		"X-Rewrite-Url", "X-Forwarded-Host", "X-Original-Host", "Forwarded",
	} {
		h.Del(name)
	}
}
