// Package registry speaks the provider registry protocol of OpenTofu, and keeps
// what it fetched and verified in a folder that OpenTofu reads as a mirror. It
// runs nothing of it. It must never know stacks, the sandbox, policy or who asks.
package registry

import (
	"fmt"
	"regexp"
	"strings"
)

// What parts of an address may be. They become parts of paths and URLs, so that
// nothing in them may lead elsewhere.
var (
	hosts     = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$`)
	names     = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)
	versions  = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)
	platforms = regexp.MustCompile(`^[a-z0-9]+_[a-z0-9]+$`)
)

// partLimit is the most bytes of one part of an address.
const partLimit = 128

// Provider is a source address in full.
type Provider struct{ Host, Namespace, Type string }

// ParseProvider reads an address such as registry.opentofu.org/hashicorp/dns. One
// with a part left out, or with a port, is refused.
func ParseProvider(source string) (Provider, error) {
	parts := strings.Split(strings.ToLower(source), "/")
	if len(parts) != 3 || !fits(hosts, parts[0]) || !fits(names, parts[1]) || !fits(names, parts[2]) {
		return Provider{}, fmt.Errorf("%.*q is no source address such as registry.opentofu.org/hashicorp/dns", partLimit, source)
	}
	return Provider{parts[0], parts[1], parts[2]}, nil
}

func fits(r *regexp.Regexp, part string) bool { return len(part) <= partLimit && r.MatchString(part) }

// String is the address as code and lock files have it.
func (p Provider) String() string { return p.Host + "/" + p.Namespace + "/" + p.Type }

// RefusedError is why a provider is not taken. Asking again does not help, until
// somebody did what Why says. Any other error may be gone the next time.
type RefusedError struct {
	Why string // for a person
	Err error  // may be nil
}

// Error is one line for a person.
func (e *RefusedError) Error() string { return e.Why }

// Unwrap is the cause.
func (e *RefusedError) Unwrap() error { return e.Err }

func refuse(format string, args ...any) error {
	return &RefusedError{Why: fmt.Sprintf(format, args...)}
}
