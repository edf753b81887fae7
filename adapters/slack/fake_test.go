package slack

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"interlock/adapters/slack/slacktest"
	"interlock/agent"
	"interlock/bot"
	"interlock/config"
	"interlock/rbac"
)

const (
	org  = "acme"
	room = "C0PAY"
	ana  = "U0ANA"
	ben  = "U0BEN"
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

func (in *inbox) pressed() []bot.Click {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]bot.Click(nil), in.clicks...)
}

// world is a workspace with the platform in it.
type world struct {
	*slacktest.Server
	p  *Platform
	in *inbox
}

// patienceOfTests is how long a test waits for what should happen at once.
const patienceOfTests = 30 * time.Second

// way is how deliveries reach the platform.
type way string

const (
	bySocket way = "socket"
	byHTTP   way = "http"
)

func open(t *testing.T, w way, o slacktest.Options) *world {
	t.Helper()
	s, err := slacktest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	s.AddChannel(slacktest.Channel{ID: room, Name: "payments", Members: []string{s.Options().BotUser, ana, ben}})
	s.AddUser(slacktest.User{ID: ana, Name: "ana", RealName: "Ana"})
	s.AddUser(slacktest.User{ID: ben, Name: "ben", RealName: "Ben"})
	in := &inbox{asked: map[string]bool{}}
	p := platform(t, s, w, in)
	x := &world{s, p, in}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		s.Close()
		for _, pr := range s.Problems() {
			t.Errorf("against Slack's rules: %s", pr)
		}
	})
	if w == byHTTP {
		h := httptest.NewServer(p.Handler(nil))
		t.Cleanup(h.Close)
		s.DeliverTo(slacktest.Endpoints{Events: h.URL + pathEvents, Interactions: h.URL + pathInteractions, Commands: h.URL + pathCommands})
	} else {
		x.until(t, func() bool { return len(s.Sockets()) == 2 })
	}
	if _, err := p.identity(t.Context()); err != nil {
		t.Fatal(err)
	}
	return x
}

func platform(t *testing.T, s *slacktest.Server, w way, in *inbox) *Platform {
	t.Helper()
	o := s.Options()
	c := Config{
		AppID: o.AppID, BotToken: secret(t, o.BotToken), APIURL: s.URL(), Connections: 2, Follow: FollowAsker, Assistant: true, FileLimit: 1 << 16,
	}
	if w == bySocket {
		c.AppToken = secret(t, o.AppToken)
	} else {
		c.SigningSecret = secret(t, o.SigningSecret)
	}
	log := io.Discard
	if testing.Verbose() {
		log = os.Stderr
	}
	p, err := New(Options{
		Config: c, Inbox: in, Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelInfo})),
		Lookups: Lookups{
			Org:    func(team string) (string, bool) { return org, team == o.Team },
			Follow: in.follow,
			Home:   func(context.Context, string, rbac.Actor) (bot.Home, error) { return in.home, nil },
			Prompts: func(context.Context, string, string, rbac.Actor) []string {
				return []string{"scan payments"}
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// secret is one as configuration reads it.
func secret(t *testing.T, text string) (s config.Secret) {
	t.Helper()
	cfg, _, err := config.Load("", []string{"INTERLOCK_SLACK_BOT_TOKEN=" + text, "INTERLOCK_DATA_DIR=" + t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	var one struct {
		Token config.Secret `yaml:"bot_token"`
	}
	if err := cfg.Slack.Decode(&one); err != nil {
		t.Fatal(err)
	}
	return one.Token
}

func (w *world) until(t *testing.T, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patienceOfTests)
	defer cancel()
	if err := w.Wait(ctx, holds); err != nil {
		t.Fatalf("%v\ndeliveries: %v\nlast calls: %v", err, w.Deliveries(), w.Calls(methodPost))
	}
}

// sign signs as Slack does.
func sign(secret, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte("v0:" + stamp + ":" + string(body)))
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// offline is a platform whose Slack does not answer, for the app that a body names.
func offline(t *testing.T, in *inbox, body []byte) *Platform {
	t.Helper()
	var of struct {
		App     string `json:"api_app_id"`
		Payload struct {
			App string `json:"api_app_id"`
		} `json:"payload"`
	}
	_ = json.Unmarshal(body, &of) // a form names it elsewhere, or not at all
	p, err := New(Options{
		Config: Config{AppID: first(of.App, of.Payload.App, "A111"), BotToken: secret(t, "xoxb-1"), SigningSecret: secret(t, "0123"), APIURL: "http://127.0.0.1:1/", Follow: FollowAsker, FileLimit: 1 << 16},
		Inbox:  in,
		Lookups: Lookups{
			Org: func(string) (string, bool) { return org, true }, Follow: in.follow,
			Home: func(context.Context, string, rbac.Actor) (bot.Home, error) { return in.home, nil },
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func both(t *testing.T, test func(t *testing.T, w way)) {
	t.Helper()
	for _, w := range []way{bySocket, byHTTP} {
		t.Run(string(w), func(t *testing.T) {
			t.Parallel()
			test(t, w)
		})
	}
}
