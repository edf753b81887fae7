package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"interlock/bot"
)

// Judge says what an answer means for the message. Nil is taken. What is asked to wait,
// and what a server could not do, is tried again; anything else that it refuses will
// never be taken, and no redirect is followed.
func Judge(status int, retryAfter string, answer []byte) *bot.PostError {
	if status >= 200 && status < 300 {
		return nil
	}
	pe := &bot.PostError{Refused: status < 500, After: wait(retryAfter), Err: said(status, answer)}
	switch {
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests, status >= 500:
	default:
		pe.Permanent = true
	}
	return pe
}

// longestWait bounds what a service can ask for.
const longestWait = time.Hour

func wait(retryAfter string) time.Duration {
	if n, err := strconv.Atoi(retryAfter); err == nil && n > 0 {
		return min(time.Duration(min(n, int(longestWait/time.Second)))*time.Second, longestWait)
	}
	if at, err := http.ParseTime(retryAfter); err == nil {
		return max(0, min(time.Until(at), longestWait))
	}
	return 0
}

// said is the status, with the service's own words if it gave some in the usual form.
func said(status int, answer []byte) error {
	text := fmt.Sprintf("it answered %d %s", status, http.StatusText(status))
	if why := reason(answer); why != "" {
		text += ": " + why
	}
	return errors.New(strings.TrimSpace(text))
}

// reason reads {"message": ..., "errors": [...]}, which comes from outside.
func reason(answer []byte) string {
	var a struct {
		Message string   `json:"message"`
		Errors  []string `json:"errors"`
	}
	if json.Unmarshal(answer, &a) != nil {
		return ""
	}
	parts := append([]string{a.Message}, a.Errors...)
	return bot.Safe(strings.Trim(strings.Join(parts, "; "), "; "))
}

// Cut shortens a text to what a service takes, in characters.
func Cut(text string, most int) string {
	r := []rune(text)
	if len(r) <= most {
		return text
	}
	return string(r[:most-1]) + "…"
}
