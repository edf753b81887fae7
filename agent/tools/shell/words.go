package shell

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// word is what a shell word is known to become. Without lit its text is not
// known; with printed it is at least only what readers print.
type word struct {
	text    string
	lit     bool
	glob    bool // may become other words: files of that pattern, or braces
	loose   bool // a glob that might become an option
	printed bool
	pipe    bool // the name of a pipe that a reader fills
}

// word resolves quotes and escapes. What runs in it is judged on the way.
func (j *judge) word(w *syntax.Word) word {
	if w == nil {
		return word{}
	}
	r := &resolver{j: j, lit: true}
	for _, p := range w.Parts {
		r.part(p, false)
	}
	text := r.b.String()
	return word{text: text, lit: r.lit, glob: r.glob, loose: r.loose, printed: !r.lit && !r.opaque, pipe: r.pipe}
}

type resolver struct {
	j                              *judge
	b                              strings.Builder
	lit, glob, loose, opaque, pipe bool
}

func (r *resolver) part(p syntax.WordPart, quoted bool) {
	switch p := p.(type) {
	case *syntax.Lit:
		r.text(p.Value, quoted)
	case *syntax.SglQuoted:
		if p.Dollar {
			r.hide()
			return
		}
		r.b.WriteString(p.Value)
	case *syntax.DblQuoted:
		if p.Dollar {
			r.hide()
		}
		for _, q := range p.Parts {
			r.part(q, true)
		}
	case *syntax.CmdSubst:
		r.lit = false
		if p.TempFile || p.ReplyVar {
			r.hide()
		}
		r.j.stmts(p.Stmts)
	case *syntax.ProcSubst:
		r.j.stmts(p.Stmts)
		r.b.WriteString("/dev/fd/63")
		r.pipe = true
		if p.Op != syntax.CmdIn {
			r.hide()
			r.j.execute("output goes to a command")
		}
	default:
		r.hide()
		r.j.inside(p) // the commands in an expansion run too
	}
}

func (r *resolver) hide() { r.lit, r.opaque = false, true }

// text takes off backslashes, and sees the patterns outside of quotes.
func (r *resolver) text(s string, quoted bool) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\\' && i+1 < len(s) && (!quoted || strings.IndexByte("$`\"\\\n", s[i+1]) >= 0) {
			i++
			if s[i] != '\n' {
				r.b.WriteByte(s[i])
			}
			continue
		}
		if !quoted && strings.IndexByte("*?[{", c) >= 0 {
			r.glob = true
			r.loose = r.loose || r.b.Len() == 0
		}
		r.b.WriteByte(c)
	}
}
