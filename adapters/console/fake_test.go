package console

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

var errFake = errors.New("the fake says no")

// fakeMessages keeps a chat in memory, as bot.Messages describes it.
type fakeMessages struct {
	mu      sync.Mutex
	seq     int64
	all     []bot.Message
	failing bool
	writes  int
	watch   map[chan struct{}]bool
}

func newFakeMessages() *fakeMessages { return &fakeMessages{watch: map[chan struct{}]bool{}} }

func (f *fakeMessages) changed(string) (<-chan struct{}, func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := make(chan struct{}, 1)
	f.watch[c] = true
	return c, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.watch, c)
	}
}

func (f *fakeMessages) write() error {
	if f.failing {
		return errFake
	}
	f.seq++
	f.writes++
	for c := range f.watch {
		select {
		case c <- struct{}{}:
		default:
		}
	}
	return nil
}

func (f *fakeMessages) Say(_ context.Context, m bot.Message) (bot.Message, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := slices.IndexFunc(f.all, func(o bot.Message) bool { return o.Org == m.Org && o.ID == m.ID }); i >= 0 {
		return f.all[i], nil
	}
	if err := f.write(); err != nil {
		return m, err
	}
	m.Seq = f.seq
	f.all = append(f.all, m)
	return m, nil
}

func (f *fakeMessages) Redraw(_ context.Context, org, id string, c bot.Card) (bot.Message, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.all, func(o bot.Message) bool { return o.Org == org && o.ID == id })
	if i < 0 {
		return bot.Message{}, errFake
	}
	if err := f.write(); err != nil {
		return bot.Message{}, err
	}
	f.all[i].Card, f.all[i].Seq, f.all[i].Edited = &c, f.seq, true
	return f.all[i], nil
}

func (f *fakeMessages) Read(_ context.Context, org string, t agent.Thread, after int64, limit int) (ms []bot.Message, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failing {
		return nil, errFake
	}
	for _, m := range f.all {
		if m.Org == org && m.Thread.Room() == t.Room() && (t.ID == "" || t.ID == m.Thread.ID) && m.Seq > after {
			ms = append(ms, m)
		}
	}
	slices.SortFunc(ms, func(a, b bot.Message) int { return cmp.Compare(a.Seq, b.Seq) })
	return ms[:min(limit, len(ms))], nil
}

func (f *fakeMessages) Topics(_ context.Context, org, platform, channel string, skip, limit int) (ms []bot.Message, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failing {
		return nil, errFake
	}
	many, waits := map[string]int{}, map[string]int{}
	for _, m := range f.all {
		many[m.Thread.ID]++
		if m.Card != nil && m.Card.Open {
			waits[m.Thread.ID] = 1
		}
	}
	for _, m := range slices.Backward(f.all) {
		if m.Org == org && m.Thread.Room() == platform+":"+channel && m.ID == m.Thread.ID && (many[m.ID] > 1 || !m.Alone) {
			ms = append(ms, m)
		}
	}
	slices.SortStableFunc(ms, func(a, b bot.Message) int { return waits[b.ID] - waits[a.ID] })
	ms = ms[min(skip, len(ms)):]
	return ms[:min(limit, len(ms))], nil
}

func (f *fakeMessages) Share(_ context.Context, org, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.all, func(o bot.Message) bool { return o.Org == org && o.ID == id && o.Alone })
	if i < 0 {
		return nil
	}
	if err := f.write(); err != nil {
		return err
	}
	f.all[i].Alone, f.all[i].Seq = false, f.seq
	return nil
}

func (f *fakeMessages) Marked(_ context.Context, org, marker string) (bot.Message, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.all, func(o bot.Message) bool { return o.Org == org && o.Card != nil && o.Card.Marker == marker })
	if i < 0 {
		return bot.Message{}, false, nil
	}
	return f.all[i], true, nil
}

func (f *fakeMessages) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.writes
}

func (f *fakeMessages) fail(yes bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failing = yes
}

// fakeInbox keeps what came in, and replies what it was told to.
type fakeInbox struct {
	mu       sync.Mutex
	mentions []bot.Mention
	clicks   []bot.Click
	answers  []bot.Answer
	rep      bot.Reply
	err      error
}

func (f *fakeInbox) Mention(_ context.Context, m bot.Mention) (bot.Reply, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mentions = append(f.mentions, m)
	return f.rep, f.err
}

func (f *fakeInbox) Click(_ context.Context, c bot.Click) (bot.Reply, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clicks = append(f.clicks, c)
	return f.rep, f.err
}

func (f *fakeInbox) Answer(_ context.Context, a bot.Answer) (bot.Reply, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers = append(f.answers, a)
	return f.rep, f.err
}

func (f *fakeInbox) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.mentions) + len(f.clicks) + len(f.answers)
}

// fakeOnce keeps what was used in memory.
type fakeOnce struct {
	mu      sync.Mutex
	used    map[string]bool
	failing bool
}

func (f *fakeOnce) Spend(_ context.Context, org, id string, _ time.Time) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failing {
		return true, errFake
	}
	if f.used == nil {
		f.used = map[string]bool{}
	}
	was := f.used[org+"/"+id]
	f.used[org+"/"+id] = true
	return !was, nil
}

func (f *fakeOnce) Spent(_ context.Context, org, id string) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failing {
		return false, errFake
	}
	return f.used[org+"/"+id], nil
}

// room is a console with its fakes, at a fixed time.
type room struct {
	*Platform
	messages *fakeMessages
	in       *fakeInbox

	mu  sync.Mutex
	who []rbac.Actor
}

func testTime() time.Time { return time.Date(2026, 3, 9, 14, 30, 0, 0, time.UTC) }

func actor(id, name string) rbac.Actor {
	return rbac.Actor{Org: "acme", Platform: Name, ID: id, Name: name}
}

// newRoom is a demo unless change says otherwise.
func newRoom(t *testing.T, change func(o *Options)) *room {
	t.Helper()
	r := &room{messages: newFakeMessages(), in: &fakeInbox{}}
	r.who = []rbac.Actor{actor("alice", "Alice"), actor("bob", "Bob"), actor("carol", "Carol")}
	o := Options{
		Messages: r.messages, Changed: r.messages.changed, Org: "acme", Demo: true,
		Channels: []Channel{{"infra", "infra", "Changes to the platform"}, {"payments", "payments", "The payments stacks"}},
		People: func(context.Context) ([]rbac.Actor, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			return slices.Clone(r.who), nil
		},
		RoleOf: func(a rbac.Actor) string {
			return map[string]string{"alice": "operator", "bob": "approver", "carol": "admin"}[a.ID]
		},
		Key:     []byte(strings.Repeat("k", 32)),
		Once:    &fakeOnce{},
		Prompts: []string{"scan payments-prod", "help"},
	}
	if change != nil {
		change(&o)
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	var n int
	var mu sync.Mutex
	p.random = func() string {
		mu.Lock()
		defer mu.Unlock()
		n++
		return "id" + strconv.Itoa(n)
	}
	p.now = testTime
	r.Platform = p
	return r
}

func (r *room) remove(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.who = slices.DeleteFunc(r.who, func(a rbac.Actor) bool { return a.ID == id })
}
