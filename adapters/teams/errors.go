package teams

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"interlock/bot"
)

// unsentError is what failed before anything was sent: we could not log in.
type unsentError struct{ error }

func (e *unsentError) Unwrap() error { return e.error }

// posted says what is known of a request that failed. Without access everything
// waits: it is posted when the registration is mended.
func posted(err error) *bot.PostError {
	var (
		told *statusError
		held *heldError
		in   *loginError
		none *unsentError
	)
	switch {
	case errors.As(err, &held):
		return &bot.PostError{Refused: true, After: held.wait, Err: err}
	case errors.As(err, &in):
		return &bot.PostError{Refused: true, After: max(in.Retry, time.Minute), Err: err}
	case errors.As(err, &none):
		return &bot.PostError{Refused: true, After: time.Second, Err: err}
	case errors.Is(err, errUnknownPlace): // until somebody writes there, or the app is added
		return &bot.PostError{Refused: true, After: 5 * time.Minute, Err: err}
	case errors.Is(err, errUntrusted):
		return &bot.PostError{Refused: true, Permanent: true, Err: err}
	case errors.As(err, &told):
		return answered(told, err)
	}
	var op *net.OpError
	dialled := errors.As(err, &op) && op.Op == "dial" // nothing was ever sent
	return &bot.PostError{Refused: dialled && !errors.Is(err, context.DeadlineExceeded), Err: err}
}

// answered sorts what Microsoft says. By its documentation 412, 502 and 504 are
// to be tried again: whether the message is there is not said.
func answered(told *statusError, err error) *bot.PostError {
	switch told.Status {
	case http.StatusTooManyRequests:
		return &bot.PostError{Refused: true, After: told.After, Err: err}
	case http.StatusUnauthorized:
		return &bot.PostError{Refused: true, After: 5 * time.Second, Err: err} // with a new token; if that is not taken either, somebody must mend the registration
	case http.StatusForbidden, http.StatusNotFound:
		return &bot.PostError{Refused: true, Permanent: true, Says: "the conversation is not there any more, or the app is not in it", Err: err}
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusRequestEntityTooLarge:
		return &bot.PostError{Refused: true, Permanent: true, Err: err}
	case http.StatusPreconditionFailed, http.StatusRequestTimeout:
		return &bot.PostError{Err: err}
	}
	return &bot.PostError{Refused: told.Status < http.StatusInternalServerError, Err: err}
}

// isStatus tells whether Microsoft answered so.
func isStatus(err error, status int) bool {
	var told *statusError
	return errors.As(err, &told) && told.Status == status
}
