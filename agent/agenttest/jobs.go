package agenttest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"interlock/agent"
)

// attempts is after how many failures a job is dead.
const attempts = 5

// job is a row of the queue. A taken job is in the hands of a Next, which
// holds no thread; a running one is in a Consume's.
type job struct {
	body           []byte
	org, id        string
	thread         agent.Thread
	control        bool
	after          time.Time
	fence          int64
	attempt        int
	taken, running bool
	ended          bool
}

// Enqueue keeps a job. The same id twice is one job.
func (m *Memory) Enqueue(_ context.Context, j agent.Job) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.enqueue(j)
	return nil
}

func (m *Memory) enqueue(j agent.Job) *job {
	if i := slices.IndexFunc(m.jobs, func(o *job) bool { return o.org == j.Org && o.id == j.ID }); i >= 0 {
		return m.jobs[i]
	}
	body, err := encode(j)
	if err != nil {
		panic(fmt.Sprintf("a job that is no JSON: %v", err)) // a mistake of the test
	}
	o := &job{body: body, org: j.Org, id: j.ID, thread: j.Thread, control: j.Stop || j.Hold != "", after: j.After}
	m.jobs = append(m.jobs, o)
	m.signal()
	return o
}

// Next takes the oldest job that is due, as a claim of its own. The job counts
// as done unless it is given back. Jobs of one thread are not kept apart: the
// caller runs one after the other.
func (m *Memory) Next() (agent.Claimed, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.jobs, func(o *job) bool { return o.due() && !o.taken })
	if i < 0 {
		return agent.Claimed{}, false
	}
	m.jobs[i].taken = true
	return m.jobs[i].claim(), true
}

// Return gives a job back, to be the next one again.
func (m *Memory) Return(c agent.Claimed) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.jobs, func(o *job) bool { return o.org == c.Org && o.id == c.ID })
	if i < 0 {
		return
	}
	o := m.jobs[i]
	o.taken, o.running = false, false
	m.jobs = slices.Insert(slices.Delete(m.jobs, i, i+1), 0, o)
	m.signal()
}

// Claim hands a job out, known or not: a redelivery, as after a lost lease.
// Earlier claims of it are fenced from here on.
func (m *Memory) Claim(j agent.Job) agent.Claimed {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.enqueue(j)
	o.taken, o.ended = true, false
	return o.claim()
}

// Waiting lists the jobs that nobody has taken, oldest first, due or not.
func (m *Memory) Waiting() (all []agent.Job) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, o := range m.jobs {
		if !o.taken && !o.running && !o.ended {
			all = append(all, o.job())
		}
	}
	return all
}

func (o *job) due() bool { return !o.ended && !o.running && !time.Now().Before(o.after) }

func (o *job) job() (j agent.Job) {
	_ = json.Unmarshal(o.body, &j) // our own bytes
	return j
}

func (o *job) claim() agent.Claimed {
	o.fence++
	o.attempt++
	return agent.Claimed{Job: o.job(), Fence: o.fence, Attempt: o.attempt, Last: o.attempt >= attempts}
}

func (m *Memory) holdsFence(org string, f agent.Fence) bool {
	return slices.ContainsFunc(m.jobs, func(o *job) bool {
		return o.org == org && o.id == f.Job && o.fence == f.Token && (o.taken || o.running)
	})
}

// Consume hands out one job at a time; several calls are several workers.
func (m *Memory) Consume(ctx context.Context, handle func(context.Context, agent.Claimed) error) error {
	for ctx.Err() == nil {
		o, c, woken := m.take()
		if o == nil {
			select {
			case <-ctx.Done():
			case <-woken:
			case <-time.After(50 * time.Millisecond): // a job that was put off
			}
			continue
		}
		m.ended(ctx, o, c, handle(ctx, c))
	}
	return nil
}

// take claims the oldest due job of a thread where nothing runs, people's
// orders first.
func (m *Memory) take() (*job, agent.Claimed, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	free := func(o *job) bool {
		return o.due() && !o.taken && !slices.ContainsFunc(m.jobs, func(p *job) bool { return p.running && m.place(p) == m.place(o) })
	}
	i := slices.IndexFunc(m.jobs, func(o *job) bool { return o.control && free(o) })
	if i < 0 {
		i = slices.IndexFunc(m.jobs, free)
	}
	if i < 0 {
		if m.wake == nil {
			m.wake = make(chan struct{})
		}
		return nil, agent.Claimed{}, m.wake
	}
	m.jobs[i].running = true
	return m.jobs[i], m.jobs[i].claim(), nil
}

// place is the session of a job's thread, by whichever name it goes.
func (m *Memory) place(o *job) string {
	if s := m.find(o.org, o.thread); s != nil {
		return o.org + "\x00" + s.id
	}
	return fmt.Sprintf("%s\x00\x00%v", o.org, o.thread)
}

func (m *Memory) ended(ctx context.Context, o *job, c agent.Claimed, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if o.fence != c.Fence {
		return // claimed anew meanwhile
	}
	o.running = false
	switch {
	case err == nil || c.Last && ctx.Err() == nil:
		o.ended = true
	case ctx.Err() != nil:
		o.attempt--
	default:
		o.after = time.Now().Add(200 * time.Millisecond)
	}
	m.signal()
}

func (m *Memory) signal() {
	if m.wake != nil {
		close(m.wake)
		m.wake = nil
	}
}
