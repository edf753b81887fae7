package llm

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"syscall"

	"interlock/agent"
)

// Lost makes the *agent.ModelError of a request that got no answer, with a
// short cause without the address's query, where a key may be. The end of the
// caller's context is given back as context's own error; a *agent.ModelError
// and nil stay what they are.
func Lost(err error) error {
	var me *agent.ModelError
	switch end := ended(err); {
	case err == nil || errors.As(err, &me):
		return err
	case end != nil:
		return end
	}
	// The cause is not wrapped: a dial's time-out would match
	// context.DeadlineExceeded, and its address may hold a key.
	return &agent.ModelError{Fault: agent.FaultNetwork, Err: errors.New(Cut(cause(err)))}
}

// ended finds context's own error. A deadline counts by identity: the time-outs
// of package net only claim to be it.
func ended(err error) error {
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		if e == context.DeadlineExceeded { //nolint:errorlint // identity is the point
			return e
		}
	}
	return nil
}

// cause says in plain words what happened to a connection.
func cause(err error) string {
	var (
		named    *net.DNSError
		cert     *tls.CertificateVerificationError
		record   tls.RecordHeaderError
		alert    tls.AlertError
		op       *net.OpError
		timedOut net.Error
		at       *url.Error
	)
	switch {
	case errors.Is(err, errRedirect):
		return errRedirect.Error()
	case errors.As(err, &named) && named.IsNotFound:
		return fmt.Sprintf("there is no host named %q", named.Name)
	case errors.As(err, &named):
		return fmt.Sprintf("the name %q cannot be looked up now", named.Name)
	case errors.As(err, &cert):
		return "its certificate is not trusted: " + cert.Err.Error()
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record):
		return "it does not speak TLS: the address may need http:// instead of https://"
	case errors.As(err, &alert):
		return "the TLS handshake failed: " + alert.Error()
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused" + where(err)
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "no route to it" + where(err)
	case errors.As(err, &timedOut) && timedOut.Timeout():
		if errors.As(err, &op) && op.Op == "dial" {
			return "no connection in time" + where(err)
		}
		return "no answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was cut"
	case errors.As(err, &at):
		return bare(at.Err.Error())
	}
	return bare(err.Error())
}

// where names the address of a dial.
func where(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Addr != nil {
		return " by " + op.Addr.String()
	}
	return ""
}

var secretParts = regexp.MustCompile(`\?[^\s"']+|//[^\s/@"']+@`)

// bare takes the query and the user out of the addresses in a text.
func bare(text string) string {
	return secretParts.ReplaceAllStringFunc(text, func(part string) string {
		if part[0] == '/' {
			return "//"
		}
		return ""
	})
}

// longestCause is how much of a provider's message is kept, in characters.
const longestCause = 300

// Cut shortens a provider's message to 300 characters.
func Cut(text string) string {
	n := 0
	for i := range text {
		if n == longestCause {
			return text[:i] + "..."
		}
		n++
	}
	return text
}
