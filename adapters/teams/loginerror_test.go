package teams

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// entraSays is an error as Entra writes it, with the password where a careless
// server could repeat it.
func entraSays(code string, number int) string {
	b, err := json.Marshal(map[string]any{
		"error": code, "error_codes": []int{number}, "trace_id": "trace-sentinel",
		"error_description": fmt.Sprintf("AADSTS%d: About %s and app '%s'.\r\nTrace ID: trace-sentinel", number, testPassword, testApp),
	})
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestWhyALoginFailed(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		code   string
		number int
		advice string
	}{
		"wrong password":      {401, entraSays("invalid_client", 7000215), "invalid_client", 7000215, "put its value (not its id) into teams.app_password"},
		"old password":        {401, entraSays("invalid_client", 7000222), "invalid_client", 7000222, "has expired"},
		"unknown app":         {400, entraSays("unauthorized_client", 700016), "unauthorized_client", 700016, "teams.app_id and teams.tenant_id"},
		"unknown tenant":      {400, entraSays("invalid_request", 90002), "invalid_request", 90002, "no such tenant"},
		"app switched off":    {400, entraSays("unauthorized_client", 7000112), "unauthorized_client", 7000112, "switched off"},
		"unknown scope":       {400, entraSays("invalid_scope", 70011), "invalid_scope", 70011, "teams.scope"},
		"something new":       {400, entraSays("unheard_of", 1), "unheard_of", 1, "look at teams.login_url"},
		"busy":                {429, entraSays("temporarily_unavailable", 90055), "temporarily_unavailable", 90055, "tried again"},
		"down":                {503, "<html>", "", 0, "tried again"},
		"no JSON":             {400, "<html>" + testPassword, "", 0, "look at teams.login_url"},
		"a code that is none": {400, `{"error":"` + testPassword + " " + testPassword + `","error_description":"x AADSTS1: y"}`, "", 0, "look at"},
		"a code of capitals":  {400, `{"error":"EVIL\nLINE"}`, "", 0, "look at"},
		"an object for a code": {
			400, `{"error":{"code":"invalid_client"}}`, "", 0, "look at",
		},
		"a number too long": {400, `{"error":"invalid_client","error_description":"AADSTS12345678901: x"}`, "invalid_client", 0, "teams.app_password"},
		"a redirect":        {302, "", "", 0, "follows no redirect"},
	} {
		e := &entra{status: c.status, body: c.body + " "}
		_, err := e.login(t).token(t.Context())
		var refused *loginError
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if refused.Status != c.status || refused.Code != c.code || refused.Number != c.number || !strings.Contains(err.Error(), c.advice) {
			t.Errorf("%s: %+v", name, *refused)
		}
		for _, shown := range []string{err.Error(), fmt.Sprintf("%+v", *refused), fmt.Sprintf("%#v", refused)} {
			if strings.Contains(shown, testPassword) || strings.Contains(shown, "trace") || strings.Contains(shown, testApp) || strings.Contains(shown, "\n") {
				t.Errorf("%s: %s", name, shown)
			}
		}
	}
}

func TestARefusalIsKeptForAWhile(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		after  string
		want   time.Duration // of Retry
		hold   time.Duration
	}{
		"seconds":        {429, "30", 30 * time.Second, 30 * time.Second},
		"a date":         {503, "Sat, 01 Jan 2000 00:02:00 GMT", 2 * time.Minute, 2 * time.Minute},
		"a day":          {429, "86400", longestRetry, longestRetry},
		"the past":       {503, "Sat, 01 Jan 1999 00:00:00 GMT", 0, loginPause},
		"less than zero": {429, "-5", 0, loginPause},
		"nonsense":       {429, "soon", 0, loginPause},
		"nothing":        {401, "", 0, loginPause},
	} {
		synctest.Test(t, func(t *testing.T) { // which begins at 2000-01-01
			e := &entra{status: c.status, header: http.Header{"Retry-After": {c.after}}, body: " "}
			l := e.login(t)
			_, err := l.token(t.Context())
			var refused *loginError
			if !errors.As(err, &refused) || refused.Retry != c.want {
				t.Fatalf("%s: %v", name, err)
			}
			e.status, e.body = 0, ""
			time.Sleep(c.hold - time.Second)
			if _, again := l.token(t.Context()); !errors.Is(again, err) || e.asked.Load() != 1 {
				t.Errorf("%s: %v, %d requests", name, again, e.asked.Load())
			}
			time.Sleep(time.Second)
			given(t, l, "token-2", name)
		})
	}
}

func FuzzLogin(f *testing.F) {
	f.Add(200, `{"token_type":"Bearer","access_token":"t","expires_in":3600}`, "")
	f.Add(401, entraSays("invalid_client", 7000215), "")
	f.Add(429, `{"error":7}`, "99999999999999999999")
	f.Add(503, `<`, "Sat, 01 Jan 2000 00:02:00 GMT")
	f.Fuzz(func(t *testing.T, status int, body, after string) {
		if token, life, err := granted([]byte(body)); err == nil && (token == "" || life <= 0 || life > tokenLongest || strings.ContainsAny(token, " \r\n")) {
			t.Errorf("%q for %v", token, life)
		}
		e := refusal(&http.Response{StatusCode: status, Header: http.Header{"Retry-After": {after}}}, []byte(body), noon)
		if e.Retry < 0 || e.Retry > longestRetry || strings.Contains(e.Error(), "\n") || len(e.Error()) > 300 {
			t.Errorf("%+v: %v", *e, e)
		}
	})
}
