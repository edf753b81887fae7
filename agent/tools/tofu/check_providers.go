package tofu

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// use is one place at which code needs a provider, by its local name.
type use struct {
	name  string
	where hcl.Range
}

// builtin comes with OpenTofu itself.
const builtin = "terraform"

// address is a provider's source in full.
func address(source string) string {
	source = strings.ToLower(strings.TrimSpace(source))
	switch strings.Count(source, "/") {
	case 0:
		return "registry.opentofu.org/hashicorp/" + source
	case 1:
		return "registry.opentofu.org/" + source
	}
	return source
}

// required learns what the local names stand for.
func (m *module) required(b *hcl.Block) error {
	attrs, diags := b.Body.JustAttributes()
	if diags.HasErrors() {
		return said(diags)
	}
	for name, a := range attrs {
		source, err := m.source(name, a)
		if err != nil {
			return err
		}
		m.sources[name] = source
		m.used = append(m.used, use{name, a.Range})
	}
	return nil
}

func (m *module) source(name string, a *hcl.Attribute) (string, error) {
	if _, ok := literal(a.Expr); ok {
		return name, nil // the old form names a version only
	}
	pairs, diags := hcl.ExprMap(a.Expr)
	if diags.HasErrors() {
		return "", said(diags)
	}
	source := name
	for _, p := range pairs {
		key := hcl.ExprAsKeyword(p.Key)
		if s, ok := literal(p.Key); ok && key == "" {
			key = s
		}
		if key != "source" {
			continue
		}
		s, ok := literal(p.Value)
		if !ok {
			return "", at(a.Range, "the source of provider %q must be a plain string", name)
		}
		source = s
	}
	return source, nil
}

// resourceProvider notes which provider a resource is of: the one it names, or
// the one that its type begins with.
func (m *module) resourceProvider(b *hcl.Block) error {
	content, _, diags := b.Body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "provider"}}})
	if diags.HasErrors() {
		return said(diags)
	}
	if a, ok := content.Attributes["provider"]; ok {
		m.used = append(m.used, use{providerName(a.Expr), a.Range})
		return nil
	}
	name, _, _ := strings.Cut(b.Labels[0], "_")
	m.used = append(m.used, use{name, b.DefRange})
	return nil
}

// providerName is the first name of a reference such as aws.west or
// aws.by_region[each.key]; empty when there is none.
func providerName(e hcl.Expression) string {
	if t, diags := hcl.AbsTraversalForExpr(e); !diags.HasErrors() {
		return t.RootName()
	}
	if strings.HasSuffix(e.Range().Filename, ".json") {
		return "" // a template in a string, whose depth nobody has checked
	}
	for _, t := range e.Variables() {
		switch root := t.RootName(); root {
		case "each", "count", "var", "local":
		default:
			return root
		}
	}
	return ""
}

// providers compares what is used with what is allowed.
func (m *module) providers() error {
	if len(m.allowed) == 0 {
		return nil
	}
	for _, u := range m.used {
		source, ok := m.sources[u.name]
		if !ok {
			source = u.name
		}
		if u.name == builtin && !ok || source == "terraform.io/builtin/terraform" {
			continue
		}
		if !m.allowed[address(source)] {
			return at(u.where, "provider %q (%s) is not among the providers of this stack", u.name, address(source))
		}
	}
	return nil
}
