package scheduler

import (
	"container/heap"
	"time"
)

// What was missed longer ago than memory is not looked for, and of what was missed at
// most mostMissed due times of a schedule are put on record, the newest.
const (
	memory     = 90 * 24 * time.Hour
	mostMissed = 100
)

// late is after how long a due time that nobody has looked at was missed.
const late = time.Minute

// missedWhy stands on record with what was not made up for.
const missedWhy = "missed while nothing ran"

// waiting is one schedule and when it is due next.
type waiting struct {
	Schedule
	due time.Time
}

// queue has the earliest due time first; of those at the same time, the first by name.
type queue []*waiting

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].due.Equal(q[j].due) {
		return q[i].Name < q[j].Name
	}
	return q[i].due.Before(q[j].due)
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push is for package heap.
func (q *queue) Push(x any) { *q = append(*q, x.(*waiting)) } //nolint:forcetypeassert // only we push

// Pop is for package heap.
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	old[len(old)-1], *q = nil, old[:len(old)-1]
	return last
}

// take removes the schedules that are due.
func (q *queue) take(now time.Time) (due []*waiting) {
	for len(*q) > 0 && !(*q)[0].due.After(now) {
		due = append(due, heap.Pop(q).(*waiting)) //nolint:forcetypeassert // only we push
	}
	return due
}

// claims are all due times of a schedule up to now, and when it is due next. What was
// missed is made up for as its policy says; the rest says why it was not.
func (w *waiting) claims(now time.Time) (all []Claim, next time.Time) {
	var dues []time.Time
	next = w.due
	if oldest := now.Add(-memory); next.Before(oldest) {
		next = w.Cron.Next(oldest, w.Zone)
	}
	for ; !next.IsZero() && !next.After(now); next = w.Cron.Next(next, w.Zone) {
		if dues = append(dues, next); len(dues) > 2*mostMissed {
			dues = append(dues[:0], dues[len(dues)-mostMissed:]...)
		}
	}
	dues = dues[max(0, len(dues)-mostMissed):]
	first := max(0, len(dues)-w.made(dues, now))
	for i, due := range dues {
		c := w.claim(due, now)
		switch last := len(dues) - 1; {
		case i < first:
			c.Skip = missedWhy
		case last > first: // made up for one after the other, in one thread
			c.Follows, c.Job.Thread = dues[first], w.Job(dues[last]).Thread
		}
		all = append(all, c)
	}
	return all, next
}

// made is how many of the newest due times get a job.
func (w *waiting) made(dues []time.Time, now time.Time) int {
	switch n := len(dues); {
	case n == 0:
		return 0
	case w.Missed == All:
		return max(1, w.CatchUp)
	case w.Missed == Skip && now.Sub(dues[n-1]) > late:
		return 0
	}
	return 1
}
