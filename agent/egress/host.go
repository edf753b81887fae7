package egress

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	errHost = errors.New("the host must be a dotted name of letters, digits and hyphens, not an address")
	errPath = errors.New("the path has dot segments, encoded slashes, double encoding or control characters")
)

// canonicalHost folds case and drops one trailing dot. Every spelling of an IP
// address is refused: rules speak of names, and names are resolved here.
func canonicalHost(raw string) (string, error) {
	host := strings.ToLower(strings.TrimSuffix(raw, "."))
	if len(host) > 253 || len(raw) > 254 {
		return "", errHost
	}
	labels := strings.Split(host, ".")
	for _, l := range labels {
		if !plainLabel(l) {
			return "", errHost
		}
	}
	if len(labels) < 2 || numeric(labels[len(labels)-1]) {
		return "", errHost
	}
	if last := labels[len(labels)-1]; last == "localhost" || host == "metadata.google.internal" || host == "metadata.goog" {
		return "", fmt.Errorf("%s is a local or metadata name", host)
	}
	return host, nil
}

func plainLabel(l string) bool {
	if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
		return false
	}
	for i := range len(l) {
		if c := l[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// numeric says whether a last label makes a parser read an IPv4 address.
func numeric(l string) bool {
	if strings.HasPrefix(l, "0x") {
		return true
	}
	return strings.Trim(l, "0123456789") == ""
}

// canonicalTarget reads host:port; port 0 as fallback demands a port.
func canonicalTarget(raw string, fallback uint16) (string, uint16, error) {
	name, digits, has := strings.Cut(raw, ":")
	host, err := canonicalHost(name)
	if err != nil {
		return "", 0, err
	}
	if !has && fallback != 0 {
		return host, fallback, nil
	}
	port, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || port == 0 || digits[0] < '1' || digits[0] > '9' {
		return "", 0, errors.New("the port must be a number from 1 to 65535")
	}
	return host, uint16(port), nil
}

// canonicalPath decodes a path once and refuses what two servers could read
// in two ways.
func canonicalPath(escaped string) (string, error) {
	lower := strings.ToLower(escaped)
	for _, bad := range []string{"%2f", "%5c", "%25", "\\", "#", "?"} {
		if strings.Contains(lower, bad) {
			return "", errPath
		}
	}
	clean, err := url.PathUnescape(escaped)
	if err != nil || !strings.HasPrefix(clean, "/") || !utf8.ValidString(clean) {
		return "", errPath
	}
	parts := strings.Split(clean[1:], "/")
	for i, part := range parts {
		bare, _, _ := strings.Cut(part, ";")
		if bare == "." || bare == ".." || (part == "" && i < len(parts)-1) {
			return "", errPath
		}
	}
	if strings.ContainsFunc(clean, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return "", errPath
	}
	return clean, nil
}
