package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"interlock/adapters/teams/teamstest"
	"interlock/config"
)

// teamsApp is the product's way in for Teams, on SQLite with full durability, and the
// Teams that signs. Nothing works on what comes in: that is other figures.
func teamsApp(tb testing.TB) (a *app, load *teamsLoad) {
	tb.Helper()
	s, err := teamsTenant()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	w, err := newDemoWorld(tb.TempDir())
	if err == nil {
		err = w.moveToTeams(s.Server)
	}
	if err != nil {
		tb.Fatal(err)
	}
	cfg, _, err := config.Load(w.config, teamsEnviron(s.Server))
	if err != nil {
		tb.Fatal(err)
	}
	if a, err = wire(tb.Context(), cfg, slog.New(slog.DiscardHandler), options{}); err != nil {
		tb.Fatal(err)
	}
	h := httptest.NewServer(a.mux())
	tb.Cleanup(func() {
		h.Close()
		if err := a.close(); err != nil {
			tb.Error(err)
		}
	})
	load = &teamsLoad{Server: s.Server, url: h.URL + "/api/messages", token: s.Token(teamstest.Forgery{}), key: a.cardKey(demoOrg)}
	for id, name := range s.names {
		if name == "alice" {
			load.alice = id
		}
	}
	s.Install(teamsTeam, teamsAlice)
	return a, load
}

// teamsLoad writes activities as Teams does: one token serves many of them.
type teamsLoad struct {
	*teamstest.Server
	url, token, alice string
	key               []byte
}

func (l *teamsLoad) request(kind, id, root, rest string) *http.Request {
	o := l.Options()
	body := fmt.Sprintf(`{"type":%q,"id":%q,"channelId":"msteams","serviceUrl":%q,"from":{"id":%q,"name":"Alice","aadObjectId":%q},`+
		`"recipient":{"id":"28:%s","name":"Interlock"},"conversation":{"isGroup":true,"conversationType":"channel","tenantId":%q,"id":"%s;messageid=%s"},`+
		`"channelData":{"tenant":{"id":%q},"channel":{"id":%q},"team":{"id":%q}}%s}`,
		kind, id, l.ServiceURL(), l.alice, teamsAlice, o.AppID, o.TenantID, teamsRoom, root, o.TenantID, teamsRoom, teamsTeam, rest)
	r, err := http.NewRequest(http.MethodPost, l.url, strings.NewReader(body)) //nolint:noctx // a generator's
	if err != nil {
		return nil
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+l.token)
	return r
}

// mention is the n-th message.
func (l *teamsLoad) mention(n int) *http.Request {
	id := fmt.Sprint(1_800_000_000_000 + n)
	return l.request("message", id, id, fmt.Sprintf(`,"text":"<at>Interlock</at> please look at payments-prod, request %d",`+
		`"entities":[{"type":"mention","text":"<at>Interlock</at>","mentioned":{"id":"28:%s","name":"Interlock"}}]`, n, l.Options().AppID))
}

// press is the n-th pressed button, sent for the try-th time: under another id each.
// It is signed as the cards that the bot draws are.
func (l *teamsLoad) press(n, try int) *http.Request {
	what, err := json.Marshal([]string{"scan", demoStack, "", fmt.Sprint("nonce", n), "", "", ""})
	if err != nil {
		return nil
	}
	h := hmac.New(sha256.New, l.key)
	h.Write(what)
	return l.request("invoke", fmt.Sprintf("f:%d-%d", n, try), "1", fmt.Sprintf(`,"name":"adaptiveCard/action","replyToId":"1","value":{"trigger":"manual",`+
		`"action":{"type":"Action.Execute","verb":"scan","data":{"v":"scan","x":"payments-prod","n":"nonce%d","a":{},"k":%q}}}`, n, base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:15])))
}

// Goal: p99 at most 10 ms at 500 activities a second. The floor of the same run is
// an activity that is verified and starts nothing.
func BenchmarkTeamsAcknowledgement(b *testing.B) {
	d := time.Duration(*slackSeconds) * time.Second
	_, l := teamsApp(b)
	for b.Loop() {
		at := 0
		mentions := func() func(int) *http.Request {
			at += 10_000_000
			from := at
			return func(n int) *http.Request { return l.mention(from + n) }
		}
		steady, most, floor := newLoad(), newLoad(), newLoad()
		steady.steady(500, d, mentions())
		ceiling := most.full(64, d, mentions())
		bare := floor.full(64, d, func(n int) *http.Request { return l.request("typing", fmt.Sprint(n), "1", "") })
		if n := steady.failed.Load() + most.failed.Load() + floor.failed.Load(); n > 0 {
			b.Fatalf("%d requests failed", n)
		}
		b.ReportMetric(quantile(steady.took, 0.99), "p99-ms@500/s")
		b.ReportMetric(ceiling, "activities/s")
		b.ReportMetric(bare, "verified-only/s")
		b.ReportMetric(ceiling/bare, "ratio")
		b.ReportMetric(0, "ns/op")
	}
}

// BenchmarkTeamsDuplicates sends 100,000 deliveries, half of them messages and half
// presses. Three of ten are sent before: a message as it was, a press under another
// id. One job each is the goal.
func BenchmarkTeamsDuplicates(b *testing.B) {
	a, l := teamsApp(b)
	for b.Loop() {
		const perSecond, all = 500, 100_000
		g := newLoad()
		seen := 0 // deliveries that are new
		g.steady(perSecond, all/perSecond*time.Second, func(n int) *http.Request {
			again := n%10 == 3 || n%10 == 6 || n%10 == 9
			what := n
			if again {
				what = n - 2 // the one before of the same kind, which is new
			} else {
				seen++
			}
			if what%2 == 0 {
				return l.mention(what)
			}
			return l.press(what, n)
		})
		stats, err := a.db.Stats(context.Background())
		if err != nil || g.failed.Load() > 0 {
			b.Fatalf("%d failed, %v", g.failed.Load(), err)
		}
		b.ReportMetric(all, "deliveries")
		b.ReportMetric(float64(seen-stats.Ready), "lost-or-doubled")
		b.ReportMetric(quantile(g.took, 0.99), "p99-ms")
		b.ReportMetric(0, "ns/op")
		if stats.Ready != seen {
			b.Errorf("%d jobs of %d deliveries that are new", stats.Ready, seen)
		}
	}
}
