package rbac

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
)

// modelText has the cheap comparisons first: Casbin runs the matcher once for
// each line. g links people to roles, g2 stacks to their environment.
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
m = r.dom == p.dom && (p.act == "*" || p.act == r.act) && (p.obj == "*" || p.obj == r.obj || g2(r.obj, p.obj, r.dom)) && g(r.sub, p.sub, r.dom)
`

var errTwice = errors.New("a rule is there twice")

// anyone stands for a person in the rules of roles, which many people share.
// Lines cannot name it, because it has no kind.
const anyone = "anyone"

// ruler holds the lines of one person, or of one set of roles. Casbin's time
// grows with the lines that it holds, so each object that a line names has an
// enforcer of its own, with the lines that could match it. Nothing is changed
// after the load, and no decision is remembered.
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
	shared map[string]*ruler // by the names of roles
}

func newBuilder(org string, r OrgRules) *builder {
	b := &builder{org, r.Stacks, map[string][]Line{}, map[string]*ruler{}}
	for _, l := range r.lines() {
		b.lines[l.Subject] = append(b.lines[l.Subject], l)
	}
	return b
}

// of gives the ruler of a person's roles and, when lines name the person, their own.
func (b *builder) of(id string, roles []string) (rulers, error) {
	shared, err := b.roles(roles)
	if err != nil || b.lines[ofPerson+id] == nil {
		return rulers{shared}, err
	}
	own, err := b.ruler(ofPerson+id, nil, b.lines[ofPerson+id])
	return rulers{shared, own}, err
}

func (b *builder) roles(names []string) (*ruler, error) {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	key := strings.Join(names, " ")
	if r := b.shared[key]; r != nil {
		return r, nil
	}
	var lines []Line
	var roles []string
	for _, n := range names {
		roles = append(roles, ofRole+n)
		lines = append(lines, b.lines[ofRole+n]...)
	}
	r, err := b.ruler(anyone, roles, lines)
	b.shared[key] = r
	return r, err
}

func (b *builder) ruler(subject string, roles []string, lines []Line) (*ruler, error) {
	r := &ruler{b.org, subject, lines, b.stacks, map[string]*casbin.Enforcer{}}
	var objects []string
	for _, l := range lines {
		objects = append(objects, l.Object)
	}
	slices.Sort(objects)
	for _, object := range slices.Compact(objects) {
		e, err := r.enforcer(object, roles)
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

func (r *ruler) enforcer(object string, roles []string) (*casbin.Enforcer, error) {
	m, err := model.NewModelFromString(modelText)
	if err != nil {
		return nil, fmt.Errorf("read model: %w", err)
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		return nil, fmt.Errorf("build enforcer: %w", err)
	}
	env := r.around(object)
	var p, g, g2 [][]string
	for _, l := range r.lines {
		if l.Object == anything || l.Object == object || env != "" && l.Object == env {
			p = append(p, []string{l.Subject, r.org, l.Object, l.Act, l.Eft})
		}
	}
	for _, role := range roles {
		g = append(g, []string{r.subject, role, r.org})
	}
	if env != "" {
		g2 = [][]string{{object, env, r.org}}
	}
	return e, fill(e, p, g, g2)
}

// fill refuses an enforcer that has not taken every rule: half a policy must
// never serve.
func fill(e *casbin.Enforcer, p, g, g2 [][]string) error {
	for _, add := range []struct {
		rules [][]string
		to    func([][]string) (bool, error)
	}{
		{p, e.AddPolicies},
		{g, e.AddGroupingPolicies},
		{g2, func(r [][]string) (bool, error) { return e.AddNamedGroupingPolicies("g2", r) }},
	} {
		if len(add.rules) == 0 {
			continue
		}
		if ok, err := add.to(add.rules); err != nil {
			return fmt.Errorf("add rules: %w", err)
		} else if !ok {
			return errTwice
		}
	}
	return nil
}

// rulers decide together as one list of lines would: a deny of one beats an
// allow of the other.
type rulers []*ruler

// may tells whether the act is allowed, and by which line it was denied, if by one.
func (rs rulers) may(object, act string) (ok bool, by *Line, err error) {
	for _, r := range rs {
		may, by, err := r.may(object, act)
		if err != nil || by != nil {
			return false, by, err
		}
		ok = ok || may
	}
	return ok, nil, nil
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
	if len(line) == 5 && line[4] == "deny" {
		return false, &Line{line[0], line[2], line[3], line[4]}, nil
	}
	return ok, nil, nil
}

// everMay tells whether any line allows the act anywhere.
func (rs rulers) everMay(act string) bool {
	return slices.ContainsFunc(rs, func(r *ruler) bool {
		return slices.ContainsFunc(r.lines, func(l Line) bool {
			return l.Eft == "allow" && (l.Act == act || l.Act == anything)
		})
	})
}
