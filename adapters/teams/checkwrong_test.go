package teams

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/adapters/teams/teamstest"
)

func TestChecksWrong(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		set  func(t *testing.T, w *checkWorld)
		want string
	}{
		{"secret", func(t *testing.T, w *checkWorld) { w.conf.AppPassword = secret(t, "another") }, "teams login: WRONG log in to Microsoft: 401 invalid_client (AADSTS7000215): the client secret is not right: put its value"},
		{"tenant", func(_ *testing.T, w *checkWorld) { w.conf.TenantID = checkApp }, "teams login: WRONG log in to Microsoft: 400 invalid_request (AADSTS90002): there is no such tenant"},
		{"app", func(_ *testing.T, w *checkWorld) { w.conf.AppID = checkTenant }, "teams login: WRONG log in to Microsoft: 400 unauthorized_client (AADSTS700016): the app is not known in this tenant"},
		{"nobody there", func(_ *testing.T, w *checkWorld) { w.conf.LoginURL = "http://127.0.0.1:1/" }, "fix: see that this machine reaches http://127.0.0.1:1/"},
		{"token of another app", checkSays("appid", checkTenant), `teams token: WRONG the token is of the app "` + checkTenant},
		{"of another tenant", checkSays("tid", checkApp), `teams token: WRONG the token is of the tenant "` + checkApp},
		{"for another", checkSays("aud", "https://vault.azure.net"), `teams token: WARN the token is for "https://vault.azure.net", teams.scope is for https://api.botframework.com`},
		{"no metadata", func(_ *testing.T, w *checkWorld) { w.Inject("metadata", teamstest.Fault{Status: 503, Times: -1}) }, "teams keys: WRONG fetch metadata: "},
		{"no keys", func(_ *testing.T, w *checkWorld) { w.Inject("keys", teamstest.Fault{Status: 404}) }, "teams keys: WRONG fetch signing keys: "},
		{"issuer", func(_ *testing.T, w *checkWorld) { w.conf.Issuer = "https://api.botframework.us" }, `teams keys: WRONG teams.openid_url is of the issuer "https://api.botframework.com", teams.issuer is`},
		{"graph", func(_ *testing.T, w *checkWorld) { w.conf.GraphScope = "https://graph.microsoft.us/.default" }, "teams graph: WRONG log in to Microsoft: 400 invalid_scope"},
		{"no consent", func(t *testing.T, w *checkWorld) { w.team(t, true, false) }, "teams ROOM: WARN ChannelMessage.Read.Group is not granted there; lost: answers without a mention"},
		{"not in the team", func(t *testing.T, w *checkWorld) { w.team(t, false, false) }, "teams ROOM: WRONG the app is not in the team any more"},
		{"no such room", func(t *testing.T, w *checkWorld) {
			team := w.AddTeam(teamstest.Team{Name: "Ops", Installed: true, Consent: true})
			w.heard(t, "19:gone@thread.tacv2", place{Service: w.ServiceURL(), Kind: inChannel, Team: team})
		}, "teams ROOM: WRONG the app is not in the team any more"},
		{"elsewhere", func(t *testing.T, w *checkWorld) {
			w.heard(t, w.rooms[0].ID, place{Service: "https://evil.example.com/", Kind: inChannel, Team: "19:x"})
		}, "teams ROOM: WRONG it was reached at https://evil.example.com/, which is not among teams.service_urls"},
		{"never heard of", func(_ *testing.T, w *checkWorld) { w.rooms = []Room{{org, "19:new@thread.tacv2"}} }, "teams ROOM: WARN nothing was heard from there yet"},
		{"of another Org", func(_ *testing.T, w *checkWorld) { w.rooms[0].Org = "other" }, "teams ROOM: WARN nothing was heard from there yet"},
		{"group chat", func(t *testing.T, w *checkWorld) {
			w.heard(t, w.AddGroupChat(teamstest.GroupChat{Name: "few", Installed: true}), place{Service: w.ServiceURL(), Kind: inGroup})
		}, "teams ROOM: WARN ChatMessage.Read.Chat is not granted there"},
		{"Graph is down", func(_ *testing.T, w *checkWorld) { w.Inject("list", teamstest.Fault{Status: 502}) }, "teams ROOM: WRONG list messages: Microsoft answered 502"},
		{"may not install", checkSays("roles", []string{"User.Read.All"}), "teams catalog: WRONG teams.catalog_id is set, and the app may not install itself"},
		{"fast", func(_ *testing.T, w *checkWorld) { w.door.ahead = 2 * time.Minute }, "teams clock: WARN this machine's clock is 2m"},
		{"slow", func(_ *testing.T, w *checkWorld) { w.door.ahead = -2 * time.Minute }, "slow; fix: switch on"},
		{"wrong", func(_ *testing.T, w *checkWorld) { w.door.ahead = 10 * time.Minute }, "teams clock: WRONG this machine's clock is 10m"},
		{"opaque", func(_ *testing.T, w *checkWorld) { w.door.opaque = true }, "teams catalog: WARN the token cannot be read"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := checkOpen(t)
			tc.set(t, w)
			got := slices.DeleteFunc(w.lines(t), func(l string) bool { return strings.HasPrefix(l, "teams services") })
			if !slices.ContainsFunc(got, func(l string) bool { return strings.Contains(l, tc.want) }) {
				t.Errorf("%q is not in\n%s", tc.want, strings.Join(got, "\n"))
			}
			if n := len(slices.DeleteFunc(got, func(l string) bool { return !strings.Contains(l, ": W") })); n != 1 {
				t.Errorf("%d are wrong:\n%s", n, strings.Join(got, "\n"))
			}
		})
	}
}

