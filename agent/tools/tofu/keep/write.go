package keep

import (
	"fmt"
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"interlock/agent/tools/tofu"
)

// work is what became of what drifted, one line for each attribute, and the files that
// were edited for it.
type work struct {
	edited        map[string][]byte
	written, left []string
}

// code is the root module of a stack. Its tree was checked before it is read here, so
// that nothing in it is too deep or too large.
type code struct {
	files  map[string][]byte
	bodies []*hclsyntax.Body
	blocks map[string][]*hclsyntax.Block // of resources, by "type.name"
	json   bool                          // some of it is JSON, which is not looked into
	edits  []edit
	left   []string
}

// write puts what strayed into a copy of the code.
func write(files map[string][]byte, dir string, strays []tofu.Strayed) work {
	c := code{files: files, blocks: map[string][]*hclsyntax.Block{}}
	for name, b := range files {
		switch {
		case path.Dir(name) != dir:
		case c.loaded(name):
			c.read(name, b)
		case strings.HasSuffix(name, ".json"):
			c.json = true
		}
	}
	for _, s := range strays {
		c.resource(s)
	}
	return c.apply()
}

// loaded tells whether OpenTofu reads a file, and this tool too: of two with one name
// it takes that which ends in .tofu.
func (c *code) loaded(name string) bool {
	base := path.Base(name)
	if strings.HasPrefix(base, ".") || strings.HasSuffix(base, "~") {
		return false
	}
	if stem, ok := strings.CutSuffix(name, ".tf"); ok {
		_, other := c.files[stem+".tofu"]
		return !other
	}
	return strings.HasSuffix(name, ".tofu")
}

func (c *code) read(name string, b []byte) {
	f, diags := hclsyntax.ParseConfig(b, name, hcl.InitialPos)
	if diags.HasErrors() {
		return
	}
	body, ok := f.Body.(*hclsyntax.Body)
	if !ok {
		return
	}
	c.bodies = append(c.bodies, body)
	for _, block := range body.Blocks {
		if block.Type == "resource" && len(block.Labels) == 2 {
			key := strings.Join(block.Labels, ".")
			c.blocks[key] = append(c.blocks[key], block)
		}
	}
}

func (c *code) leave(what, format string, args ...any) {
	c.left = append(c.left, tofu.Line(what)+": "+tofu.Line(fmt.Sprintf(format, args...)))
}
