package rbac

import (
	"errors"
	"fmt"
	"strings"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"github.com/casbin/casbin/v2/persist"
)

// modelText has the comparison first that most lines fail: Casbin runs the matcher
// once for each line. g links people to roles and groups, g2 stacks to their
// environment.
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
m = (p.act == r.act || p.act == "*" && r.act != "break") && (p.obj == "*" || p.obj == r.obj || g2(r.obj, p.obj, r.dom)) && r.dom == p.dom && g(r.sub, p.sub, r.dom)
`

var (
	errHalf     = errors.New("not every rule was taken")
	errReadOnly = errors.New("a policy is changed where it is kept, never through Casbin")
)

// adapter is Casbin's way to the lines that one enforcer needs. It only reads:
// Casbin's own saving empties what it saves to first.
type adapter struct{ rules [][]string }

var _ persist.Adapter = adapter{}

// LoadPolicy fills the model, or fails: half a policy must never serve. Casbin
// passes over a rule that reads like another one when its parts are put together.
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

// enforcer is Casbin with the lines of one subject that could match one of the
// objects. Nothing is changed after the load, and no decision is remembered.
func (b *builder) enforcer(lines []Line, objects []string) (*casbin.Enforcer, error) {
	var a adapter
	could := map[string]bool{anything: true}
	for _, o := range objects {
		could[o] = true
		if env := around(b.stacks, o); env != "" {
			could[env] = true
			a.rules = append(a.rules, []string{"g2", o, env, b.org})
		}
	}
	for _, l := range lines {
		if could[l.Object] {
			a.rules = append(a.rules, []string{"p", l.Subject, b.org, l.Object, l.Act, l.Eft})
		}
	}
	e, err := casbin.NewEnforcer(b.model.Copy(), a)
	if err != nil {
		return nil, fmt.Errorf("build enforcer: %w", err)
	}
	return e, nil
}

// around is the environment of a stack, or "".
func around(stacks map[string]Stack, object string) string {
	name, ok := strings.CutPrefix(object, ofStack)
	if s := stacks[name]; ok && s.Environment != "" {
		return ofEnv + s.Environment
	}
	return ""
}
