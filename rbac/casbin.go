package rbac

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"github.com/casbin/casbin/v2/persist"
)

// modelText has the cheap comparisons first: Casbin runs the matcher once for
// each line. g links people to roles and groups, g2 stacks to their environment.
const modelText = `
[request_definition]
r = sub, dom, obj, act

[policy_definition]
p = sub, dom, obj, act, eft

[role_definition]
g = _, _, _
g2 = _, _, _

[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))

[matchers]
m = r.dom == p.dom && (p.act == r.act || p.act == "*" && r.act != "break") && (p.obj == "*" || p.obj == r.obj || g2(r.obj, p.obj, r.dom)) && g(r.sub, p.sub, r.dom)
`

var (
	errHalf     = errors.New("not every rule was taken")
	errReadOnly = errors.New("a policy is changed where it is kept, never through Casbin")
)

// anyone stands for a person in the rules of roles, which many people share.
// Lines cannot name it, because it has no kind.
const anyone = "anyone"

// adapter is Casbin's way to the lines that one enforcer needs. It only reads:
// Casbin's own saving empties what it saves to first.
type adapter struct{ rules [][]string }

var _ persist.Adapter = adapter{}

// LoadPolicy fills the model, or fails: half a policy must never serve.
func (a adapter) LoadPolicy(m model.Model) error {
	for _, r := range a.rules {
		if err := persist.LoadPolicyArray(r, m); err != nil {
			return fmt.Errorf("load rule: %w", err)
		}
	}
	n := 0
	for _, sec := range m {
		for _, a := range sec {
			n += len(a.Policy)
		}
	}
	if n != len(a.rules) {
		return errHalf
	}
	return nil
}

// SavePolicy refuses.
func (adapter) SavePolicy(model.Model) error { return errReadOnly }

// AddPolicy refuses.
func (adapter) AddPolicy(string, string, []string) error { return errReadOnly }

// RemovePolicy refuses.
func (adapter) RemovePolicy(string, string, []string) error { return errReadOnly }

// RemoveFilteredPolicy refuses.
func (adapter) RemoveFilteredPolicy(string, string, int, ...string) error { return errReadOnly }

// ruler holds the lines of one person, or of one set of roles and groups.
// Casbin's time grows with the lines that it holds, so each object that a line
// names has an enforcer of its own, with the lines that could match it. Nothing
// is changed after the load, and no decision is remembered.
type ruler struct {
	org, subject string
	lines        []Line
	stacks       map[string]Stack
	byObject     map[string]*casbin.Enforcer // anything: for objects that no line names
}

// builder makes the rulers of one Org.
type builder struct {
	org    string
	stacks map[string]Stack
	lines  map[string][]Line // by subject
	shared map[string]*ruler // by the names of roles and groups
}

func newBuilder(org string, r OrgRules) *builder {
	b := &builder{org, r.Stacks, map[string][]Line{}, map[string]*ruler{}}
	for _, l := range r.lines() {
		b.lines[l.Subject] = append(b.lines[l.Subject], l)
	}
	return b
}

// of gives the ruler of a person's roles and groups and, when lines name the
// person, their own.
func (b *builder) of(id string, held []string) (rulers, error) {
	shared, err := b.holding(held)
	if err != nil || b.lines[ofPerson+id] == nil {
		return rulers{shared}, err
	}
	own, err := b.ruler(ofPerson+id, nil, b.lines[ofPerson+id])
	return rulers{shared, own}, err
}

// holding is the ruler of everybody who holds exactly these subjects.
func (b *builder) holding(subjects []string) (*ruler, error) {
	subjects = slices.Compact(slices.Sorted(slices.Values(subjects)))
	key := strings.Join(subjects, " ")
	if r := b.shared[key]; r != nil {
		return r, nil
	}
	var lines []Line
	for _, s := range subjects {
		lines = append(lines, b.lines[s]...)
	}
	r, err := b.ruler(anyone, subjects, lines)
	b.shared[key] = r
	return r, err
}

func (b *builder) ruler(subject string, holds []string, lines []Line) (*ruler, error) {
	r := &ruler{b.org, subject, lines, b.stacks, map[string]*casbin.Enforcer{}}
	var objects []string
	for _, l := range lines {
		objects = append(objects, l.Object)
	}
	slices.Sort(objects)
	for _, object := range slices.Compact(objects) {
		e, err := r.enforcer(object, holds)
		if err != nil {
			return nil, err
		}
		r.byObject[object] = e
	}
	return r, nil
}

// around is the environment of a stack, or "".
func (r *ruler) around(object string) string {
	name, ok := strings.CutPrefix(object, ofStack)
	if s := r.stacks[name]; ok && s.Environment != "" {
		return ofEnv + s.Environment
	}
	return ""
}

func (r *ruler) enforcer(object string, holds []string) (*casbin.Enforcer, error) {
	m, err := model.NewModelFromString(modelText)
	if err != nil {
		return nil, fmt.Errorf("read model: %w", err)
	}
	env := r.around(object)
	var a adapter
	for _, l := range r.lines {
		if l.Object == anything || l.Object == object || env != "" && l.Object == env {
			a.rules = append(a.rules, []string{"p", l.Subject, r.org, l.Object, l.Act, l.Eft})
		}
	}
	for _, h := range holds {
		a.rules = append(a.rules, []string{"g", r.subject, h, r.org})
	}
	if env != "" {
		a.rules = append(a.rules, []string{"g2", object, env, r.org})
	}
	e, err := casbin.NewEnforcer(m, a)
	if err != nil {
		return nil, fmt.Errorf("build enforcer: %w", err)
	}
	return e, nil
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
type memo map[*ruler]answer

type answer struct {
	ok  bool
	by  *Line
	err error
}

func (m memo) ask(r *ruler, object, act string) answer {
	a, known := m[r]
	if !known {
		a.ok, a.by, a.err = r.may(object, act)
		if m != nil {
			m[r] = a
		}
	}
	return a
}

func (r *ruler) may(object, act string) (ok bool, by *Line, err error) {
	e, found := r.byObject[object]
	if env := r.around(object); !found && env != "" {
		e, found = r.byObject[env]
		object = env // no line names the stack itself
	}
	if !found {
		if e, found = r.byObject[anything]; !found {
			return false, nil, nil // no line could match
		}
	}
	ok, line, err := e.EnforceEx(r.subject, r.org, object, act)
	if err != nil {
		return false, nil, fmt.Errorf("enforce: %w", err)
	}
	return ok, r.line(line), nil
}

// line finds the line that Casbin names, with its reason.
func (r *ruler) line(named []string) *Line {
	if len(named) != 5 {
		return nil
	}
	l := Line{Subject: named[0], Object: named[2], Act: named[3], Eft: named[4]}
	if i := slices.IndexFunc(r.lines, l.same); i >= 0 {
		l = r.lines[i]
	}
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
