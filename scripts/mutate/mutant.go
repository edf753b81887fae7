package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

// mutant is one small break of a file: the bytes from start to end become with.
type mutant struct {
	file       string
	line       int
	in         string // the function, or ""
	start, end int
	was, with  string
}

func (m mutant) String() string {
	return fmt.Sprintf("%s:%d: %s: %s -> %s", m.file, m.line, m.in, short(m.was), short(m.with))
}

// name is what a mutant is known by wherever its line moves to.
func (m mutant) name() string {
	return strings.TrimSpace(strings.Join([]string{filepath.Base(m.file), m.in, short(m.was), short(m.with)}, " | "))
}

// short is code on one line.
func short(code string) string { return strings.Join(strings.Fields(code), " ") }

func (m mutant) apply(src []byte) []byte {
	return []byte(string(src[:m.start]) + m.with + string(src[m.end:]))
}

// mutants finds the breaks of all files of a folder that are not tests.
func mutants(dir string) (all []mutant, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		src, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		some, err := breaks(f, src)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// breaks finds the breaks of one file.
func breaks(name string, src []byte) ([]mutant, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	b := breaker{fset: fset, src: src, file: name}
	for _, d := range file.Decls {
		b.in = ""
		if fn, ok := d.(*ast.FuncDecl); ok {
			b.in = fn.Name.Name
			ast.Inspect(fn, b.look)
		}
	}
	return b.found, nil
}

type breaker struct {
	fset     *token.FileSet
	src      []byte
	file, in string
	found    []mutant
}

// flipped says what each operator is mistaken for.
func flipped(op token.Token) string {
	return map[token.Token]string{
		token.EQL: "!=", token.NEQ: "==", token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">",
		token.LAND: "||", token.LOR: "&&", token.ADD: "-", token.SUB: "+",
	}[op]
}

func (b *breaker) look(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		if with := flipped(n.Op); with != "" && (n.Op != token.ADD || !text(n.X) && !text(n.Y)) {
			b.swap(n.OpPos, n.OpPos+token.Pos(len(n.Op.String())), with, n)
		}
	case *ast.UnaryExpr:
		if n.Op == token.NOT {
			b.swap(n.OpPos, n.OpPos+1, "", n)
		}
	case *ast.IfStmt:
		b.never(n.Cond)
	case *ast.SwitchStmt:
		b.cases(n.Body, n.Tag == nil)
	case *ast.Ident:
		if with := map[string]string{"true": "false", "false": "true", "min": "max", "max": "min"}[n.Name]; with != "" {
			b.swap(n.Pos(), n.End(), with, n)
		}
	case *ast.BasicLit:
		if with := map[string]string{"0": "1", "1": "0"}[n.Value]; with != "" {
			b.swap(n.Pos(), n.End(), with, n)
		}
	case *ast.BlockStmt:
		b.drop(n.List)
	case *ast.CaseClause:
		b.drop(n.Body)
	}
	return true
}

// text tells whether an operand is a string: its + joins words.
func text(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return e.Kind == token.STRING
	case *ast.BinaryExpr:
		return text(e.X) || text(e.Y)
	}
	return false
}

// cases drops the conditions of a switch, one at a time; of a switch with a tag,
// what a case does.
func (b *breaker) cases(body *ast.BlockStmt, conditions bool) {
	for _, s := range body.List {
		c, ok := s.(*ast.CaseClause)
		switch {
		case !ok || len(c.List) == 0:
		case conditions:
			for _, e := range c.List {
				b.never(e)
			}
		case len(c.Body) > 0:
			b.put(c, "", c.Pos(), c.End())
		}
	}
}

// never drops a check: its condition is never met. What it names stays in use.
func (b *breaker) never(cond ast.Expr) {
	was := b.code(cond)
	b.put(cond, "("+was+") && false", cond.Pos(), cond.End())
}

// drop leaves out calls and assignments, one at a time.
func (b *breaker) drop(all []ast.Stmt) {
	for _, s := range all {
		a, is := s.(*ast.AssignStmt)
		_, call := s.(*ast.ExprStmt)
		_, step := s.(*ast.IncDecStmt)
		if call || step || is && a.Tok != token.DEFINE {
			b.put(s, "", s.Pos(), s.End())
		}
	}
}

// swap replaces a part of a node.
func (b *breaker) swap(from, to token.Pos, with string, of ast.Node) {
	i, j, k := b.at(of.Pos()), b.at(from), b.at(to)
	whole := b.code(of)
	b.add(mutant{was: whole, with: whole[:j-i] + with + whole[k-i:]}, of.Pos(), of.End())
}

func (b *breaker) put(of ast.Node, with string, from, to token.Pos) {
	b.add(mutant{was: b.code(of), with: with}, from, to)
}

func (b *breaker) add(m mutant, from, to token.Pos) {
	m.file, m.in, m.line = b.file, b.in, b.fset.Position(from).Line
	m.start, m.end = b.at(from), b.at(to)
	b.found = append(b.found, m)
}

func (b *breaker) code(n ast.Node) string { return string(b.src[b.at(n.Pos()):b.at(n.End())]) }
func (b *breaker) at(p token.Pos) int     { return b.fset.Position(p).Offset }
