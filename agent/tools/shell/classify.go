package shell

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"interlock/rbac"
)

const (
	longest = 16 << 10 // bytes of a command that is looked at
	deepest = 20       // levels of substitution
	most    = 2000     // statements, so that no command takes long to judge
)

// Classify tells what a shell command would do, and why. It allows what it
// knows to only read and nothing else: an unknown command, an unknown option of
// a known one, and a word that is not literal are Execute. Change and Destroy
// are said only of what is surely one. It never runs anything.
func Classify(command string) (rbac.Effect, []string) {
	j := &judge{effect: rbac.Read}
	switch {
	case strings.TrimSpace(command) == "":
		j.raise(rbac.Execute, "the command is empty")
	case len(command) > longest:
		j.raise(rbac.Execute, "the command is too long to judge")
	case strings.ContainsRune(command, 0):
		j.raise(rbac.Execute, "the command holds a NUL character")
	default:
		j.script(command)
	}
	if j.effect == rbac.Read {
		return rbac.Read, []string{"every command in it is known to only read"}
	}
	return j.effect, j.reasons
}

// judge collects the worst effect. A reason belongs to its effect.
type judge struct {
	effect  rbac.Effect
	reasons []string
	seen    int  // statements
	moved   bool // a cd came before: what a folder's own settings can steer is no longer known
	depth   int
}

func (j *judge) raise(e rbac.Effect, format string, args ...any) {
	why := fmt.Sprintf(format, args...)
	if e > j.effect {
		j.effect, j.reasons = e, nil
	}
	if e == j.effect && !slices.Contains(j.reasons, why) && len(j.reasons) < 10 {
		j.reasons = append(j.reasons, why)
	}
}

func (j *judge) execute(format string, args ...any) { j.raise(rbac.Execute, format, args...) }

func (j *judge) script(src string) {
	f, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(src), "")
	if err != nil {
		j.execute("the shell's grammar is not understood")
		return
	}
	j.stmts(f.Stmts)
	if len(f.Stmts) == 0 {
		j.execute("the command is empty")
	}
}

func (j *judge) stmts(all []*syntax.Stmt) {
	for _, s := range all {
		j.stmt(s)
	}
}

func (j *judge) stmt(s *syntax.Stmt) {
	j.depth, j.seen = j.depth+1, j.seen+1
	defer func() { j.depth-- }()
	if j.depth > deepest || j.seen > most {
		j.execute("it is nested too deep or is too long to judge")
		return
	}
	if s.Background || s.Coprocess || s.Disown {
		j.execute("it goes on in the background")
	}
	for _, r := range s.Redirs {
		j.redirect(r)
	}
	switch c := s.Cmd.(type) {
	case nil:
	case *syntax.CallExpr:
		j.call(c)
	case *syntax.BinaryCmd:
		j.stmt(c.X)
		j.stmt(c.Y)
	case *syntax.Subshell:
		j.stmts(c.Stmts)
	case *syntax.Block:
		j.stmts(c.Stmts)
	case *syntax.TimeClause:
		if c.Stmt != nil {
			j.stmt(c.Stmt)
		}
	case *syntax.IfClause:
		for ; c != nil; c = c.Else {
			j.stmts(c.Cond)
			j.stmts(c.Then)
		}
	default:
		j.other(c)
	}
}

// other is a loop, a function, a declaration: never a read, but what is inside
// may be worse.
func (j *judge) other(c syntax.Command) {
	j.execute("loops, functions and declarations are not known to only read")
	j.inside(c)
}

// inside judges every command below a node.
func (j *judge) inside(n syntax.Node) {
	syntax.Walk(n, func(n syntax.Node) bool {
		s, ok := n.(*syntax.Stmt)
		if ok {
			j.stmt(s)
		}
		return !ok
	})
}

var harmless = []string{"/dev/null", "/dev/stdin", "/dev/zero"}

