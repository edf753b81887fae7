package tofu

import (
	"encoding/json"

	tfjson "github.com/hashicorp/terraform-json"
)

// Strayed is one resource that the world has otherwise than the state, with its values
// as they are: whoever shows them looks at Sensitive first.
type Strayed struct {
	Address, Module, Type, Name string
	Indexed, Deposed, Gone      bool // one of several; left over from a replacement; no more in the world
	Differs                     []Differing
}

// Differing is one attribute of it, or one of a nested block. Numbers are json.Number.
type Differing struct {
	Name       string
	Code, Real any
	Sensitive  bool        // some part of it is, or holds what is sensitive elsewhere
	PutBack    bool        // a plan would change it back: no computed value, nothing that the code ignores
	Inner      []Differing // of the one block on both sides, when it may be a block
}

// Strays reads what drifted out of a plan document, without what the rules ignore.
func Strays(planJSON []byte, rules []string) (all []Strayed, err error) {
	d, err := parse(planJSON)
	if err != nil {
		return nil, err
	}
	back := map[string]*tfjson.Change{}
	for _, r := range d.ResourceChanges {
		if _, err := actionOf(r); err != nil {
			return nil, err
		}
		back[r.Address] = r.Change
	}
	for _, r := range d.ResourceDrift {
		res, ok, err := d.drifted(r)
		if err != nil {
			return nil, err
		}
		s := Strayed{
			Address: res.Address, Module: r.ModuleAddress, Type: r.Type, Name: r.Name,
			Indexed: r.Index != nil, Deposed: r.DeposedKey != "", Gone: res.Action == "delete",
		}
		told := d.told(r, rules, s.Gone)
		if !ok || len(told) == 0 && !s.Gone || s.Gone && ignores(rules, r.Address, "") {
			continue
		}
		if !s.Gone {
			s.Differs = d.differing(r.Change, back[r.Address], told)
		}
		all = append(all, s)
	}
	return all, nil
}

// told are the attributes of which a scan tells something.
func (d *document) told(r *tfjson.ResourceChange, rules []string, gone bool) map[string]bool {
	all := map[string]bool{}
	if gone {
		return all
	}
	for _, name := range keys(r.Change.Before, r.Change.After) {
		w := walker{}
		w.walk(join("", name), field(r.Change.Before, name), field(r.Change.After, name),
			field(r.Change.BeforeSensitive, name), field(r.Change.AfterSensitive, name), nil)
		for _, f := range w.found {
			all[name] = all[name] || !ignores(rules, r.Address, d.path(f.path))
		}
		if !all[name] {
			delete(all, name)
		}
	}
	return all
}

func (d *document) differing(drift, back *tfjson.Change, told map[string]bool) []Differing {
	if back == nil {
		back = &tfjson.Change{}
	}
	return d.inside(pair{drift.Before, drift.After, drift.BeforeSensitive, drift.AfterSensitive}, pair{back.Before, back.After, nil, back.AfterUnknown}, told)
}

// pair are the two sides of a change with a mark of each.
type pair struct{ before, after, beforeMark, afterMark any }

func (s pair) each(pick func(any) any) pair {
	return pair{pick(s.before), pick(s.after), pick(s.beforeMark), pick(s.afterMark)}
}

// inside lists the attributes of one body; told names those to look at, nil is all.
func (d *document) inside(drift, back pair, told map[string]bool) (all []Differing) {
	for _, name := range keys(drift.before, drift.after) {
		pick := func(v any) any { return field(v, name) }
		w, b := drift.each(pick), back.each(pick)
		if told != nil && !told[name] || equal(w.before, w.after) {
			continue
		}
		f := Differing{
			Name: name, Code: w.before, Real: w.after,
			Sensitive: anyTrue(w.beforeMark) || anyTrue(w.afterMark) || d.holdsSecret(w.after),
			PutBack:   !equal(b.before, b.after) && !anyTrue(b.afterMark),
		}
		if one := block(w.before, w.after); one != nil {
			f.Inner = d.inside(w.each(one), b.each(one), nil)
		}
		all = append(all, f)
	}
	return all
}

// block tells how to get into a value that may stand for one nested block.
func block(before, after any) func(any) any {
	_, a := before.(map[string]any)
	_, b := after.(map[string]any)
	if a && b {
		return func(v any) any { return v }
	}
	_, a = item(before, 0).(map[string]any)
	_, b = item(after, 0).(map[string]any)
	if a && b && length(before) == 1 && length(after) == 1 {
		return func(v any) any { return item(v, 0) }
	}
	return nil
}

// holdsSecret looks into every text and key of a value.
func (d *document) holdsSecret(v any) bool {
	switch v := v.(type) {
	case string, json.Number:
		return d.secrets.in(scalar(v))
	case map[string]any:
		for k, e := range v {
			if len(k) >= containedFrom && d.secrets.in(k) || d.holdsSecret(e) {
				return true
			}
		}
	case []any:
		for _, e := range v {
			if d.holdsSecret(e) {
				return true
			}
		}
	}
	return false
}
