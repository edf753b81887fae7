package rbac

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
)

// ruler holds the lines of one subject: a person, a role or a group. Casbin's time
// grows with the lines that it holds, so each act on a few objects has an enforcer,
// with the lines that could match them.
type ruler struct {
	org, subject string
	lines        []Line
	because      map[Line]string
	stacks       map[string]Stack
	made         map[part]*casbin.Enforcer
	acts         map[string]bool // that a line names
}

// part is what an enforcer is for: anything stands for the acts, and for the
// objects, that no line names.
type part struct{ act, object string }

// batch is how many objects share an enforcer: more are slower to ask, fewer are
// slower to load.
const batch = 4

// builder makes the rulers of one Org.
type builder struct {
	org    string
	stacks map[string]Stack
	model  model.Model
	lines  map[string][]Line // by subject
	made   map[string]*ruler // by subject
}

func newBuilder(org string, r OrgRules) (*builder, error) {
	m, err := model.NewModelFromString(modelText)
	if err != nil {
		return nil, fmt.Errorf("read model: %w", err)
	}
	b := &builder{org: org, stacks: r.Stacks, model: m, lines: map[string][]Line{}, made: map[string]*ruler{}}
	for _, l := range r.lines() {
		b.lines[l.Subject] = append(b.lines[l.Subject], l)
	}
	return b, nil
}

// of gives the rulers of everything that somebody is. Each is asked as itself, and
// who is what was found out before, so that an Org has one for each subject and not
// for each mixture of roles and groups.
func (b *builder) of(subjects ...string) (all rulers, err error) {
	for _, s := range subjects {
		if len(b.lines[s]) == 0 {
			continue
		}
		r := b.made[s]
		if r == nil {
			if r, err = b.ruler(s); err != nil {
				return nil, err
			}
			b.made[s] = r
		}
		all = append(all, r)
	}
	return all, nil
}

func (b *builder) ruler(subject string) (*ruler, error) {
	r := &ruler{
		org: b.org, subject: subject, lines: b.lines[subject], because: map[Line]string{},
		stacks: b.stacks, made: map[part]*casbin.Enforcer{}, acts: map[string]bool{},
	}
	for _, l := range r.lines {
		r.because[l.bare()] = l.Because
		r.acts[l.Act] = true
	}
	for act := range r.acts {
		if err := r.add(b, act); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// add makes the enforcers for one act.
func (r *ruler) add(b *builder, act string) error {
	var lines []Line
	var objects []string
	for _, l := range r.lines {
		if l.Act == act || l.Act == anything {
			lines, objects = append(lines, l), append(objects, l.Object)
		}
	}
	slices.SortFunc(objects, func(x, y string) int {
		return cmp.Or(cmp.Compare(around(b.stacks, x), around(b.stacks, y)), cmp.Compare(x, y))
	})
	for some := range slices.Chunk(slices.Compact(objects), batch) {
		e, err := b.enforcer(lines, some)
		if err != nil {
			return err
		}
		for _, object := range some {
			r.made[part{act, object}] = e
		}
	}
	return nil
}

// rulers decide together as one list of lines would: a deny of one beats an
// allow of the other.
type rulers []*ruler

// may tells whether the act is allowed, and by which line it was allowed or
// denied, if by one.
func (rs rulers) may(object, act string, m memo) (ok bool, by *Line, err error) {
	for _, r := range rs {
		a := m.ask(r, object, act)
		switch {
		case a.err != nil:
			return false, nil, a.err
		case a.by != nil && a.by.Eft == "deny":
			return false, a.by, nil
		case a.ok:
			ok, by = true, a.by
		}
	}
	return ok, by, nil
}

// memo keeps what rulers said while one question about many people is answered:
// most of them share a ruler. A nil memo keeps nothing.
type memo map[asked]answer

type asked struct {
	of          *ruler
	object, act string
}

type answer struct {
	ok  bool
	by  *Line
	err error
}

func (m memo) ask(r *ruler, object, act string) answer {
	a, known := m[asked{r, object, act}]
	if !known {
		a.ok, a.by, a.err = r.may(object, act)
		if m != nil {
			m[asked{r, object, act}] = a
		}
	}
	return a
}

// may asks Casbin. An object that no line names is asked for as what it is in, or
// as the Org: Casbin keeps every name that it has ever compared.
func (r *ruler) may(object, act string) (ok bool, by *Line, err error) {
	e, object := r.enforcer(object, act)
	if e == nil {
		return false, nil, nil // no line could match
	}
	ok, line, err := e.EnforceEx(r.subject, r.org, object, act)
	if err != nil {
		return false, nil, fmt.Errorf("enforce: %w", err)
	}
	return ok, r.line(line), nil
}

func (r *ruler) enforcer(object, act string) (e *casbin.Enforcer, as string) {
	if !r.acts[act] {
		act = anything
	}
	if e = r.made[part{act, object}]; e != nil {
		return e, object
	}
	env := around(r.stacks, object)
	if e = r.made[part{act, env}]; e != nil {
		return e, env
	}
	return r.made[part{act, anything}], theOrg
}

// line is the line that Casbin names, with its reason.
func (r *ruler) line(named []string) *Line {
	if len(named) != 5 {
		return nil
	}
	l := Line{Subject: named[0], Object: named[2], Act: named[3], Eft: named[4]}
	l.Because = r.because[l]
	return &l
}

// everMay tells whether any line allows the act anywhere.
func (rs rulers) everMay(act string) bool {
	return slices.ContainsFunc(rs, func(r *ruler) bool {
		return slices.ContainsFunc(r.lines, func(l Line) bool {
			return l.Eft == "allow" && (l.Act == act || l.Act == anything && act != actBreak)
		})
	})
}
