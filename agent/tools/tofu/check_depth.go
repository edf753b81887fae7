package tofu

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// codeDepth is how deep code may be nested. The parser works by recursion, and
// a stack that overflows ends the process: there is no recovering from it.
const codeDepth = 250

// tooDeep tells whether reading the code would recurse too far.
func tooDeep(name string, b []byte) bool {
	if strings.HasSuffix(name, ".json") {
		return jsonTooDeep(b)
	}
	tokens, _ := hclsyntax.LexConfig(b, name, hcl.InitialPos) // what is wrong there is for the parser to say
	d := depth{frames: []frame{{}}}
	for _, t := range tokens {
		if d.take(t.Type); d.total > codeDepth {
			return true
		}
	}
	return false
}

// jsonTooDeep counts brackets, those within strings too: it errs on the
// careful side.
func jsonTooDeep(b []byte) bool {
	n := 0
	for _, ch := range b {
		switch ch {
		case '[', '{':
			n++
		case ']', '}':
			n = max(n-1, 0)
		}
		if n > codeDepth {
			return true
		}
	}
	return false
}

// frame is one open bracket or template with the signs in it that nest an
// expression without any bracket, such as !!!x or a ? b : c ? d : e.
type frame struct {
	open  hclsyntax.TokenType
	signs int
}

type depth struct {
	frames []frame
	total  int // frames and signs together
}

func (d *depth) take(t hclsyntax.TokenType) {
	switch t {
	case hclsyntax.TokenTemplateControl: // an if or a for holds all that follows in its template
		d.sign()
		d.push(t)
	case hclsyntax.TokenOParen, hclsyntax.TokenOBrack, hclsyntax.TokenOBrace, hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp:
		d.push(t)
	case hclsyntax.TokenCParen, hclsyntax.TokenCBrack, hclsyntax.TokenCBrace, hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
		d.pop()
	case hclsyntax.TokenBang, hclsyntax.TokenMinus, hclsyntax.TokenQuestion:
		d.sign()
	case hclsyntax.TokenComma:
		d.fresh()
	case hclsyntax.TokenNewline:
		if open := d.top().open; open == 0 || open == hclsyntax.TokenOBrace { // elsewhere an expression goes on over lines
			d.fresh()
		}
	}
}

func (d *depth) top() *frame { return &d.frames[len(d.frames)-1] }

func (d *depth) push(t hclsyntax.TokenType) {
	d.frames = append(d.frames, frame{open: t})
	d.total++
}

func (d *depth) pop() {
	if len(d.frames) > 1 {
		d.total -= 1 + d.top().signs
		d.frames = d.frames[:len(d.frames)-1]
	}
}

func (d *depth) sign() {
	d.top().signs++
	d.total++
}

// fresh is where a new expression begins.
func (d *depth) fresh() {
	d.total -= d.top().signs
	d.top().signs = 0
}
