package teamstest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// shared is one key for all tests: to make one takes long.
var shared = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		panic(err)
	}
	return k
})

// bot is a bot that takes everything and answers as it is told.
type bot struct {
	mu     sync.Mutex
	status int
	answer string
	held   chan struct{} // when set, answers wait for it
	got    []node
	tokens []string
}

func (b *bot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	b.got = append(b.got, parse(body))
	b.tokens = append(b.tokens, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	status, answer, held := b.status, b.answer, b.held
	b.mu.Unlock()
	if held != nil {
		select {
		case <-held:
		case <-r.Context().Done():
		}
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer)
}

// says is what the bot answers from now on.
func (b *bot) says(status int, answer string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status, b.answer = status, answer
}

// last is the last activity that came.
func (b *bot) last(t *testing.T) node {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.got) == 0 {
		t.Fatal("the bot was told nothing")
	}
	return b.got[len(b.got)-1]
}

// stage is a small tenant: a team with a channel, a group chat, a few people, and
// a bot that is in all of it. Its problems fail the test.
type stage struct {
	*Server
	t                        *testing.T
	bot                      *bot
	ann, bob, guest, foreign User
	team, channel, group     string
}

func start(t *testing.T, o Options) *stage {
	t.Helper()
	o.Key = shared()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	b := &bot{status: http.StatusOK}
	web := httptest.NewServer(b)
	t.Cleanup(web.Close)
	t.Cleanup(s.Close)
	t.Cleanup(func() {
		for _, p := range s.Problems() {
			t.Errorf("problem: %s", p)
		}
	})
	s.SetEndpoint(web.URL)
	st := &stage{Server: s, t: t, bot: b}
	st.ann = s.AddUser(User{Name: "Ann Lee", Mail: "ann@example.com", Installed: true})
	st.bob = s.AddUser(User{Name: "Bob", Mail: "bob@example.com"})
	st.guest = s.AddUser(User{Name: "Gus", Guest: true})
	st.foreign = s.AddUser(User{Name: "Eve", TenantID: guid("elsewhere")})
	other := s.AddUser(User{Name: "otherbot", Bot: true})
	gone := s.AddUser(User{Name: "Zed", Deleted: true})
	all := []string{st.ann.ObjectID, st.bob.ObjectID, st.guest.ObjectID, st.foreign.ObjectID, other.ObjectID, gone.ObjectID}
	st.team = s.AddTeam(Team{Name: "Ops", Members: all, Installed: true})
	st.channel = s.AddChannel(Channel{Team: st.team, Name: "deploys"})
	st.group = s.AddGroupChat(GroupChat{Name: "night shift", Members: all[:2], Installed: true})
	return st
}

// token is a token of the login.
func (st *stage) token(scope string) string {
	st.t.Helper()
	st.mu.Lock()
	defer st.mu.Unlock()
	st.grants["granted "+scope] = grant{scope: scope, until: time.Now().Add(time.Hour)}
	return "granted " + scope
}

// call calls the connector as the bot does. The path begins after v3.
func (st *stage) call(method, path string, body any) (int, node, http.Header) {
	st.t.Helper()
	return st.request(method, st.ServiceURL()+"v3/"+path, st.token(connectorScope), body)
}

func (st *stage) request(method, target, token string, body any) (int, node, http.Header) {
	st.t.Helper()
	raw, isRaw := body.(string)
	if !isRaw {
		raw = string(encode(body))
	}
	r, err := http.NewRequestWithContext(st.t.Context(), method, target, strings.NewReader(raw))
	if err != nil {
		st.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		st.t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		st.t.Fatal(err)
	}
	n := parse(b)
	if n == nil && len(bytes.TrimSpace(b)) > 0 {
		var list any
		if json.Unmarshal(b, &list) != nil {
			st.t.Fatalf("no JSON: %q", b)
		}
		n = node{"list": list}
	}
	return resp.StatusCode, n, resp.Header
}

// post says something as the bot, and returns the id.
func (st *stage) post(conversation string, activity object) string {
	st.t.Helper()
	status, n, _ := st.call("POST", "conversations/"+conversation+"/activities", activity)
	if status != http.StatusCreated || n.text("id") == "" {
		st.t.Fatalf("post: %d %v", status, n)
	}
	return n.text("id")
}

// forgive takes away the problems that the test provoked, which must be of these
// rules.
func (st *stage) forgive(rules ...string) {
	st.t.Helper()
	got := []string{}
	all := st.Forgive()
	for _, p := range all {
		got = append(got, p.Rule)
	}
	slices.Sort(got)
	if slices.Sort(rules); !slices.Equal(got, rules) {
		st.t.Errorf("problems: %q, want %q", all, rules)
	}
}

// wait waits for a condition of the tenant.
func (st *stage) wait(holds func() bool) {
	st.t.Helper()
	ctx, cancel := context.WithTimeout(st.t.Context(), 20*time.Second)
	defer cancel()
	if err := st.Wait(ctx, holds); err != nil {
		st.t.Fatalf("%v; deliveries: %v", err, st.Deliveries())
	}
}

// told waits until so many deliveries were made, and returns the last.
func (st *stage) told(n int) node {
	st.t.Helper()
	st.wait(func() bool {
		list := st.Deliveries()
		return len(list) == n && !slices.ContainsFunc(list, func(d Delivery) bool { return !d.Done })
	})
	list := st.Deliveries()
	return parse(list[n-1].Payload)
}

// text is a message of the bot, with cards when there are some.
func text(s string, cards ...string) object {
	a := object{"type": "message", "text": s}
	var list []any
	for _, c := range cards {
		list = append(list, object{"contentType": cardType, "content": json.RawMessage(c)})
	}
	if list != nil {
		a["attachments"] = list
	}
	return a
}
