package agent

import (
	"context"
	"slices"
)

// scan makes one fixed call, without a model, and tells only what changed since
// the last one. The result on record says what is new, so that a crash before it
// is told loses none; a scan that failed is told, never taken for "no drift".
func (u *run) scan(ctx context.Context) error {
	sc := u.job.Scan
	c := sc.Call
	c.ID = u.job.ID
	res, err := u.call(ctx, c)
	if err != nil || res == nil {
		return err
	}
	if res.Failed || res.Scan == nil {
		return u.emit(ctx, KindFinding, Payload{Scan: &ScanNews{Stack: sc.Stack, Failed: res.Text}})
	}
	if len(res.Scan.New) == 0 && len(res.Scan.Gone) == 0 {
		return nil
	}
	return u.emit(ctx, KindFinding, Payload{Scan: res.Scan})
}

// compare splits what a scan saw into new and known, and names what is gone.
func compare(seen ScanNews, open []Finding) ScanNews {
	all := seen.New
	seen.New = nil
	at := now()
	for _, f := range all {
		f.Seen, f.Since = at, at
		i := slices.IndexFunc(open, func(o Finding) bool { return o.Fingerprint == f.Fingerprint })
		if i < 0 {
			seen.New = append(seen.New, f)
			continue
		}
		f.Since = open[i].Since
		seen.Known = append(seen.Known, f)
	}
	for _, o := range open {
		if !slices.ContainsFunc(all, func(f Finding) bool { return f.Fingerprint == o.Fingerprint }) {
			seen.Gone = append(seen.Gone, o)
		}
	}
	return seen
}
