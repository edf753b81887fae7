package notify

import (
	"maps"
	"time"
)

// batch is what the notices that are routed together make of the past, before any of
// it is written.
type batch struct {
	told  map[[2]string]Past   // by target and key
	over  map[string]bool      // keys of what has ended
	opens map[string]time.Time // by target
}

func newBatch() *batch {
	return &batch{map[[2]string]Past{}, map[string]bool{}, map[string]time.Time{}}
}

// after is the past as it will be once the notices before are written.
func (b *batch) after(target, key string, past Past) Past {
	if t, ok := b.told[[2]string{target, key}]; ok && key != "" {
		past.Told, past.More = t.Told, t.More
	} else if b.over[key] {
		past.Told, past.More = time.Time{}, 0
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

// end forgets who was told of a key: what begins anew after its end is told anew, also
// to those who are not told of ends.
func (b *batch) end(p *passing) Delivery {
	b.over[p.Key] = true
	maps.DeleteFunc(b.told, func(k [2]string, _ Past) bool { return k[1] == p.Key })
	return Delivery{Org: p.Org, Notice: p.ID, Key: p.Key, Step: Resolve, Repeat: true}
}
