package keep

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"interlock/agent/tools/tofu"
)

// gone deletes the block of a resource that the world does not have any more, if
// nothing else in the code is about it. A comment above it stays: it may be about more.
func (c *code) gone(s tofu.Strayed, b *hclsyntax.Block) {
	at := place(b.DefRange())
	if c.json {
		c.leave(s.Address, "it is gone from the world; to keep that, delete its block at %s and what refers to it", at)
		return
	}
	if user := c.user(b); user != nil {
		c.leave(s.Address, "it is gone from the world, but %s refers to it; to keep that, delete both, the block is at %s", place(*user), at)
		return
	}
	r := b.Range()
	src := c.files[r.Filename]
	from, to := strings.LastIndexByte(string(src[:r.Start.Byte]), '\n')+1, r.End.Byte
	line := strings.IndexByte(string(src[to:]), '\n') + 1
	if line == 0 {
		line = len(src) - to
	}
	if strings.TrimSpace(string(src[from:r.Start.Byte])+string(src[to:to+line])) != "" {
		c.leave(s.Address, "it is gone from the world; its block at %s shares a line with something else, so delete it by hand", at)
		return
	}
	to += line
	if blank(src[:from]) && (to == len(src) || src[to] == '\n') { // of two empty lines one goes too
		from--
	}
	c.edits = append(c.edits, edit{r.Filename, from, to, "", s.Address + " (" + at + ", its block is deleted)"})
}

// blank tells whether a text ends in an empty line.
func blank(b []byte) bool { return strings.HasSuffix(string(b), "\n\n") }

// user is where the code refers to a resource outside of its own block.
func (c *code) user(b *hclsyntax.Block) (at *hcl.Range) {
	own := b.Range()
	for _, body := range c.bodies {
		_ = hclsyntax.VisitAll(body, func(n hclsyntax.Node) hcl.Diagnostics {
			e, ok := n.(*hclsyntax.ScopeTraversalExpr)
			if ok && at == nil && about(e.Traversal, b.Labels) && !own.Overlaps(e.SrcRange) { // ranges of two files never overlap
				at = &e.SrcRange
			}
			return nil
		})
	}
	return at
}

// about tells whether a reference is to the resource with these labels.
func about(t hcl.Traversal, labels []string) bool {
	if len(t) < 2 || t.RootName() != labels[0] {
		return false
	}
	a, ok := t[1].(hcl.TraverseAttr)
	return ok && a.Name == labels[1]
}
