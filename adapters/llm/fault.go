package llm

import (
	"net/http"
	"strconv"
	"strings"

	"interlock/agent"
)

// Fault reads a provider's answer that is not a success: its HTTP status, the
// code (or else the type) that the body names, and its message. A code that
// means one thing decides by itself; otherwise the status does. The message
// decides only where the status stands for several things (400, 403, 404, 422,
// 429). An error inside a stream has status 0 or 200: its code stands in.
func Fault(status int, code, message string) agent.Fault {
	code = strings.ToLower(strings.TrimSpace(code))
	if f, ok := faults[code]; ok {
		return f
	}
	if status < 300 {
		status = stands(code)
	}
	if ambiguous(status) {
		text := strings.ToLower(code + " " + message)
		for _, s := range says {
			if s.words.MatchString(text) {
				return s.fault
			}
		}
	}
	if status == 0 && code == "" && message == "" {
		return agent.FaultProtocol
	}
	return byStatus(status)
}

// stands is the HTTP status that a code of an error in a stream equals, or 0.
func stands(code string) int {
	if n, err := strconv.Atoi(code); err == nil && n >= 400 && n < 600 {
		return n
	}
	return statuses[code]
}

// ambiguous tells that providers use the status for several faults; 0 is an
// error in a stream whose code is unknown.
func ambiguous(status int) bool {
	switch status {
	case 0, http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound,
		http.StatusUnprocessableEntity, http.StatusTooManyRequests:
		return true
	}
	return false
}

func byStatus(status int) agent.Fault {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return agent.FaultKey
	case http.StatusPaymentRequired:
		return agent.FaultCredit
	case http.StatusRequestEntityTooLarge:
		return agent.FaultTooLong
	case http.StatusTooManyRequests:
		return agent.FaultRateLimit
	case 0, http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly,
		http.StatusFailedDependency, 499: // 499: the provider's own proxy gave up
		return agent.FaultOverload
	case http.StatusNotImplemented:
		return agent.FaultRequest
	}
	if status >= 500 {
		return agent.FaultOverload
	}
	return agent.FaultRequest
}
