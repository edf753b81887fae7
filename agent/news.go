package agent

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"interlock/rbac"
)

// News is a stack as it was after a scan or a judgement, and what the scan told. Its
// Label is that of the scan: values of the world are foreign text.
type News struct {
	Drift Drift
	Scan  ScanNews // empty after a judgement
	Label rbac.Label
	Again bool `json:",omitempty"` // draws anew what is told already: others of its thread have moved
}

// tells are the jobs by which the stack's thread hears of a scan, if there is something to
// hear. It gives the drift its thread.
func (u *run) tells(ctx context.Context, was Drift, d *Drift, l *look) ([]Job, error) {
	jobs, err := u.begins(ctx, d)
	if err != nil || !d.worth(was) {
		return jobs, err
	}
	job := u.tellJob(*d, *l.ScanNews)
	job.News.Label = job.News.Label.Join(l.label)
	return append([]Job{job}, jobs...), nil
}

// tellJob has the stack's thread told.
func (u *run) tellJob(d Drift, scan ScanNews) Job {
	d.Version++ // as it will be kept
	d.Gone = scan.Gone
	return u.redrawJob(fmt.Sprintf("drift/%s/%d", d.Stack, d.Version), News{Drift: d, Scan: scan, Label: u.s.Label()})
}

func (u *run) redrawJob(id string, n News) Job {
	return Job{ID: id, Org: n.Drift.Org, Trace: u.job.Trace, Thread: n.Drift.Thread, Actor: u.actor, Tier: rbac.Observe, News: &n}
}

// news tells the thread of a stack how its drift stands. The card that stands for it is
// redrawn; what came and went is said beside it, so that people hear of it.
func (u *run) news(ctx context.Context) error {
	n := u.job.News
	d, last := n.Drift, u.s.drift(n.Drift.Stack)
	if last != nil && !n.Again && last.Version >= d.Version {
		return nil // told already, or something newer was
	}
	d.Fixing = u.s.fixing(d.Stack, nil)
	if d.Shared() && d.Open() {
		same := d
		same.Thread.ID = "" // all that show it, wherever they are told
		all, err := u.others(ctx, same)
		if err != nil {
			return err
		}
		d.Alike = names(all)
	}
	if n.Scan.Stack == "" {
		return u.emit(ctx, KindDrift, Payload{Drift: &d})
	}
	var evs []Event
	if title, text := n.said(); text != "" && last != nil && last.Thread == d.Thread {
		evs = append(evs, u.event(KindNotice, Payload{Title: title, Text: text}))
	}
	return u.commit(ctx, Batch{}, append(evs, u.event(KindFinding, Payload{Scan: &n.Scan, Drift: &d}))...)
}

// said is what people hear of a scan after the first one.
func (n News) said() (title, text string) {
	d, s := n.Drift, n.Scan
	var parts []string
	for _, p := range []struct {
		what string
		all  []Finding
	}{{"New", s.New}, {"Not accepted any more", s.Lapsed}, {"Gone", s.Gone}} {
		if len(p.all) > 0 {
			parts = append(parts, p.what+": "+named(p.all)+".")
		}
	}
	switch {
	case s.Failed != "":
		return "Not scanned", d.Stack + " cannot be scanned" + by(s.Scanner) + ": " + short(line(s.Failed), 300)
	case !d.Open():
		title = "Back to code"
		parts = append(parts, fmt.Sprintf("%s matches its code again, after %s. This is closed; a new drift begins a new thread.", d.Stack, Lasted(d.Ended.Sub(d.Began))))
	case len(s.New) > 0:
		title = "New drift"
	case len(s.Lapsed) > 0:
		title = "Accepted no longer"
	case len(s.Gone) > 0:
		title = "Less drift"
	}
	return title, strings.Join(parts, " ")
}

// by names a scanner other than that for drift.
func by(scanner string) string {
	if scanner == "" {
		return ""
	}
	return " by " + scanner
}

