package tofu

import (
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// module is one folder of code under check.
type module struct {
	*checker
	dir     string
	sources map[string]string // by local name
	used    []use
}

func blocks(of ...hcl.BlockHeaderSchema) *hcl.BodySchema { return &hcl.BodySchema{Blocks: of} }

func (m *module) root(b hcl.Body) error {
	return m.each(b, blocks(
		hcl.BlockHeaderSchema{Type: "terraform"},
		hcl.BlockHeaderSchema{Type: "provider", LabelNames: []string{"name"}},
		hcl.BlockHeaderSchema{Type: "resource", LabelNames: []string{"type", "name"}},
		hcl.BlockHeaderSchema{Type: "data", LabelNames: []string{"type", "name"}},
		hcl.BlockHeaderSchema{Type: "ephemeral", LabelNames: []string{"type", "name"}},
		hcl.BlockHeaderSchema{Type: "module", LabelNames: []string{"name"}},
		hcl.BlockHeaderSchema{Type: "check", LabelNames: []string{"name"}},
		hcl.BlockHeaderSchema{Type: "removed"},
	), m.block)
}

// each judges the blocks of a body. What cannot be read as such is refused.
func (m *module) each(b hcl.Body, schema *hcl.BodySchema, judge func(*hcl.Block) error) error {
	content, _, diags := b.PartialContent(schema)
	if diags.HasErrors() {
		return said(diags)
	}
	for _, block := range content.Blocks {
		if err := judge(block); err != nil {
			return err
		}
	}
	return nil
}

func (m *module) block(b *hcl.Block) error {
	switch b.Type {
	case "terraform":
		return m.settings(b)
	case "provider":
		m.used = append(m.used, use{b.Labels[0], b.DefRange})
		return nil
	case "module":
		return m.call(b)
	case "check":
		return m.each(b.Body, blocks(hcl.BlockHeaderSchema{Type: "data", LabelNames: []string{"type", "name"}}), m.resource)
	case "removed":
		return m.provisioners(b)
	default:
		return m.resource(b)
	}
}

func (m *module) resource(b *hcl.Block) error {
	if b.Type != "resource" && b.Labels[0] == "external" {
		return at(b.DefRange, "external data runs a program: it is not allowed")
	}
	if err := m.provisioners(b); err != nil {
		return err
	}
	return m.resourceProvider(b)
}

func (m *module) provisioners(b *hcl.Block) error {
	return m.each(b.Body, blocks(hcl.BlockHeaderSchema{Type: "provisioner", LabelNames: []string{"type"}}), func(p *hcl.Block) error {
		return at(p.DefRange, "a provisioner runs a program: it is not allowed")
	})
}

// settings judges a terraform block. Encryption is there because one kind of
// key comes from a program.
func (m *module) settings(b *hcl.Block) error {
	return m.each(b.Body, blocks(
		hcl.BlockHeaderSchema{Type: "backend", LabelNames: []string{"type"}},
		hcl.BlockHeaderSchema{Type: "cloud"},
		hcl.BlockHeaderSchema{Type: "required_providers"},
		hcl.BlockHeaderSchema{Type: "encryption"},
	), m.setting)
}

func (m *module) setting(b *hcl.Block) error {
	switch {
	case b.Type == "required_providers":
		return m.required(b)
	case b.Type == "cloud":
		return at(b.DefRange, "a cloud block keeps the state elsewhere: it is not allowed")
	case b.Type == "backend" && b.Labels[0] != "local":
		return at(b.DefRange, "backend %q is not allowed: only local is", b.Labels[0])
	case b.Type == "backend" && isOverride(b.DefRange.Filename):
		return at(b.DefRange, "a backend in an override is not allowed: it could outdo where the state is kept")
	case b.Type == "encryption":
		return m.each(b.Body, blocks(
			hcl.BlockHeaderSchema{Type: "key_provider", LabelNames: []string{"type", "name"}},
			hcl.BlockHeaderSchema{Type: "method", LabelNames: []string{"type", "name"}},
		), func(k *hcl.Block) error {
			if k.Labels[0] == "external" {
				return at(k.DefRange, "an external %s runs a program: it is not allowed", k.Type)
			}
			return nil
		})
	}
	return nil
}

// call follows a module to its folder, which must be in the repository.
func (m *module) call(b *hcl.Block) error {
	content, _, diags := b.Body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "source", Required: true}}})
	if diags.HasErrors() {
		return said(diags)
	}
	a := content.Attributes["source"]
	source, ok := literal(a.Expr)
	if !ok || !strings.HasPrefix(source, "./") && !strings.HasPrefix(source, "../") {
		return at(a.Range, "module %q must have a source in this repository, such as \"./network\"", b.Labels[0])
	}
	to := path.Join(m.dir, source)
	if to == ".." || strings.HasPrefix(to, "../") || strings.ContainsAny(source, "\\?") || strings.Contains(source, "//") {
		return at(a.Range, "module %q leads out of the repository", b.Labels[0])
	}
	m.next = append(m.next, to)
	return nil
}
