package bottest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/bot"
)

var (
	_ bot.Rows     = (*Memory)(nil)
	_ bot.Messages = (*Memory)(nil)
	_ bot.Queue    = (*Memory)(nil)
	_ bot.Links    = (*Memory)(nil)
)

// Memory is a whole store for tests of a bot: agenttest.Memory with an outbox
// and messages. The zero value is ready, and it is safe for concurrent use.
type Memory struct {
	agenttest.Memory

	mu   sync.Mutex
	refs map[string]bot.Ref // by Org and key
	off  map[string]delay   // by Org and row

	copies []bot.Row
	shown  map[string]bool // copies that are settled, by Org and row
	said   []*said
	seq    map[string]int64 // by Org

	links  map[string]*bot.Link // by Org and id
	joined map[string]string    // person by Org and identity
}

// delay is a row that was put off.
type delay struct {
	attempts int
	until    time.Time
}

// Pending gives the oldest row of each thread, when its time has come, and at most
// bot.OfRoom of one room.
func (m *Memory) Pending(_ context.Context, org string, limit int) (rows []bot.Row, err error) {
	all, err := m.Outbox(org)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	seen, rooms := map[string]bool{}, map[string]int{}
	waiting := make([]bot.Row, 0, len(all))
	for _, s := range all {
		waiting = append(waiting, bot.Row{ID: s.Event.ID, Thread: s.Thread, Event: s.Event})
	}
	for _, c := range m.copies {
		if c.Event.Org == org && !m.shown[org+"\x00"+c.ID] {
			waiting = append(waiting, c)
		}
	}
	for _, r := range waiting {
		d := m.off[org+"\x00"+r.ID]
		first := !seen[r.Event.Session+"@"+r.Room]
		seen[r.Event.Session+"@"+r.Room] = true
		room := cmp.Or(r.Room, r.Thread.Room())
		if r.Attempts = d.attempts; first && len(rows) < limit && !time.Now().Before(d.until) && rooms[room] < bot.OfRoom {
			rooms[room]++
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// Copy makes rows of a row's event for other rooms, each once.
func (m *Memory) Copy(_ context.Context, org, row string, in []string) error {
	all, err := m.Outbox(org)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range all {
		for _, room := range in {
			c := bot.Row{ID: row + "@" + room, Thread: s.Thread, Event: s.Event, Room: room}
			if s.Event.ID == row && !slices.ContainsFunc(m.copies, func(o bot.Row) bool { return o.Event.Org == org && o.ID == c.ID }) {
				m.copies = append(m.copies, c)
			}
		}
	}
	return nil
}

// copied is a copy by its id, and whether it is settled.
func (m *Memory) copied(org, row string) (there, settled bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.ContainsFunc(m.copies, func(o bot.Row) bool { return o.Event.Org == org && o.ID == row }), m.shown[org+"\x00"+row]
}

func (m *Memory) settleCopy(org, row string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shown == nil {
		m.shown = map[string]bool{}
	}
	m.shown[org+"\x00"+row] = true
}

// has tells whether a row is there, and whether it is settled.
func (m *Memory) has(org, row string) (settled bool, err error) {
	if there, settled := m.copied(org, row); there {
		return settled, nil
	}
	all, err := m.Outbox(org)
	if err != nil || slices.ContainsFunc(all, func(s agenttest.Shown) bool { return s.Event.ID == row }) {
		return false, err
	}
	if !m.Recorded(org, row) {
		return false, fmt.Errorf("settle row %s: %w", row, agent.ErrNotFound)
	}
	return true, nil
}

// Sent settles a row, keeps its Ref and moves the session to the Ref's thread.
func (m *Memory) Sent(_ context.Context, org, row, key string, r bot.Ref) error {
	if settled, err := m.has(org, row); err != nil || settled {
		return err
	}
	if there, _ := m.copied(org, row); there {
		m.settleCopy(org, row)
	} else {
		m.Settle(org, row, r.Thread)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if key != "" {
		if m.refs == nil {
			m.refs = map[string]bot.Ref{}
		}
		m.refs[org+"\x00"+key] = r
	}
	return nil
}

// Later puts a row off.
func (m *Memory) Later(_ context.Context, org, row string, until time.Time, _ string) error {
	if settled, err := m.has(org, row); err != nil || settled {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.off == nil {
		m.off = map[string]delay{}
	}
	d := m.off[org+"\x00"+row]
	m.off[org+"\x00"+row] = delay{d.attempts + 1, until}
	return nil
}

// Dropped gives a row up.
func (m *Memory) Dropped(_ context.Context, org, row, _ string) error {
	if settled, err := m.has(org, row); err != nil || settled {
		return err
	}
	if there, _ := m.copied(org, row); there {
		m.settleCopy(org, row)
	}
	m.Settle(org, row, agent.Thread{})
	return nil
}

// Ref is where the message of a key was posted.
func (m *Memory) Ref(_ context.Context, org, key string) (bot.Ref, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.refs[org+"\x00"+key]
	return r, ok, nil
}

// said is a message as JSON, so that nobody shares a card with it.
type said struct {
	bot.Message
	body   []byte
	marker string
}

func (s *said) message() (m bot.Message) {
	_ = json.Unmarshal(s.body, &m) // our own bytes
	return m
}

func (m *Memory) number(s *said) (bot.Message, error) {
	if m.seq == nil {
		m.seq = map[string]int64{}
	}
	m.seq[s.Org]++
	s.Seq = m.seq[s.Org]
	var err error
	s.body, err = json.Marshal(s.Message)
	return s.message(), err
}

func (m *Memory) find(org, id string) *said {
	i := slices.IndexFunc(m.said, func(s *said) bool { return s.Org == org && s.ID == id })
	if i < 0 {
		return nil
	}
	return m.said[i]
}

// Say adds a message; the first one with an ID stays.
func (m *Memory) Say(_ context.Context, say bot.Message) (bot.Message, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old := m.find(say.Org, say.ID); old != nil {
		return old.message(), nil
	}
	s := &said{Message: say}
	if say.Card != nil {
		s.marker = say.Card.Marker
	}
	m.said = append(m.said, s)
	return m.number(s)
}

// Redraw replaces the card of a message.
func (m *Memory) Redraw(_ context.Context, org, id string, c bot.Card) (bot.Message, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.find(org, id)
	if s == nil {
		return bot.Message{}, fmt.Errorf("redraw message: %w", agent.ErrNotFound)
	}
	s.Card, s.Edited = &c, true
	return m.number(s)
}

// Read returns what changed after a Seq.
func (m *Memory) Read(_ context.Context, org string, t agent.Thread, after int64, limit int) ([]bot.Message, error) {
	all := m.pick(func(s *said) bool {
		return s.Org == org && s.Thread.Room() == t.Room() && (t.ID == "" || s.Thread.ID == t.ID) && s.Seq > after
	})
	slices.SortFunc(all, func(a, b bot.Message) int { return int(a.Seq - b.Seq) })
	return all[:min(limit, len(all))], nil
}

// Topics are the first messages of a channel's threads, those with an open card first,
// then by what was said last.
func (m *Memory) Topics(_ context.Context, org, platform, channel string, skip, limit int) (first []bot.Message, err error) {
	all := m.pick(func(s *said) bool { return s.Org == org && s.Thread.Room() == platform+":"+channel })
	last, many, waits := map[string]int{}, map[string]int{}, map[string]int{}
	for i, s := range all {
		last[s.Thread.ID], many[s.Thread.ID] = i, many[s.Thread.ID]+1
		if s.Card != nil && s.Card.Open {
			waits[s.Thread.ID] = 1
		}
	}
	for _, s := range all {
		if s.ID == s.Thread.ID && (many[s.ID] > 1 || !s.Alone) {
			first = append(first, s)
		}
	}
	slices.SortFunc(first, func(a, b bot.Message) int {
		return cmp.Or(waits[b.ID]-waits[a.ID], last[b.ID]-last[a.ID])
	})
	first = first[min(skip, len(first)):]
	return first[:min(limit, len(first))], nil
}

// Share ends that a message is Alone.
func (m *Memory) Share(_ context.Context, org, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.find(org, id)
	if s == nil || !s.Alone {
		return nil
	}
	s.Alone = false
	_, err := m.number(s)
	return err
}

// Marked finds a message by the marker of the card that it was said with.
func (m *Memory) Marked(_ context.Context, org, marker string) (bot.Message, bool, error) {
	all := m.pick(func(s *said) bool { return s.Org == org && s.marker == marker && marker != "" })
	if len(all) == 0 {
		return bot.Message{}, false, nil
	}
	return all[0], true, nil
}

func (m *Memory) pick(want func(*said) bool) (all []bot.Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.said {
		if want(s) {
			all = append(all, s.message())
		}
	}
	return all
}
