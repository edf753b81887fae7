package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"interlock/adapters/teams/teamstest"
)

// playground is a Teams whose client is Microsoft's 365 Agents Playground: a page
// that somebody else starts beside the demo. It has one person and signs nothing,
// so that a relay stands between. People decide what is done; the world can be
// looked at, and drift again.
type playground struct {
	*teamstest.Server
	world *demoWorld
	at    net.Listener // the relay's
	relay *teamstest.Relay
}

// inTeams reads the value of --teams.
func (o *demoOptions) inTeams(how string) error {
	o.teams, o.byHand = true, how == "playground"
	if how != "true" && !o.byHand {
		return errors.New("it is playground, or nothing")
	}
	return nil
}

// enterPlayground has the demo's stack and people in the Playground. What that
// must know of them is written into a folder of the demo.
func (o *demoOptions) enterPlayground(w *demoWorld) (environ []string, leave func(), err error) {
	s, err := teamsTenant()
	if err != nil {
		return nil, nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed by leave
	if err != nil {
		s.Close()
		return nil, nil, fmt.Errorf("listen for the Playground: %w", err)
	}
	leave = func() { _ = l.Close(); s.Close() }
	o.playground = &playground{s.Server, w, l, s.Relay("", teamstest.User{})}
	if err := errors.Join(w.moveToTeams(s.Server), o.playground.furnish()); err != nil {
		leave()
		return nil, nil, fmt.Errorf("furnish the Playground: %w", err)
	}
	const key = "INTERLOCK_TEAMS_SERVICE_URLS="
	environ = slices.DeleteFunc(teamsEnviron(s.Server), func(line string) bool { return strings.HasPrefix(line, key) })
	return append(environ, key+o.playground.url()+"/connector/"), leave, nil
}

func (p *playground) url() string { return "http://" + p.at.Addr().String() }

func (p *playground) dir() string { return filepath.Join(p.world.dir, "playground") }

// furnish lets alice work in her own chat as in the channel, and writes down who
// and what is there, as the Playground reads it.
func (p *playground) furnish() error {
	text, err := os.ReadFile(p.world.config)
	if err != nil {
		return err
	}
	chat := `"teams:` + p.Chat(teamsAlice) + `"`
	edit := strings.NewReplacer(
		"    channels:\n", "    channels:\n      "+chat+": {tier: gated, title: Alice}\n",
		"        environment: prod\n", "        environment: prod\n        channels: ["+chat+"]\n",
	)
	err = os.WriteFile(p.world.config, []byte(edit.Replace(string(text))), 0o600)
	if err == nil {
		err = os.MkdirAll(p.dir(), 0o755)
	}
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(p.context(), "", "  ") // which is YAML, too
	if err == nil {
		err = os.WriteFile(filepath.Join(p.dir(), ".m365agentsplayground.yml"), b, 0o600)
	}
	return err
}

// context is who and what is there. The Playground insists on five people beside
// its own one.
func (p *playground) context() any {
	type object = map[string]any
	person := func(name, id string) object {
		mail := strings.ToLower(name) + "@example.com"
		u := p.AddUser(teamstest.User{ObjectID: id, Name: name, Mail: mail, Installed: true})
		return object{
			"id": u.ID, "name": name, "aadObjectId": id, "userPrincipleName": mail, "email": mail, "givenName": name, "surname": "Demo",
		}
	}
	var others []object
	for i, name := range []string{"Bob", "Carol", "Dana", "Erin", "Frank"} {
		id := teamsID(strings.ToLower(name))
		if id == "" {
			id = fmt.Sprintf("de300000-0000-4000-8000-%012d", i)
		}
		others = append(others, person(name, id))
	}
	o := p.Options()
	return object{
		"version": "0.1.1", "tenantId": o.TenantID, "bot": object{"id": "28:" + o.AppID, "name": o.BotName},
		"currentUser": person("Alice", teamsAlice), "users": others,
		"personalChat": object{"id": p.Chat(teamsAlice)}, "groupChat": object{"id": "19:operations@thread.v2", "name": "Operations"},
		"team": object{
			"id": teamsTeam, "name": "Platform", "aadGroupId": "9b000000-0000-4000-8000-000000000009",
			"channels": []object{{"id": teamsRoom, "name": "payments"}},
		},
	}
}

// serve stands between the Playground and the bot until ctx ends.
func (p *playground) serve(ctx context.Context, bot net.Addr, out io.Writer) error {
	p.SetEndpoint("http://" + bot.String() + "/api/messages")
	mux := http.NewServeMux()
	mux.Handle("/", p.relay.Front(p.url()))
	mux.HandleFunc("GET /world", p.look)
	mux.HandleFunc("POST /drift", p.drift)
	_, _ = fmt.Fprintf(out, "Interlock demo: the relay for the Playground is at %s/ (who presses is chosen there)\n"+
		"  cd %s && npx @microsoft/m365agentsplayground -c msteams --dt -e %s/api/messages\n", p.url(), p.dir(), p.url())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(p.at); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the relay: %w", err)
	}
	return nil
}

// opened waits until somebody has opened the channel in the Playground's page: before
// that the bot does not know where to tell of a drift.
func (p *playground) opened(ctx context.Context) error { return p.relay.Heard(ctx, teamsRoom) }

// look tells what the world really is.
func (p *playground) look(w http.ResponseWriter, _ *http.Request) {
	v, err := p.world.rule("api")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // whoever left does not mind
}

// drift changes the world behind the code's back once more.
func (p *playground) drift(w http.ResponseWriter, _ *http.Request) {
	if err := p.world.open("api"); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
