package notify

import "time"

// batch is what the notices that are routed together make of the past, before any of
// it is written.
type batch struct {
	told  map[[2]string]Past   // by target and key
	opens map[string]time.Time // by target
}

func newBatch() *batch { return &batch{map[[2]string]Past{}, map[string]time.Time{}} }

// after is the past as it will be once the notices before are written.
func (b *batch) after(target, key string, past Past) Past {
	if t, ok := b.told[[2]string{target, key}]; ok && key != "" {
		past.Told, past.More = t.Told, t.More
	}
	if o, ok := b.opens[target]; ok {
		past.Opens = o
	}
	return past
}

// note adds what was decided of one notice.
func (b *batch) note(p *passing) {
	for _, d := range p.drafts {
		k := [2]string{d.Target, d.Key}
		switch {
		case d.Repeat:
			b.told[k] = Past{Told: d.past.Told, More: d.past.More + 1}
			continue
		case d.Step == Resolve:
			b.told[k] = Past{}
		case d.Step != Acknowledge:
			b.told[k] = Past{Told: d.Due}
		}
		if o, ok := b.opens[d.Target]; !d.Alone && (!ok || d.Due.Before(o)) {
			b.opens[d.Target] = d.Due
		}
	}
}
