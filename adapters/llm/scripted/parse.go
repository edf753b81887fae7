package scripted

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// parser reads one txtar file. The comment is the story for people; "ask" is an
// example of what to say; "match" are regular expressions, one a line; "step1",
// "step2" and so on have one of these in each line:
//
//	say TEXT
//	call TOOL {"json": "arguments"}
//	raw TOOL BYTES, the arguments as a broken model would send them
//	take NAME REGULAR-EXPRESSION with one group, of the results so far
//	when CONDITION: TEXT
//	anyway, which goes on even after a failure, as a model without sense would
//
// Empty lines and lines that begin with # are skipped. In texts and arguments
// can stand ${stack}, ${tool}, ${result} (the first line of the newest result),
// ${text} (more of it), the named groups of match and what was taken; the
// argument "$artifact" is the newest plan of the turn.
type parser struct {
	file string
	t    trajectory
	errs []error
}

func parse(file string, data []byte) (trajectory, error) {
	p := &parser{file: file, t: trajectory{name: file}}
	a := txtar.Parse(data)
	line := 1 + bytes.Count(a.Comment, []byte("\n"))
	seen := map[string]bool{}
	for _, f := range a.Files {
		if seen[f.Name] {
			p.fail(line, "%s is there twice", f.Name)
		}
		seen[f.Name] = true
		p.section(f, line)
		line += 1 + bytes.Count(f.Data, []byte("\n"))
	}
	p.check()
	return p.t, errors.Join(p.errs...)
}

func (p *parser) fail(line int, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s:%d: %s", p.file, line, fmt.Sprintf(format, args...)))
}

// section reads one part; line is that of its name.
func (p *parser) section(f txtar.File, line int) {
	n, err := strconv.Atoi(strings.TrimPrefix(f.Name, "step"))
	isStep := err == nil && f.Name == "step"+strconv.Itoa(n)
	switch {
	case isStep && n == len(p.t.steps)+1:
		p.t.steps = append(p.t.steps, step{})
	case isStep:
		p.fail(line, "%s is not in its order", f.Name)
		return
	case f.Name != "ask" && f.Name != "match":
		p.fail(line, "no part is called %q: there are ask, match, step1, step2, ...", f.Name)
		return
	}
	for text := range strings.Lines(string(f.Data)) {
		line++
		text = strings.TrimSpace(text)
		switch {
		case text == "" || strings.HasPrefix(text, "#"):
		case f.Name == "ask":
			p.t.ask = text
		case f.Name == "match":
			p.match(line, text)
		default:
			p.line(line, text, &p.t.steps[len(p.t.steps)-1])
		}
	}
}

func (p *parser) match(line int, text string) {
	re, err := regexp.Compile("(?i)" + text)
	if err != nil {
		p.fail(line, "%v", err)
		return
	}
	p.t.match = append(p.t.match, re)
}

func (p *parser) line(n int, text string, s *step) {
	verb, rest, _ := strings.Cut(text, " ")
	rest = strings.TrimSpace(rest)
	switch verb {
	case "say":
		s.say = append(s.say, rest)
	case "call":
		p.call(n, rest, s)
	case "raw":
		tool, args, _ := strings.Cut(rest, " ")
		if tool == "" {
			p.fail(n, "write: raw TOOL BYTES")
			return
		}
		s.calls = append(s.calls, call{tool: tool, raw: []byte(args)})
	case "take":
		p.take(n, rest, s)
	case "when":
		condition, text, ok := strings.Cut(rest, ":")
		if !ok || !slices.Contains(conditions, condition) || strings.TrimSpace(text) == "" {
			p.fail(n, "write: when CONDITION: TEXT; conditions are %s", strings.Join(conditions, ", "))
			return
		}
		s.whens = append(s.whens, when{condition, strings.TrimSpace(text)})
	case "anyway":
		s.anyway = true
	default:
		p.fail(n, "a line begins with say, call, raw, take, when or anyway, not %q", verb)
	}
}

func (p *parser) call(n int, text string, s *step) {
	tool, args, _ := strings.Cut(text, " ")
	c := call{tool: tool, args: map[string]any{}}
	if args != "" {
		var err error
		if c.args, err = decode(args); err != nil {
			p.fail(n, "the arguments must be one JSON object")
			return
		}
	}
	if tool == "" {
		p.fail(n, "write: call TOOL {arguments}")
		return
	}
	s.calls = append(s.calls, c)
}

// decode reads one JSON object.
func decode(args string) (v map[string]any, err error) {
	dec := json.NewDecoder(strings.NewReader(args))
	dec.UseNumber() // a float would change large numbers
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if dec.More() || v == nil {
		return nil, errors.New("is not one object")
	}
	return v, nil
}

var name = regexp.MustCompile(`^[a-z]+$`)

func (p *parser) take(n int, text string, s *step) {
	t := take{}
	t.name, t.expr, _ = strings.Cut(text, " ")
	re, err := regexp.Compile(variable.ReplaceAllString(t.expr, "x"))
	if err != nil || !name.MatchString(t.name) || re.NumSubexp() == 0 {
		p.fail(n, "write: take NAME REGULAR-EXPRESSION, with one group in it")
		return
	}
	s.takes = append(s.takes, t)
}

// check looks at the whole.
func (p *parser) check() {
	last := len(p.t.steps) - 1
	if p.t.ask == "" || len(p.t.match) == 0 || last < 0 {
		p.fail(1, "needs the parts ask, match and step1")
	}
	known := []string{"stack", "result", "text", "tool"}
	for _, re := range p.t.match {
		known = append(known, re.SubexpNames()...)
	}
	for i, s := range p.t.steps {
		if (len(s.calls) == 0) != (i == last) {
			p.fail(1, "step%d: every step but the last has calls", i+1)
		}
		if i == last && len(s.say) == 0 {
			p.fail(1, "step%d: the last step says something", i+1)
		}
		for _, t := range s.takes {
			known = append(known, t.name)
		}
		for _, v := range s.variables() {
			if !slices.Contains(known, v) {
				p.fail(1, "step%d: nothing sets ${%s}", i+1, v)
			}
		}
	}
}
