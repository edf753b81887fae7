package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"interlock/agent"
)

// Pulse is a schedule as the Watch sees it. Deadline is until when it must have completed
// again, by its own due times; zero is never.
type Pulse struct {
	Name, Why          string
	Stack, Environment string    // that it is about; empty is none
	Deadline, Done     time.Time // Done is the newest due time that ended well
	Paused             bool
}

// Signs are what an Org's health is judged by. Ended counts requests since a moment, and
// those of them that failed. Tokens are those of models on each of the last days, today last.
type Signs interface {
	Ended(ctx context.Context, org string, since time.Time) (ended, failed int, err error)
	Tokens(ctx context.Context, org string, days int, now time.Time) ([]int, error)
}

// Watch looks after the bot itself: what does not come is told by nobody else. Each
// trouble is told once: schedules until another one is late, others once a day. It is not
// safe for concurrent use.
type Watch struct {
	Orgs   []string
	Signs  Signs
	Pulses func(ctx context.Context, org string) ([]Pulse, error)       // of all schedules
	Oldest func(ctx context.Context, org string) (time.Duration, error) // how long the oldest job has waited that could run
	Tell   func(ctx context.Context, n Notice) error                    // the same id twice is one notice
	To     func(ctx context.Context, org string) []string
	Clock  func() time.Time // nil is the machine's
	Log    *slog.Logger

	told map[string]time.Time       // notices, so that they are not written each minute
	late map[string]map[string]bool // of each Org: schedules that were told to be late, with what they did last
	hour map[string]time.Time       // of each Org: in which that was told
}

// When something is out of the ordinary.
const (
	watchEvery = time.Minute
	// So many schedules that are late are named.
	lateNamed = 5
	// Work that has waited so long is held up: people see a progress line after seconds.
	queueLimit = 15 * time.Minute
	// Of so many requests in an hour, so large a part may fail.
	fewRequests = 5
	mostFailed  = 0.3
	// A day takes at most so many times the tokens of a usual one, and more than so many.
	tokenFactor = 3
	tokenFloor  = 200_000
	tokenDays   = 15
)

// Run watches until ctx ends.
func (w *Watch) Run(ctx context.Context) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		for _, org := range w.Orgs {
			if err := w.Check(ctx, org); err != nil && ctx.Err() == nil {
				w.Log.WarnContext(ctx, "watch", "org", org, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Check looks once. What cannot be read is an error, and keeps nothing else from being told.
func (w *Watch) Check(ctx context.Context, org string) error {
	now := time.Now()
	if w.Clock != nil {
		now = w.Clock()
	}
	maps.DeleteFunc(w.told, func(_ string, at time.Time) bool { return now.Sub(at) > 48*time.Hour })
	var errs []error
	for _, look := range []func(context.Context, string, time.Time) ([]Notice, error){w.schedules, w.queue, w.failures, w.tokens} {
		found, err := look(ctx, org, now)
		errs = append(errs, err)
		for _, n := range found {
			errs = append(errs, w.tell(ctx, org, now, n))
		}
	}
	return errors.Join(errs...)
}

// tell tells what this process has not told yet.
func (w *Watch) tell(ctx context.Context, org string, now time.Time, n Notice) error {
	if _, told := w.told[org+" "+n.ID]; told {
		return nil
	}
	n.Org, n.At, n.Severity, n.To, n.Key = org, now, Usual(n.Type), w.To(ctx, org), n.ID
	if err := w.Tell(ctx, n); err != nil {
		delete(w.late, org) // they are told with the next one
		delete(w.hour, org)
		return err
	}
	w.Log.WarnContext(ctx, "watch", "org", org, "type", n.Type, "what", n.Title)
	if w.told == nil {
		w.told = map[string]time.Time{}
	}
	w.told[org+" "+n.ID] = now
	return nil
}

// daily is a notice that is told once a day at most.
func daily(kind string, now time.Time, title, body string) []Notice {
	return []Notice{{ID: kind + "/" + now.UTC().Format(time.DateOnly), Type: kind, Title: title, Body: body}}
}

func (w *Watch) queue(ctx context.Context, org string, now time.Time) ([]Notice, error) {
	age, err := w.Oldest(ctx, org)
	if err != nil || age <= queueLimit {
		return nil, err
	}
	return daily(QueueLate, now, "Work waits", "The oldest request that could run has waited "+agent.Lasted(age)+". Look at the log, and whether the engine of the sandboxes answers: interlock doctor."), nil
}

func (w *Watch) failures(ctx context.Context, org string, now time.Time) ([]Notice, error) {
	ended, failed, err := w.Signs.Ended(ctx, org, now.Add(-time.Hour))
	if err != nil || ended < fewRequests || float64(failed) < mostFailed*float64(ended) {
		return nil, err
	}
	return daily(FailuresHigh, now, "Many requests fail", fmt.Sprintf("%d of %d requests of the last hour failed. Their threads say why.", failed, ended)), nil
}

func (w *Watch) tokens(ctx context.Context, org string, now time.Time) ([]Notice, error) {
	days, err := w.Signs.Tokens(ctx, org, tokenDays, now)
	if err != nil || len(days) < 2 {
		return nil, err
	}
	today, before := days[len(days)-1], slices.Sorted(slices.Values(days[:len(days)-1]))
	usual := before[len(before)/2]
	if today < tokenFloor || today < tokenFactor*usual {
		return nil, nil
	}
	return daily(TokensHigh, now, "More tokens than usual",
		fmt.Sprintf("%d tokens went to models today; half of the days before took at most %d. Say status to see what runs.", today, usual)), nil
}
