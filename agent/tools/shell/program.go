package shell

import (
	"slices"
	"strings"
)

func fields(s string) []string { return strings.Fields(s) }

const unknownSub = "this sub-command is not known to only read"

// program is a command with sub-commands. Only the options of all may stand
// before the sub-command: there, an option that is not known where it stands
// can swallow a word, and another sub-command runs than one reads.
type program struct {
	all   grammar                                  // options of every sub-command
	subs  map[string]grammar                       // by "get" or "config view"; "" is none at all
	check func(name string, p parsed) (why string) // of what is left, when set
}

func (g grammar) and(h grammar) grammar {
	h.flags, h.values = g.flags+h.flags, g.values+h.values
	h.long, h.longv = g.long+" "+h.long, g.longv+" "+h.longv
	h.apart = h.apart || g.apart
	return h
}

// lead takes the options before the first operand.
func (g grammar) lead(args []word) (rest []word, why string) {
	p := parsed{values: map[string][]string{}}
	for len(args) > 0 && strings.HasPrefix(args[0].text, "-") && len(args[0].text) > 1 {
		w := args[0]
		switch {
		case !w.lit || w.glob || w.text == "--":
			return nil, unclear
		case strings.HasPrefix(w.text, "--"):
			args, why = g.longOption(&p, w.text, args[1:])
		default:
			args, why = g.shortOptions(&p, w.text, args[1:])
		}
		if why != "" {
			return nil, why
		}
	}
	return args, ""
}

// name finds the sub-command, of one word or of two, and what follows it.
func (p program) name(args []word) (name string, rest []word, ok bool) {
	if len(args) == 0 {
		_, ok = p.subs[""]
		return "", nil, ok
	}
	if !args[0].lit || args[0].glob {
		return "", nil, false
	}
	if len(args) > 1 && args[1].lit && !args[1].glob {
		name = args[0].text + " " + args[1].text
		if _, ok := p.subs[name]; ok {
			return name, args[2:], true
		}
	}
	name = args[0].text
	_, ok = p.subs[name]
	return name, args[1:], ok && name != ""
}

func (p program) read(args []word) string {
	rest, why := p.all.lead(args)
	if why != "" {
		return why
	}
	name, rest, ok := p.name(rest)
	if !ok {
		return unknownSub
	}
	got, why := p.all.and(p.subs[name]).parse(rest)
	if why == "" && p.check != nil {
		why = p.check(name, got)
	}
	return why
}

// each gives several sub-commands the same options.
func each(subs map[string]grammar, g grammar, names ...string) map[string]grammar {
	for _, n := range names {
		subs[n] = g
	}
	return subs
}

// simple is a program whose sub-commands all take the same options.
func simple(g grammar, names ...string) reader {
	return program{all: g, subs: each(map[string]grammar{}, grammar{}, names...)}.read
}

// exact is for programs that do not cluster their options: each is one word.
func exact(flags, values string, most int) reader {
	return func(args []word) string {
		operands := 0
		for i := 0; i < len(args); i++ {
			w := args[i]
			switch {
			case !w.lit || w.loose || w.glob && strings.HasPrefix(w.text, "-"):
				return unclear
			case !strings.HasPrefix(w.text, "-") || w.text == "-":
				if operands++; w.glob && most > 0 {
					return unclear
				}
			case slices.Contains(fields(flags), w.text):
			case slices.Contains(fields(values), w.text):
				if _, _, why := next(args[i+1:]); why != "" {
					return why
				}
				i++
			default:
				return "option " + w.text + " is not known to only read"
			}
		}
		if most > 0 && operands > most {
			return "these operands are not known to only read"
		}
		return ""
	}
}
