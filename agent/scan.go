package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"interlock/rbac"
)

// scan makes one fixed call, without a model. What it saw becomes known with its
// result, and is told in the stack's own thread. A scan that failed is tried again as
// its schedule says; then it is told, and never taken for "no drift".
func (u *run) scan(ctx context.Context) error {
	sc := u.job.Scan
	if done, err := u.scanned(ctx, sc); err != nil || done {
		return err
	}
	c := sc.Call
	c.ID = u.job.ID
	res, err := u.call(ctx, c)
	if err != nil || res == nil {
		return err
	}
	if res.Failed || res.Scan == nil {
		return u.notScanned(ctx, res.Text)
	}
	return u.commit(ctx, Batch{Jobs: u.outcomeJobs(res.Scan.outcome())}, u.event(KindFinding, Payload{Scan: res.Scan}))
}

// outcomeJobs answer the thread in which somebody asked for a scan. Without one, nothing is said.
func (u *run) outcomeJobs(text string) []Job {
	sc := u.job.Scan
	if sc.From == (Thread{}) {
		return nil
	}
	id := cmp.Or(sc.First, u.job.ID) + "/told"
	return []Job{{ID: id, Org: u.s.Org, Trace: u.job.Trace, Thread: sc.From, Title: "Scanned", Notice: text}}
}

// outcome is what a scan saw, in a line.
func (s *ScanNews) outcome() string {
	switch n := len(s.New) + len(s.Known); {
	case s.Failed != "":
		return s.Stack + ": could not look" + by(s.Scanner) + ": " + short(line(s.Failed), 300)
	case n == 0 && s.Scanner == "":
		return s.Stack + ": no drift."
	case n == 0:
		return s.Stack + ": no finding" + by(s.Scanner) + "."
	case n == 1:
		return s.Stack + ": 1 finding" + by(s.Scanner) + ", see its thread."
	default:
		return fmt.Sprintf("%s: %d findings%s, see its thread.", s.Stack, n, by(s.Scanner))
	}
}

// scanned tells whether another scan has looked since this one was asked for.
func (u *run) scanned(ctx context.Context, sc *Scan) (bool, error) {
	if sc.Since.IsZero() {
		return false, nil
	}
	d, err := u.Store.Drift(ctx, u.s.Org, sc.Stack)
	return err == nil && d.Sights[sc.Scanner].Looked.After(sc.Since), err
}

// notScanned puts a scan off that failed, or says since when the stack cannot be scanned.
func (u *run) notScanned(ctx context.Context, why string) error {
	if u.Redact != nil {
		why = u.Redact(why)
	}
	sc, told := u.job.Scan, ScanNews{Stack: u.job.Scan.Stack, Scanner: u.job.Scan.Scanner, Failed: why}
	if again := u.job.Job; sc.Try+1 < sc.Tries {
		next := *sc
		next.Try++
		again.Scan, again.After = &next, u.clock().Add(sc.Wait)
		again.ID = fmt.Sprintf("%s/try/%d", cmp.Or(sc.First, u.job.ID), next.Try)
		next.First = cmp.Or(sc.First, u.job.ID)
		told.Failed += fmt.Sprintf(" (tried %d of %d times)", next.Try, sc.Tries)
		return u.commit(ctx, Batch{Jobs: []Job{again}}, u.event(KindFinding, Payload{Scan: &told}))
	}
	return u.known(ctx, &look{&told, u.clock(), u.s.Label()}, func(b Batch) error {
		b.Jobs = append(b.Jobs, u.outcomeJobs(told.outcome())...)
		return u.commit(ctx, b, u.event(KindFinding, Payload{Scan: &told}))
	})
}

// known makes what a scan told known of its stack, in one write with what write adds,
// and has it told in the stack's thread if there is something to tell. What is new, known
// and gone is set in the look. A look that began before the newest one changes nothing;
// whoever loses a race looks again.
func (u *run) known(ctx context.Context, l *look, write func(Batch) error) error {
	for range mostRaces {
		d, err := u.Store.Drift(ctx, u.s.Org, l.Stack)
		if err != nil {
			return fmt.Errorf("read drift: %w", err)
		}
		was := d
		if l.began.Before(d.Sights[l.Scanner].Looked) || !d.keep(u.scanners(l.Stack), l.Scanner) {
			return write(Batch{})
		}
		if l.Failed != "" {
			d.fail(*l.ScanNews, u.clock())
		} else {
			*l.ScanNews = d.look(*l.ScanNews, l.began, u.clock())
		}
		b := Batch{Drift: &d}
		if b.Jobs, err = u.tells(ctx, was, &d, l); err != nil {
			return err
		}
		if err := write(b); !errors.Is(err, ErrRaced) {
			return err
		}
	}
	return fmt.Errorf("note scan of %s: %w", l.Stack, ErrRaced)
}

