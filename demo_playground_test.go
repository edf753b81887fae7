package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"interlock/adapters/teams"
	"interlock/config"
)

func TestPlaygroundFlag(t *testing.T) {
	for how, want := range map[string]demoOptions{
		"--teams": {teams: true}, "--teams=playground": {teams: true, byHand: true}, "--teams=elsewhere": {}, "--teams=false": {},
	} {
		var o demoOptions
		value, ok := strings.CutPrefix(how, "--teams=")
		if !ok {
			value = "true"
		}
		err := o.inTeams(value)
		if (err == nil) != want.teams || err == nil && (o.teams != want.teams || o.byHand != want.byHand) {
			t.Errorf("%s: %v %v %v", how, err, o.teams, o.byHand)
		}
	}
}

// entered is the Playground's side of a demo, and its configuration.
func entered(t *testing.T) (*playground, config.Config) {
	t.Helper()
	w, err := newDemoWorld(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	o := demoOptions{teams: true, byHand: true}
	play, leave, err := o.enter(w)
	if err != nil || play != nil {
		t.Fatalf("%v %v", play, err)
	}
	t.Cleanup(leave)
	cfg, _, err := config.Load(w.config, o.environ)
	if err != nil {
		t.Fatal(err)
	}
	return o.playground, cfg
}

// Our token goes to the relay and nowhere else, and the people are the same on
// both sides.
func TestPlaygroundIsFurnished(t *testing.T) {
	p, cfg := entered(t)
	c, err := teams.Load(cfg.Teams)
	if err != nil || !c.On() || len(c.ServiceURLs) != 1 || c.ServiceURLs[0] != p.url()+"/connector/" {
		t.Errorf("%v: service_urls are %q", err, c.ServiceURLs)
	}
	stack := cfg.Orgs[demoOrg].Stacks[demoStack]
	if chat := "teams:" + p.Chat(teamsAlice); len(stack.Channels) != 1 || stack.Channels[0] != chat || stack.Channel != "teams:"+teamsRoom {
		t.Errorf("the stack is spoken of in %q and %q", stack.Channel, stack.Channels)
	}
	b, err := os.ReadFile(filepath.Join(p.dir(), ".m365agentsplayground.yml"))
	if err != nil {
		t.Fatal(err)
	}
	type person struct{ ID, Name, AadObjectID string }
	var told struct {
		TenantID     string
		Bot          struct{ ID string }
		CurrentUser  person
		Users        []person
		PersonalChat struct{ ID string }
	}
	if err := json.Unmarshal(b, &told); err != nil {
		t.Fatal(err)
	}
	if told.TenantID != c.TenantID || told.Bot.ID != "28:"+c.AppID || told.PersonalChat.ID != p.Chat(teamsAlice) {
		t.Errorf("%+v", told)
	}
	if told.CurrentUser.AadObjectID != teamsAlice || len(told.Users) != 5 || told.Users[0].AadObjectID != teamsBob || told.Users[1].AadObjectID != teamsCarol {
		t.Errorf("%+v and %+v", told.CurrentUser, told.Users)
	}
}

// The whole way in: what a client that signs nothing sends arrives signed, and the
// demo knows that somebody is there.
func TestPlaygroundServes(t *testing.T) {
	p, _ := entered(t)
	var header string
	bot := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { header = r.Header.Get("Authorization") }))
	defer bot.Close()
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	var out bytes.Buffer
	go func() { served <- p.serve(ctx, bot.Listener.Addr(), &out) }()
	activity := `{"type":"conversationUpdate","serviceUrl":"http://localhost:1/_connector","conversation":{"id":"` + teamsRoom + `"}}`
	if status, text := send(t, http.MethodPost, p.url()+"/api/messages", activity); status != http.StatusOK {
		t.Errorf("%d %s", status, text)
	}
	if err := p.opened(t.Context()); err != nil || !strings.HasPrefix(header, "Bearer ey") {
		t.Errorf("%v, signed with %q", err, header)
	}
	if status, text := send(t, http.MethodGet, p.url()+"/world", ""); status != http.StatusInternalServerError {
		t.Errorf("a world that is not there: %d %s", status, text)
	}
	if err := os.WriteFile(filepath.Join(p.world.world, "api.json"), []byte(`{"source":"10.0.0.0/8"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, text := send(t, http.MethodPost, p.url()+"/drift", ""); status != http.StatusNoContent {
		t.Errorf("%d %s", status, text)
	}
	if _, text := send(t, http.MethodGet, p.url()+"/world", ""); strings.TrimSpace(text) != `{"source":"0.0.0.0/0"}` {
		t.Errorf("the world is %s", text)
	}
	stop()
	if err := <-served; err != nil || !strings.Contains(out.String(), p.url()+"/api/messages") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func send(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}
