package slack

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// checkSlack answers each method with what is given; Date is its own clock.
type checkSlack struct {
	answers map[string]string
	scopes  string
	ahead   time.Duration
	tokens  map[string]string // what came, by method
}

func (s *checkSlack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	text := s.answers[method+" "+r.FormValue("channel")]
	if text == "" {
		text = s.answers[method]
	}
	s.tokens[method] = r.FormValue("token") + strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	w.Header().Set("Date", time.Now().Add(-s.ahead).UTC().Format(http.TimeFormat))
	w.Header().Set("X-OAuth-Scopes", s.scopes)
	switch text {
	case "500":
		w.WriteHeader(http.StatusInternalServerError)
	case "302":
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	default:
		_, _ = w.Write([]byte(text))
	}
}

func checkWell() *checkSlack {
	var names []string
	for _, s := range scopes {
		names = append(names, s.Name)
	}
	return &checkSlack{scopes: strings.Join(names, ","), tokens: map[string]string{}, answers: map[string]string{
		"auth.test":             `{"ok":true,"team":"Acme","team_id":"T1","user":"interlock","user_id":"U1","bot_id":"B1"}`,
		"bots.info":             `{"ok":true,"bot":{"id":"B1","app_id":"A1"}}`,
		"apps.connections.open": `{"ok":true,"url":"wss://127.0.0.1:1/"}`,
		"conversations.info":    `{"ok":true,"channel":{"id":"C1","name":"payments","is_member":true}}`,
	}}
}

func checkRun(t *testing.T, s *checkSlack, section string, tokens Tokens, rooms ...string) []Check {
	t.Helper()
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	c, err := configLoad(t, section, "INTERLOCK_SLACK_API_URL="+srv.URL+"/api/")
	if err != nil {
		t.Fatal(err)
	}
	return Checks(t.Context(), c, tokens, rooms)
}

// checkLines is what a person reads of it.
func checkLines(all []Check) (lines []string) {
	for _, c := range all {
		line := c.Name + ": " + c.Found
		if w := Warning(""); errors.As(c.Err, &w) {
			line = c.Name + ": WARN " + c.Err.Error()
		} else if c.Err != nil {
			line = c.Name + ": WRONG " + c.Err.Error()
		}
		if c.Err != nil && c.Fix != "" {
			line += "; fix: " + c.Fix
		}
		lines = append(lines, line)
	}
	return lines
}

func TestChecksWell(t *testing.T) {
	t.Parallel()
	s := checkWell()
	got := checkLines(checkRun(t, s, configSocket, nil, "C1"))
	want := []string{
		"slack token: workspace Acme (T1), bot @interlock (U1)", "slack app: A1", "slack scopes: all 14", "slack C1: #payments, the bot is in it",
		"slack socket: the app-level token may open one",
	}
	if len(got) != len(want)+1 || !slices.Equal(got[:len(want)], want) || !strings.HasPrefix(got[len(want)], "slack clock: ") || strings.Contains(got[len(want)], "W") {
		t.Errorf("%q", got)
	}
	if s.tokens["auth.test"] != "xoxb-hush" || s.tokens["apps.connections.open"] != "xapp-hush" {
		t.Errorf("%q", s.tokens)
	}
}

func TestChecksWrong(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		set  func(s *checkSlack)
		want string
	}{
		{"revoked", checkAnswer("auth.test", "token_revoked"), "slack token: WRONG the token was revoked: the app was uninstalled, or somebody took its access away (token_revoked); fix: install"},
		{"unknown", checkAnswer("auth.test", "invalid_auth"), "slack token: WRONG unknown to Slack"},
		{"uninstalled", checkAnswer("auth.test", "account_inactive"), "slack token: WRONG the app was uninstalled"},
		{"unheard of", checkAnswer("auth.test", "brand_new_error"), "slack token: WRONG refused by Slack (brand_new_error)"},
		{"broken", func(s *checkSlack) { s.answers["auth.test"] = "500" }, "slack token: WRONG no answer from slack.api_url"},
		{"elsewhere", func(s *checkSlack) { s.answers["auth.test"] = "302" }, "slack token: WRONG no answer from slack.api_url"},
		{"no JSON", func(s *checkSlack) { s.answers["auth.test"] = "<html>" }, "slack token: WRONG no answer from Slack"},
		{"other app", func(s *checkSlack) { s.answers["bots.info"] = `{"ok":true,"bot":{"app_id":"A2"}}` }, "slack app: WRONG slack.bot_token is of the app A2, slack.app_id is A1"},
		{"app unknown", checkAnswer("bots.info", "missing_scope"), "slack app: WRONG ask which app the token is of: the token lacks the scope users:read"},
		{"scope", func(s *checkSlack) { s.scopes = strings.ReplaceAll(s.scopes, "files:write", "pins:read") }, "slack scopes: WRONG missing: files:write (lost: long plans as files, and charts on cards); fix: paste"},
		{"no scope", func(s *checkSlack) { s.scopes = "" }, "slack scopes: WRONG missing: app_mentions:read (lost: mentions), assistant:write"},
		{"more", func(s *checkSlack) { s.scopes += ", users:read.email" }, "slack scopes: WARN the token permits more than is used: users:read.email"},
		{"no channel", checkAnswer("conversations.info", "channel_not_found"), "slack C1: WRONG there is no such channel, or it is private and the bot is not in it; fix: in the channel, say /invite @interlock"},
		{"not in it", checkChannel(`"is_member":false`), "slack C1: WRONG the bot is not in #payments: it hears and says nothing there; fix: in the channel, say /invite @interlock"},
		{"archived", checkChannel(`"is_member":true,"is_archived":true`), "slack C1: WRONG #payments is archived"},
		{"no scope for it", checkAnswer("conversations.info", "missing_scope"), "slack C1: WRONG the token lacks the scope"},
		{"bot token as app token", checkAnswer("apps.connections.open", "not_allowed_token_type"), "slack socket: WRONG this is another kind of token"},
		{"fast", func(s *checkSlack) { s.ahead = 2 * time.Minute }, "slack clock: WARN this machine's clock is 2m"},
		{"slow", func(s *checkSlack) { s.ahead = -2 * time.Minute }, "slow; fix: switch on"},
		{"wrong", func(s *checkSlack) { s.ahead = 10 * time.Minute }, "slack clock: WRONG this machine's clock is 10m"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := checkWell()
			tc.set(s)
			got := checkLines(checkRun(t, s, configSocket, nil, "C1"))
			if !slices.ContainsFunc(got, func(l string) bool { return strings.Contains(l, tc.want) }) {
				t.Errorf("%q is not in\n%s", tc.want, strings.Join(got, "\n"))
			}
			if n := len(slices.DeleteFunc(got, func(l string) bool { return !strings.Contains(l, ": W") })); n != 1 {
				t.Errorf("%d are wrong, not one:\n%s", n, strings.Join(got, "\n"))
			}
			if strings.Contains(strings.Join(got, "\n"), "hush") {
				t.Error("a token is repeated")
			}
		})
	}
}

