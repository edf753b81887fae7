package keep

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"interlock/agent/tools/tofu"
)

// resource looks for the one block of a resource, and writes into that.
func (c *code) resource(s tofu.Strayed) {
	at := c.blocks[s.Type+"."+s.Name]
	switch {
	case s.Deposed:
		c.leave(s.Address, "it is left over from a replacement that failed, and no code is about it")
	case s.Module != "":
		c.leave(s.Address, "its code is in %s, which others may use too; change it there", s.Module)
	case len(at) == 0:
		c.leave(s.Address, "it has no block in the .tf files of the stack's directory")
	case len(at) > 1:
		c.leave(s.Address, "it has %d blocks, at %s and %s; change it there", len(at), place(at[0].DefRange()), place(at[1].DefRange()))
	case s.Indexed || at[0].Body.Attributes["count"] != nil || at[0].Body.Attributes["for_each"] != nil:
		c.leave(s.Address, "its block at %s stands for several resources, by count or for_each; change it there", place(at[0].DefRange()))
	case s.Gone:
		c.gone(s, at[0])
	default:
		c.body(s.Address, "", at[0], s.Differs)
	}
}

// body writes into one block, and into those within it.
func (c *code) body(address, prefix string, b *hclsyntax.Block, differs []tofu.Differing) {
	for _, d := range differs {
		what := address + " " + prefix + d.Name
		if a := b.Body.Attributes[d.Name]; a != nil {
			c.attribute(what, a, d)
			continue
		}
		var inner []*hclsyntax.Block
		dynamic := false
		for _, n := range b.Body.Blocks {
			if n.Type == d.Name {
				inner = append(inner, n)
			}
			dynamic = dynamic || n.Type == "dynamic" && slices.Equal(n.Labels, []string{d.Name})
		}
		switch {
		case dynamic:
			c.leave(what, "the code makes its blocks with dynamic, at %s; change it there", place(b.DefRange()))
		case len(inner) == 1 && len(d.Inner) > 0:
			c.body(address, prefix+d.Name+".", inner[0], d.Inner)
		case len(inner) > 0:
			c.leave(what, "the code has %d blocks of it at %s, and which is which cannot be told; change it there", len(inner), place(inner[0].DefRange()))
		default:
			c.add(what, b, d)
		}
	}
}

// attribute writes over a literal value.
func (c *code) attribute(what string, a *hclsyntax.Attribute, d tofu.Differing) {
	r := a.Expr.Range()
	if d.Sensitive {
		c.leave(what, "its value is sensitive, and is never written")
		return
	}
	if from := source(a.Expr); from != "" {
		c.leave(what, "the code takes it from %s, at %s; change it there", from, place(r))
		return
	}
	text, err := literal(d.Real, indent(c.files[r.Filename], a.SrcRange.Start.Byte))
	if err != nil {
		c.leave(what, "%v; change it at %s", err, place(r))
		return
	}
	c.edits = append(c.edits, edit{r.Filename, r.Start.Byte, r.End.Byte, text, what + " (" + place(r) + ")"})
}

// add writes what the code does not set, if its not being set is why a plan would
// change it.
func (c *code) add(what string, b *hclsyntax.Block, d tofu.Differing) {
	file, end := b.CloseBraceRange.Filename, b.CloseBraceRange.Start
	src := c.files[file]
	inside := indent(src, end.Byte) + "  "
	text, err := literal(d.Real, inside)
	switch {
	case !d.PutBack:
		c.leave(what, "the code does not set it, and a plan leaves it as it is")
	case d.Sensitive:
		c.leave(what, "its value is sensitive, and is never written")
	case mayBeBlocks(d.Real):
		c.leave(what, "the code does not have it, and it may be a block; add it at %s", place(b.DefRange()))
	case err != nil:
		c.leave(what, "%v; add it at %s", err, place(b.DefRange()))
	case end.Line == b.OpenBraceRange.Start.Line:
		c.leave(what, "the block is all on one line, at %s; add it there", place(b.DefRange()))
	default:
		at := strings.LastIndexByte(string(src[:end.Byte]), '\n') + 1
		if strings.TrimSpace(string(src[at:end.Byte])) != "" {
			c.leave(what, "the end of the block has no line of its own, at %s; add it there", place(b.DefRange()))
			return
		}
		c.edits = append(c.edits, edit{file, at, at, inside + d.Name + " = " + text + "\n", what + " (" + place(b.CloseBraceRange) + ")"})
	}
}