func checkSays(claim string, value any) func(*testing.T, *checkWorld) {
	return func(_ *testing.T, w *checkWorld) { w.door.says = map[string]any{claim: value} }
}

// What differs in form alone is right.
func TestChecksTheSame(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*checkWorld){
		"a token of the second version": func(w *checkWorld) { w.door.says = map[string]any{"appid": nil, "azp": checkApp} },
		"capitals":                      func(w *checkWorld) { w.door.says = map[string]any{"tid": strings.ToUpper(checkTenant)} },
		"a slash":                       func(w *checkWorld) { w.door.says = map[string]any{"aud": "https://api.botframework.com/"} },
		"the larger permission":         func(w *checkWorld) { w.door.says = map[string]any{"roles": installing[1:]} },
		"a direct conversation":         func(w *checkWorld) { w.heard(t, "a:chat", place{Service: w.ServiceURL(), Kind: inPersonal}) },
	} {
		w := checkOpen(t)
		set(w)
		for _, l := range w.lines(t) {
			if strings.Contains(l, ": W") && !strings.HasPrefix(l, "teams services") {
				t.Errorf("%s: %s", name, l)
			}
		}
	}
}

// The key that may sign for Teams must be there; the other one of the set is none.
func TestChecksEndorsement(t *testing.T) {
	t.Parallel()
	w := checkOpen(t)
	w.Endorse("webchat")
	if got := checkLine(newExam(w.conf, &http.Client{Transport: w.door}, nil).keys(t.Context())); got != "teams keys: 2, of which 1 may sign for Teams" {
		t.Error(got)
	}
	if err := w.Rotate(); err != nil {
		t.Fatal(err)
	}
	w.Endorse()
	if got := checkLine(newExam(w.conf, &http.Client{Transport: w.door}, nil).keys(t.Context())); !strings.Contains(got, "WRONG none of the keys may sign for Teams") {
		t.Error(got)
	}
}

func TestCheckEndpoint(t *testing.T) {
	t.Parallel()
	ours := open(t, fast).p.Handler(nil)
	for name, tc := range map[string]struct {
		serve http.HandlerFunc
		want  string
	}{
		"well":       {ours.ServeHTTP, "teams endpoint: https://"},
		"not passed": {http.NotFound, "answers 404, and not as Interlock does; fix: have the proxy pass /api/messages on"},
		"a page":     {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, "answers 200"},
		"elsewhere":  {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) }, "answers 302"},
		"other 405":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusMethodNotAllowed) }, "answers 405"},
	} {
		srv := httptest.NewTLSServer(tc.serve)
		if got := checkLine(CheckEndpoint(t.Context(), srv.Client(), srv.URL+"/")); !strings.Contains(got, tc.want) || (name == "well") != strings.HasSuffix(got, srv.URL+pathMessages) {
			t.Errorf("%s: %s", name, got)
		}
		srv.Close()
		if got := checkLine(CheckEndpoint(t.Context(), srv.Client(), srv.URL)); !strings.Contains(got, "WRONG nothing answers: ") {
			t.Errorf("%s, ended: %s", name, got)
		}
	}
	if got := checkLine(CheckEndpoint(t.Context(), nil, "http://bot.example.com")); !strings.Contains(got, "WRONG the address must be https://HOST") {
		t.Error(got)
	}
}

// Whatever a token says, it is read to the end or not at all, and nothing of a line
// of its own comes of it.
func FuzzTokenSaid(f *testing.F) {
	f.Add("a.e30.c")
	f.Add("a.eyJhdWQiOlsiYSJdfQ.c")
	f.Add("issued-x")
	f.Fuzz(func(t *testing.T, token string) {
		conf := Config{AppID: checkApp, TenantID: checkTenant, Scope: "https://api.botframework.com/.default"}
		for _, c := range []Check{checkToken(conf, token), checkInstalling(token)} {
			if line := checkLine(c); strings.Contains(line, "\n") || len(line) > 1000 {
				t.Errorf("%q gives %q", token, line)
			}
		}
	})
}
