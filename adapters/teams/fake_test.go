package teams

import (
	"context"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"interlock/adapters/teams/teamstest"
	"interlock/agent"
	"interlock/bot"
	"interlock/config"
	"interlock/rbac"
)

const (
	org = "acme"
	ana = "a0000000-0000-0000-0000-0000000000aa"
	ben = "b0000000-0000-0000-0000-0000000000bb"
)

// inbox is the bot, which only remembers what came.
type inbox struct {
	mu       sync.Mutex
	mentions []bot.Mention
	clicks   []bot.Click
	answers  []bot.Answer
	reply    bot.Reply
	err      error
	asked    map[string]bool // "thread/person"
	home     bot.Home
}

func (in *inbox) Mention(_ context.Context, m bot.Mention) (bot.Reply, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.err == nil {
		in.mentions = append(in.mentions, m)
	}
	return in.reply, in.err
}

func (in *inbox) Click(_ context.Context, c bot.Click) (bot.Reply, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.clicks = append(in.clicks, c)
	return in.reply, in.err
}

func (in *inbox) Answer(_ context.Context, a bot.Answer) (bot.Reply, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.answers = append(in.answers, a)
	return in.reply, in.err
}

func (in *inbox) follow(_ context.Context, _ string, t agent.Thread, who rbac.Actor) (known, asked bool, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for k := range in.asked {
		known = known || strings.HasPrefix(k, t.ID+"/")
	}
	return known, in.asked[t.ID+"/"+who.ID], in.err
}

func (in *inbox) says(r bot.Reply) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.reply = r
}

// jobs are the mentions, each once, as the queue keeps them.
func (in *inbox) jobs() (all []bot.Mention) {
	in.mu.Lock()
	defer in.mu.Unlock()
	seen := map[string]bool{}
	for _, m := range in.mentions {
		if !seen[m.ID] {
			seen[m.ID], all = true, append(all, m)
		}
	}
	return all
}

// pressed are the clicks, each once.
func (in *inbox) pressed() (all []bot.Click) {
	in.mu.Lock()
	defer in.mu.Unlock()
	seen := map[string]bool{}
	for _, c := range in.clicks {
		if !seen[c.ID] {
			seen[c.ID], all = true, append(all, c)
		}
	}
	return all
}

// shelf keeps places in memory.
type shelf struct {
	mu   sync.Mutex
	all  map[string][]byte
	puts int
}

func (s *shelf) Place(_ context.Context, org, id string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[org+"/"+id], nil
}

func (s *shelf) PutPlace(_ context.Context, org, id string, b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string][]byte{}
	}
	s.all[org+"/"+id] = b
	s.puts++
	return nil
}

// world is a tenant with the platform in it, a team with one channel, and two people.
type world struct {
	*teamstest.Server
	p     *Platform
	in    *inbox
	shelf *shelf
	team  string
	room  string
}

// patienceOfTests is how long a test waits for what should happen at once.
const patienceOfTests = 30 * time.Second

// fast has Teams' waits pass sixty times as quickly.
var fast = teamstest.Options{Scale: 60, Patience: patienceOfTests, Unlimited: true}

func open(t *testing.T, o teamstest.Options) *world {
	t.Helper()
	s, err := teamstest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	s.AddUser(teamstest.User{ObjectID: ana, Name: "Ana", Installed: true})
	s.AddUser(teamstest.User{ObjectID: ben, Name: "Ben"})
	x := &world{Server: s, in: &inbox{asked: map[string]bool{}}, shelf: &shelf{}}
	x.team = s.AddTeam(teamstest.Team{Name: "Payments", Members: []string{ana, ben}, Installed: true, Consent: true})
	x.room = s.AddChannel(teamstest.Channel{Team: x.team, Name: "payments"})
	x.p = platform(t, x)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- x.p.Run(ctx) }()
	h := httptest.NewServer(x.p.Handler(nil))
	s.SetEndpoint(h.URL + pathMessages)
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		s.Close()
		h.Close()
		for _, pr := range s.Problems() {
			t.Errorf("against Teams' rules: %s", pr)
		}
	})
	return x
}

func platform(t *testing.T, x *world) *Platform {
	t.Helper()
	o := x.Options()
	log := io.Discard
	if testing.Verbose() {
		log = os.Stderr
	}
	p, err := New(Options{
		Config: Config{
			AppID: o.AppID, AppPassword: secret(t, o.AppPassword), TenantID: o.TenantID, OpenIDURL: x.OpenIDURL(), Issuer: x.Issuer(),
			LoginURL: x.LoginURL(), Scope: x.Scope(), ServiceURLs: []string{x.ServiceURL()}, GraphURL: x.GraphURL(), GraphScope: "https://graph.microsoft.com/.default",
			CatalogID: o.CatalogID, Follow: FollowAsker,
		},
		Inbox: x.in, Places: x.shelf, Log: slog.New(slog.NewTextHandler(log, nil)),
		Lookups: Lookups{
			Org:    func(tenant string) (string, bool) { return org, tenant == o.TenantID },
			Follow: x.in.follow, Key: func(org string) []byte { return []byte("key of " + org) },
			Home: func(context.Context, string, rbac.Actor) (bot.Home, error) { return x.in.home, nil },
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// secret is one as configuration reads it.
func secret(t *testing.T, text string) config.Secret {
	t.Helper()
	cfg, _, err := config.Load("", []string{"INTERLOCK_TEAMS_APP_PASSWORD=" + text, "INTERLOCK_DATA_DIR=" + t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	var one struct {
		Password config.Secret `yaml:"app_password"`
	}
	if err := cfg.Teams.Decode(&one); err != nil {
		t.Fatal(err)
	}
	return one.Password
}

func (w *world) until(t *testing.T, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patienceOfTests)
	defer cancel()
	if err := w.Wait(ctx, holds); err != nil {
		t.Fatalf("%v\ndeliveries: %v\ncalls: %v", err, w.Deliveries(), w.Calls(""))
	}
}

// settled tells whether all that Teams delivered was taken.
func (w *world) settled() bool {
	for _, d := range w.Deliveries() {
		if !d.Done {
			return false
		}
	}
	return true
}

// thread is one that somebody began with a mention, which the bot has heard.
func (w *world) thread(t *testing.T) agent.Thread {
	t.Helper()
	id := w.Say(w.room, ana, "<at>"+w.Options().BotName+"</at> plan payments")
	w.until(t, func() bool { return len(w.in.jobs()) == 1 && w.settled() })
	return agent.Thread{Platform: Name, Channel: w.room, ID: id}
}