// named are the first findings by name, and how many there are beside.
func named(all []Finding) string {
	const most = 3
	var names []string
	for _, f := range all[:min(len(all), most)] {
		names = append(names, f.name())
	}
	if n := len(all) - most; n > 0 {
		names = append(names, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(names, ", ")
}

func (f Finding) name() string {
	return line(strings.TrimSpace(f.Resource + " " + cmp.Or(f.Attribute, f.Rule)))
}

// Lasted is a time in the largest unit that says it well.
func Lasted(d time.Duration) string {
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if n := int(d / unit.of); n == 1 {
			return "1 " + unit.name
		} else if n > 1 {
			return fmt.Sprintf("%d %ss", n, unit.name)
		}
	}
	return "less than a minute"
}

// mostApart is in how many stacks the same change is told in threads of their own;
// in more, it is one thread of them all.
const mostApart = 5

// begins gives what is told of a stack its thread: one of its own in the stack's room, or
// that of all stacks which show the same change. When they have become too many, those
// that have threads of their own join.
func (u *run) begins(ctx context.Context, d *Drift) ([]Job, error) {
	home := u.s.Thread
	if u.Home != nil {
		home = u.Home(d.Org, d.Stack)
	}
	switch {
	case d.Shared():
		return u.stays(ctx, d, home)
	case !d.Open():
		return nil, nil
	}
	fresh := d.Thread.Room() != home.Room() // it begins, or its stack has another room now
	if fresh {
		d.Thread = home
	}
	all, err := u.others(ctx, *d)
	if err != nil {
		return nil, err
	}
	many := len(all) >= mostApart
	switch {
	case fresh && many:
		d.Thread = Thread{}
		d.settle(home, all)
		return u.joinJobs(all), nil
	case fresh:
		d.Thread = Thread{}
		d.settle(home, nil)
	case many:
		return u.joinJobs([]Drift{*d}), nil
	}
	return nil, nil
}

// stays leaves a stack in the thread that it shares as long as it shows what the others
// there show. Who leaves has the thread drawn anew for those that stay; who is left alone
// keeps it.
func (u *run) stays(ctx context.Context, d *Drift, home Thread) ([]Job, error) {
	before := *d
	stay, err := u.others(ctx, before)
	if err != nil {
		return nil, err
	}
	same := len(stay) == 0 && d.Open() || slices.ContainsFunc(stay, func(o Drift) bool { return o.Change() == d.Change() })
	moved := d.Thread.Room() != home.Room()
	if d.Open() && (moved || !same) {
		d.Thread = Thread{}
		d.settle(home, nil)
	} else {
		d.settle(home, stay)
	}
	if len(stay) > 0 && (moved || !same) {
		return []Job{u.rest(before, stay)}, nil
	}
	return nil, nil
}

// settle gives a drift that has no thread one, and notes with whom it is told. Whoever
// is first to open the thread of several calls it by their change and the oldest of
// them, so that two who are first at once open the same.
func (d *Drift) settle(home Thread, alike []Drift) {
	d.Alike = names(alike)
	if d.Thread != (Thread{}) {
		return
	}
	d.Thread = Thread{home.Platform, home.Channel, "~drift/" + d.Stack + "/" + rand.Text()}
	if len(alike) > 0 {
		d.Thread.ID = fmt.Sprintf("%s%.12s/%d", shared, d.Change(), alike[0].Began.UnixMicro())
	}
	if i := slices.IndexFunc(alike, Drift.Shared); i >= 0 {
		d.Thread = alike[i].Thread
	}
}

// rest draws the thread of several stacks anew after one has left it.
func (u *run) rest(left Drift, stay []Drift) Job {
	first := stay[0]
	first.Alike, first.Thread = names(stay[1:]), left.Thread
	return u.redrawJob(fmt.Sprintf("drift/%s/%d/left", left.Stack, left.Version), News{Drift: first, Again: true})
}
