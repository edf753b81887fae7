package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// join moves what is told of a stack from its own thread into that of all stacks which
// show the same change, once they are too many for threads of their own. The card that
// stood for it says so. What somebody has in hand stays where they have it.
func (u *run) join(ctx context.Context) error {
	for range mostRaces {
		d, err := u.Store.Drift(ctx, u.s.Org, u.job.Join)
		if err != nil {
			return fmt.Errorf("read drift: %w", err)
		}
		if !d.Open() || d.Thread != u.s.Thread || d.inHand() || u.s.fixing(d.Stack, nil) != nil {
			return nil
		}
		all, err := u.others(ctx, d)
		if err != nil || len(all) < mostApart {
			return err
		}
		left := d
		left.Joined, left.Alike = true, names(all)
		d.Thread = Thread{}
		d.settle(left.Thread, all)
		b := Batch{Drift: &d, Jobs: u.joinJobs(all)}
		if !slices.ContainsFunc(all, Drift.Shared) {
			b.Jobs = append(b.Jobs, u.tellJob(d, ScanNews{}))
		}
		if err := u.commit(ctx, b, u.event(KindDrift, Payload{Drift: &left})); !errors.Is(err, ErrRaced) {
			return err
		}
	}
	return fmt.Errorf("join %s with others: %w", u.job.Join, ErrRaced)
}

// inHand tells whether a person has said something to it.
func (d Drift) inHand() bool {
	return slices.ContainsFunc(d.Findings, func(f Finding) bool { return f.Owner != nil || f.Accepted != nil })
}

// others are the other stacks that are told in the room of a drift and show the same; of
// one that is told with others, those of its thread.
func (u *run) others(ctx context.Context, d Drift) ([]Drift, error) {
	if u.Alike == nil {
		return nil, nil
	}
	all, err := u.Alike(ctx, d.Org, d)
	if err != nil {
		return nil, fmt.Errorf("look for the same drift: %w", err)
	}
	return slices.DeleteFunc(all, func(o Drift) bool { return o.Stack == d.Stack || o.Thread.Room() != d.Thread.Room() }), nil
}

// joinJobs have those join that are told in threads of their own, each once while it
// drifts.
func (u *run) joinJobs(all []Drift) (jobs []Job) {
	for _, o := range all {
		if !o.Shared() {
			id := fmt.Sprintf("drift/%s/%d/join", o.Stack, o.Began.UnixMicro())
			jobs = append(jobs, Job{ID: id, Org: o.Org, Trace: u.job.Trace, Thread: o.Thread, Actor: u.actor, Tier: u.job.Tier, Join: o.Stack})
		}
	}
	return jobs
}

func names(all []Drift) (stacks []string) {
	for _, o := range all {
		stacks = append(stacks, o.Stack)
	}
	return stacks
}