func checkAnswer(method, word string) func(s *checkSlack) {
	return func(s *checkSlack) {
		b, _ := json.Marshal(map[string]any{"ok": false, "error": word, "needed": "users:read", "provided": "x"})
		s.answers[method] = string(b)
	}
}

func checkChannel(rest string) func(s *checkSlack) {
	return func(s *checkSlack) {
		s.answers["conversations.info C1"] = `{"ok":true,"channel":{"id":"C1","name":"payments",` + rest + `}}`
	}
}

// Without an answer from the bot token, the rest of it is not asked; the socket
// is, for it has a token of its own.
func TestChecksGoOn(t *testing.T) {
	t.Parallel()
	s := checkWell()
	checkAnswer("auth.test", "token_revoked")(s)
	got := checkLines(checkRun(t, s, configSocket, nil, "C1"))
	if len(got) != 3 || !strings.HasPrefix(got[1], "slack socket") || s.tokens["conversations.info"] != "" {
		t.Errorf("%q", got)
	}
	s = checkWell()
	if got := checkLines(checkRun(t, s, "slack: {app_id: A1, bot_token: env:BOT, signing_secret: env:SIGN}", nil)); len(got) != 4 || s.tokens["apps.connections.open"] != "" {
		t.Errorf("by HTTP: %q", got)
	}
	s.tokens = nil // nothing listens where the address points
	c := rotateConfig(t, configSocket+"  api_url: http://127.0.0.1:1/\n")
	if got := checkLines(Checks(t.Context(), c, nil, nil)); len(got) != 2 || !strings.Contains(got[0], "no answer from Slack") || strings.Contains(got[0], "hush") {
		t.Errorf("nobody there: %q", got)
	}
}

// A token that rotates is read where it is kept, and not replaced by looking.
func TestChecksRotating(t *testing.T) {
	t.Parallel()
	c := rotateConfig(t, rotateSection)
	k := &rotateKept{t: Token{Access: "xoxe.xoxb-kept", Seed: NewRotor(c, nil, nil, nil).seed}}
	s := checkWell()
	if got := checkLines(checkRun(t, s, rotateSection, k)); s.tokens["auth.test"] != "xoxe.xoxb-kept" || k.saves > 0 {
		t.Errorf("%q: %q", s.tokens, got)
	}
	k.broken = context.DeadlineExceeded
	if got := checkLines(checkRun(t, s, rotateSection, k)); len(got) != 1 || !strings.Contains(got[0], "read the kept bot token") {
		t.Errorf("%q", got)
	}
	if checkRun(t, s, rotateSection, nil); s.tokens["auth.test"] != "xoxe.xoxb-hush" {
		t.Errorf("%q", s.tokens)
	}
}

// Whatever Slack puts into the header, nobody is told that all is there.
func FuzzScopes(f *testing.F) {
	f.Add("chat:write,commands")
	f.Add(", ,chat:write ,, chat:write")
	f.Fuzz(func(t *testing.T, header string) {
		c := checkScopes([]string{header})
		for _, s := range scopes {
			if !strings.Contains(header, s.Name) && (c.Err == nil || !strings.Contains(c.Err.Error(), s.Name)) {
				t.Fatalf("%s is not missed in %q: %v", s.Name, header, c.Err)
			}
		}
	})
}
