package shell

import (
	"strings"
)

// sed reads unless its program writes, runs or reads another file. Where
// dialects read a program differently, it is not taken for a read.
func sed(p parsed) string {
	program := strings.Join(append(p.values["-e"], p.values["--expression"]...), "\n")
	if !p.has("-e", "--expression") {
		if len(p.operands) == 0 {
			return "it has no program"
		}
		if p.operands[0].glob {
			return unclear
		}
		program = p.operands[0].text
	}
	// A line that goes on ends a label in some dialects only.
	if s := (&sedScript{rest: program}); strings.Contains(program, "\\\n") || !s.reads() {
		return "its program may write a file or run a command"
	}
	return ""
}

// sedScript is what is left of a program.
type sedScript struct{ rest string }

func (s *sedScript) reads() bool {
	for {
		s.skip(" \t\n;{}")
		if s.rest == "" {
			return true
		}
		if !s.address() || !s.command() {
			return false
		}
	}
}

func (s *sedScript) skip(set string) { s.rest = strings.TrimLeft(s.rest, set) }

func (s *sedScript) next() (c byte, ok bool) {
	if s.rest == "" {
		return 0, false
	}
	c, s.rest = s.rest[0], s.rest[1:]
	return c, true
}

// address takes what stands before a command.
func (s *sedScript) address() bool {
	for s.rest != "" {
		switch c := s.rest[0]; {
		case strings.IndexByte("0123456789$,+~! \t", c) >= 0:
			s.rest = s.rest[1:]
		case c == '/':
			s.rest = s.rest[1:]
			if !s.until('/', true) {
				return false
			}
			s.skip("IM")
		case c == '\\':
			if len(s.rest) < 2 || s.rest[1] == '\n' || s.rest[1] == '\\' {
				return false
			}
			d := s.rest[1]
			s.rest = s.rest[2:]
			if !s.until(d, true) {
				return false
			}
			s.skip("IM")
		default:
			return true
		}
	}
	return true
}

// until takes text up to a delimiter. In a pattern, a bracket hides the
// delimiter in some dialects only: one that holds it is refused.
func (s *sedScript) until(d byte, pattern bool) bool {
	for i := 0; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '\\':
			i++
		case c == d:
			s.rest = s.rest[i+1:]
			return true
		case c == '[' && pattern:
			n := bracket(s.rest[i:])
			if n < 0 || strings.IndexByte(strings.ReplaceAll(s.rest[i:i+n], `\`+string(rune(d)), ""), d) >= 0 || strings.Contains(s.rest[i:i+n], `\\`) {
				return false
			}
			i += n - 1
		}
	}
	return false
}

// bracket is the length of the bracket expression that s begins with, or -1.
func bracket(s string) int {
	i := 1
	if strings.HasPrefix(s[i:], "^") {
		i++
	}
	if strings.HasPrefix(s[i:], "]") {
		i++
	}
	for i < len(s) {
		switch {
		case s[i] == ']':
			return i + 1
		case s[i] == '[' && i+1 < len(s) && strings.IndexByte(":.=", s[i+1]) >= 0:
			end := strings.Index(s[i+2:], s[i+1:i+2]+"]")
			if end < 0 {
				return -1
			}
			i += end + 4
		default:
			i++
		}
	}
	return -1
}

func (s *sedScript) command() bool {
	c, ok := s.next()
	switch {
	case !ok:
		return true
	case strings.IndexByte("pPdDqQnNhHgGxlzF=", c) >= 0:
		s.skip(" \t0123456789")
		return s.rest == "" || strings.IndexByte(";\n}#", s.rest[0]) >= 0
	case c == '#':
		_, s.rest, _ = strings.Cut(s.rest, "\n")
		return true
	case strings.IndexByte(":btT", c) >= 0:
		s.rest = strings.TrimLeft(s.rest, " \t")
		s.rest = s.rest[len(s.rest)-len(strings.TrimLeft(s.rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")):]
		return s.rest == "" || strings.IndexByte(";\n}", s.rest[0]) >= 0
	case strings.IndexByte("aic", c) >= 0:
		return s.line()
	case c == '{' || c == '}':
		return true
	case c == 's':
		return s.substitute("gpiImM0123456789")
	case c == 'y':
		return s.substitute("")
	}
	return false // e, r, R, w, W, and what is not known
}

// line takes the text of a, i or c: one line. Dialects differ in what a
// backslash in it does, so that the next line might be a command.
func (s *sedScript) line() bool {
	text, rest, _ := strings.Cut(s.rest, "\n")
	s.rest = rest
	return !strings.Contains(text, `\`)
}

func (s *sedScript) substitute(flags string) bool {
	d, ok := s.next()
	if !ok || d == '\n' || d == '\\' || !s.until(d, true) || !s.until(d, false) {
		return false
	}
	s.skip(flags + " \t")
	return s.rest == "" || strings.IndexByte(";\n}#", s.rest[0]) >= 0
}