func (j *judge) redirect(r *syntax.Redirect) {
	if r.N != nil && strings.Trim(r.N.Value, "0123456789") != "" {
		j.execute("a redirection sets a variable")
	}
	if r.Hdoc != nil {
		j.literal(r.Hdoc)
		return
	}
	if r.Op == syntax.WordHdoc {
		j.literal(r.Word)
		return
	}
	w := j.word(r.Word)
	switch r.Op {
	case syntax.RdrIn:
		if !w.lit || w.glob || strings.HasPrefix(w.text, "/dev/") && !slices.Contains(harmless, w.text) && !w.pipe {
			j.execute("input comes from a place that is not literal or is a device")
		}
	case syntax.DplIn, syntax.DplOut:
		if !w.lit || w.text == "" || strings.Trim(w.text, "0123456789") != "" && w.text != "-" {
			j.execute("output goes to a file")
		}
	default:
		if !w.lit || w.text != "/dev/null" {
			j.execute("output goes to a file")
		}
	}
}

// literal takes text that is only input: a literal, or what readers print.
func (j *judge) literal(w *syntax.Word) {
	if got := j.word(w); !got.lit && !got.printed {
		j.execute("a word is not literal")
	}
}

func (j *judge) call(c *syntax.CallExpr) {
	for _, a := range c.Assigns {
		j.assign(a)
	}
	if len(c.Args) == 0 {
		return
	}
	words := make([]word, len(c.Args))
	for i, w := range c.Args {
		words[i] = j.word(w)
	}
	j.command(words)
}

// steady are variables that change how text is shown and nothing else.
var steady = []string{"LC_ALL", "LC_CTYPE", "LC_COLLATE", "LC_MESSAGES", "LC_NUMERIC", "LC_TIME", "LANG", "TZ", "COLUMNS", "NO_COLOR"}

// steadyValue is the name of a locale or a time zone, and never a path.
var steadyValue = regexp.MustCompile(`^([A-Za-z0-9_][A-Za-z0-9_.@+-]*(/[A-Za-z0-9_+-]+)*)?$`)

func (j *judge) assign(a *syntax.Assign) {
	if a.Name == nil || !slices.Contains(steady, a.Name.Value) || a.Append || a.Index != nil || a.Array != nil {
		j.execute("a variable is set, which can change what a command does")
		return
	}
	if a.Value == nil {
		return
	}
	if w := j.word(a.Value); !w.lit || !steadyValue.MatchString(w.text) {
		j.execute("the value of a variable is not a plain name")
	}
}

// homes are folders whose programs are the ones that a bare name means.
var homes = []string{"/bin/", "/usr/bin/", "/usr/local/bin/", "/sbin/", "/usr/sbin/"}

// steered are the programs that obey settings of the folder they run in.
var steered = []string{"git", "terraform", "tofu", "docker", "podman", "gh", "go"}

// command judges one simple command, also one that a wrapper or find runs.
func (j *judge) command(words []word) {
	j.depth++
	defer func() { j.depth-- }()
	if j.depth > 2*deepest {
		j.execute("it is nested too deep to judge")
		return
	}
	first := words[0]
	if !first.lit || first.glob && first.text != "[" || first.text == "" {
		j.execute("which command runs is not literal")
		return
	}
	name := first.text
	for _, dir := range homes {
		if rest, ok := strings.CutPrefix(name, dir); ok && !strings.Contains(rest, "/") {
			name = rest
			break
		}
	}
	if e, why := live(name, words[1:]); e > rbac.Execute {
		j.raise(e, "%s", why)
		return
	}
	why, known := j.wrapper(name, words[1:])
	if !known {
		var read reader
		if read, known = readers[name]; known {
			why = read(words[1:])
		} else if known = plainly(name); known {
			why = plain(words[1:])
		}
	}
	switch {
	case !known:
		j.execute("%s is not known to only read", name)
	case j.moved && slices.Contains(steered, name):
		j.execute("%s obeys settings of the folder that cd went to", name)
	case why != "":
		j.execute("%s: %s", name, why)
	}
}
