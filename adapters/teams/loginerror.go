package teams

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// longestRetry is how long we let ourselves be sent away: a mistaken answer must
// not silence the bot for a day.
const longestRetry = 10 * time.Minute

// loginError is what Microsoft said when it gave us no token. Its long
// description is left out: it has ids of the request and of the app in it.
type loginError struct {
	Status int
	Code   string        // of OAuth, such as invalid_client; empty when there was none
	Number int           // of AADSTS, such as 7000215; 0 when there was none
	Retry  time.Duration // how long to wait, when it said so; at most 10 minutes
}

// Error is one line for whoever set the bot up.
func (e *loginError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "log in to Microsoft: %d", e.Status)
	if e.Code != "" {
		fmt.Fprintf(&b, " %s", e.Code)
	}
	if e.Number != 0 {
		fmt.Fprintf(&b, " (AADSTS%d)", e.Number)
	}
	b.WriteString(": " + e.advice())
	return b.String()
}

// Temporary tells whether it passes by itself.
func (e *loginError) Temporary() bool {
	return e.Status == http.StatusTooManyRequests || e.Status >= http.StatusInternalServerError
}

// advice says what to do. The numbers are of Microsoft's page "Microsoft Entra
// authentication and authorization error codes"; they may change, so they choose
// words and nothing else.
func (e *loginError) advice() string {
	switch {
	case e.Temporary() && e.Retry > 0:
		return fmt.Sprintf("Microsoft asks us to wait %v: nothing is to be done", e.Retry)
	case e.Temporary():
		return "Microsoft cannot answer now: it is tried again"
	case e.Number == 7000222:
		return "the client secret has expired: make a new one for the app registration and put it into teams.app_password"
	case e.Number == 700016:
		return "the app is not known in this tenant: compare teams.app_id and teams.tenant_id with the app registration"
	case e.Number == 90002 || e.Number == 900021 || e.Number == 900023:
		return "there is no such tenant: compare teams.tenant_id with the app registration"
	case e.Number == 7000112:
		return "the app is switched off in this tenant: an admin of the tenant must switch it on"
	case e.Code == "invalid_client":
		return "the client secret is not right: put its value (not its id) into teams.app_password"
	case e.Code == "unauthorized_client":
		return "the app may not log in here: compare teams.app_id and teams.tenant_id with the app registration"
	case e.Code == "invalid_scope" || e.Code == "invalid_resource":
		return "the scope is not known: look at teams.scope"
	case e.Status >= 300 && e.Status < 400:
		return "it redirects, and a password follows no redirect: look at teams.login_url"
	}
	return "look at teams.login_url, teams.tenant_id and teams.app_id"
}

var (
	oauthCode = regexp.MustCompile(`^[a-z_]{1,40}$`)
	aadNumber = regexp.MustCompile(`^AADSTS([0-9]{1,9})\b`)
)

// refusal keeps of an answer what can hold no secret.
func refusal(resp *http.Response, body []byte, now time.Time) *loginError {
	e := &loginError{Status: resp.StatusCode, Retry: retryAfter(resp.Header.Get("Retry-After"), now)}
	var said struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &said) != nil {
		return e
	}
	if oauthCode.MatchString(said.Code) {
		e.Code = said.Code
	}
	if m := aadNumber.FindStringSubmatch(said.Description); m != nil {
		e.Number, _ = strconv.Atoi(m[1]) // nine digits at most
	}
	return e
}

// retryAfter reads seconds or a date; what is neither is none.
func retryAfter(text string, now time.Time) time.Duration {
	wait := time.Duration(0)
	if secs, err := strconv.ParseInt(text, 10, 32); err == nil {
		wait = time.Duration(secs) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = at.Sub(now)
	}
	return max(0, min(wait, longestRetry))
}