// scanners are those that schedules of a stack use, beside that for drift; nil is any.
func (u *run) scanners(stack string) []string {
	if u.Scanners == nil {
		return nil
	}
	return append([]string{""}, u.Scanners(u.s.Org, stack)...)
}

// keep forgets what scanners saw that look no more: nobody would ever say that it is
// gone. It tells whether a scanner is one of those that do.
func (d *Drift) keep(used []string, scanner string) bool {
	if used == nil {
		return true
	}
	unused := func(name string) bool { return !slices.Contains(used, name) }
	d.Findings = slices.DeleteFunc(slices.Clone(d.Findings), func(f Finding) bool { return unused(f.Scanner) })
	d.Sights = maps.Clone(d.Sights)
	maps.DeleteFunc(d.Sights, func(name string, _ Sight) bool { return unused(name) })
	return !unused(scanner)
}

// look is what one scan saw, when it began to, and the label of what it read.
type look struct {
	*ScanNews
	began time.Time
	label rbac.Label
}

// mostRaces is how often a write is tried anew that others were quicker than.
const mostRaces = 20

// look notes what a scan saw, and splits it into new and known, and names what is
// gone. Findings of other scanners are left alone.
func (d *Drift) look(seen ScanNews, began, at time.Time) ScanNews {
	before, all := Of(d.Findings, seen.Scanner), slices.Concat(seen.New, seen.Known)
	seen.New, seen.Known, seen.Gone, seen.Lapsed = nil, nil, nil, nil
	for _, f := range all {
		f.Since, f.Seen, f.Scanner = at, at, seen.Scanner
		f.Accepted, f.Owner = nil, nil // as the record has it, also when this is looked at again after a race
		i := find(before, f.Fingerprint)
		if i < 0 {
			seen.New = append(seen.New, f)
			continue
		}
		old := before[i]
		f.Since, f.Owner = old.Since, old.Owner
		switch a := old.Accepted; {
		case a == nil:
		case a.Until.After(at) && old.Real == f.Real:
			f.Accepted = a
		default:
			seen.Lapsed = append(seen.Lapsed, f)
		}
		seen.Known = append(seen.Known, f)
	}
	for _, o := range before {
		if find(all, o.Fingerprint) < 0 {
			seen.Gone = append(seen.Gone, o)
		}
	}
	rest := slices.DeleteFunc(slices.Clone(d.Findings), func(f Finding) bool { return f.Scanner == seen.Scanner })
	d.Findings = slices.Concat(rest, seen.New, seen.Known)
	slices.SortStableFunc(d.Findings, func(a, b Finding) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Resource+a.Attribute+a.Rule, b.Resource+b.Attribute+b.Rule))
	})
	d.Environment, d.Scanned = cmp.Or(seen.Environment, d.Environment), at
	d.see(seen.Scanner, Sight{Looked: began})
	if seen.Scanner == "" {
		d.Commit, d.Ignored, d.Authored, d.Pending = seen.Commit, seen.Ignored, seen.Authored, ""
		if seen.Pending != nil && seen.Pending.Changes() {
			d.Pending = seen.Pending.Counts()
		}
	}
	if len(d.Blind()) == 0 && len(d.Findings) == 0 {
		d.Clean = at
	}
	d.begin(at)
	return seen
}

// see notes how far a scanner sees. The map is the drift's own from then on: others hold
// what was before.
func (d *Drift) see(scanner string, s Sight) {
	sights := maps.Clone(d.Sights)
	if sights == nil {
		sights = map[string]Sight{}
	}
	sights[scanner] = s
	d.Sights = sights
}

// fail notes that a scan could not look.
func (d *Drift) fail(seen ScanNews, at time.Time) {
	s := d.Sights[seen.Scanner]
	if s.Failing.IsZero() {
		s.Failing = at
	}
	s.Failed = seen.Failed
	d.see(seen.Scanner, s)
	d.begin(at)
}

// begin opens what is told of a stack, or ends it.
func (d *Drift) begin(at time.Time) {
	switch differs := len(d.Findings) > 0 || len(d.Blind()) > 0; {
	case differs && !d.Open():
		d.Began, d.Ended, d.Thread, d.Alike = at, time.Time{}, Thread{}, nil
	case !differs && d.Open():
		d.Ended = at
	}
}

// worth tells whether the card should be drawn anew: something began or ended, came or
// went, moved on, or is judged otherwise than before. That a scanner still fails is no
// news, whatever words it fails with.
func (d Drift) worth(was Drift) bool {
	if d.Open() != was.Open() || d.Thread != was.Thread || !slices.Equal(d.Blind(), was.Blind()) {
		return true
	}
	return d.Open() && (d.Change() != was.Change() || d.Settled() != was.Settled() || d.Pending != was.Pending)
}
