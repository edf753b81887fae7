package shell

import (
	"fmt"
	"slices"
	"strings"
)

// reader judges the arguments of a command that can read, and says why this
// call may do more; the empty reason is a read.
type reader func(args []word) string

// grammar is the options of a command that are known to only read. Anything
// else, also an abbreviation, is refused.
type grammar struct {
	flags  string // short options without a value
	values string // short options with a value: the rest, or the next word
	long   string // names of long options, perhaps with "=value"
	longv  string // names of long options whose value may be the next word
	number bool   // -20 is a number
	apart  bool   // the value of a short option is always the next word
	least  int    // operands
	most   int    // operands; 0 is any, none is forbidden by no
	no     bool   // no operand at all
}

// parsed is what a call was found to say.
type parsed struct {
	operands []word
	options  []string // names as given, without values
	values   map[string][]string
}

func (p parsed) has(names ...string) bool {
	return slices.ContainsFunc(p.options, func(o string) bool { return slices.Contains(names, o) })
}

// at is the text of an operand; a pattern there is nothing.
func (p parsed) at(i int) string {
	if i < 0 || i >= len(p.operands) || p.operands[i].glob {
		return ""
	}
	return p.operands[i].text
}

const unclear = "a word is not literal"

// parse reads arguments as getopt_long does, options and operands mixed.
func (g grammar) parse(args []word) (p parsed, why string) {
	p.values = map[string][]string{}
	for len(args) > 0 {
		w := args[0]
		args = args[1:]
		switch {
		case !w.lit || w.loose || w.glob && strings.HasPrefix(w.text, "-"):
			return p, unclear
		case w.text == "--":
			p.operands = append(p.operands, args...)
			if slices.ContainsFunc(args, func(w word) bool { return !w.lit }) {
				return p, unclear
			}
			args = nil
		case w.text == "-" || !strings.HasPrefix(w.text, "-"):
			p.operands = append(p.operands, w)
		case strings.HasPrefix(w.text, "--"):
			args, why = g.longOption(&p, w.text, args)
		case g.number && strings.Trim(w.text[1:], "0123456789") == "":
			p.options = append(p.options, "-N")
		default:
			args, why = g.shortOptions(&p, w.text, args)
		}
		if why != "" {
			return p, why
		}
	}
	many := slices.ContainsFunc(p.operands, func(w word) bool { return w.glob })
	switch n := len(p.operands); {
	case g.no && n > 0, g.most > 0 && (many || n > g.most), n < g.least:
		return p, "these operands are not known to only read"
	}
	return p, ""
}

func (g grammar) longOption(p *parsed, text string, args []word) ([]word, string) {
	name, value, given := strings.Cut(text, "=")
	in := func(list string) bool { return slices.Contains(strings.Fields(list), name[2:]) }
	switch {
	case in(g.longv):
		if !given {
			var why string
			if value, args, why = next(args); why != "" {
				return nil, why
			}
		}
	case !in(g.long):
		return nil, fmt.Sprintf("option %s is not known to only read", name)
	}
	p.options, p.values[name] = append(p.options, name), append(p.values[name], value)
	return args, ""
}

func (g grammar) shortOptions(p *parsed, text string, args []word) ([]word, string) {
	for i := 1; i < len(text); i++ {
		name, value := "-"+text[i:i+1], ""
		switch {
		case strings.IndexByte(g.flags, text[i]) >= 0:
		case strings.IndexByte(g.values, text[i]) < 0:
			return nil, fmt.Sprintf("option %s is not known to only read", name)
		case i+1 < len(text):
			if g.apart {
				return nil, fmt.Sprintf("option %s is not followed by its value", name)
			}
			value, i = text[i+1:], len(text)
		default:
			var why string
			if value, args, why = next(args); why != "" {
				return nil, why
			}
		}
		p.options, p.values[name] = append(p.options, name), append(p.values[name], value)
	}
	return args, ""
}

// next is the value of an option. A pattern there could shift the words after
// it, and what looks like an option is one where the value may be left out.
func next(args []word) (string, []word, string) {
	switch {
	case len(args) == 0 || args[0].lit && strings.HasPrefix(args[0].text, "-") && args[0].text != "-":
		return "", nil, "an option lacks its value"
	case !args[0].lit || args[0].glob:
		return "", nil, unclear
	}
	return args[0].text, args[1:], ""
}

// with reads by a grammar and, when that fits, by further checks.
func with(g grammar, checks ...func(p parsed) string) reader {
	return func(args []word) string {
		p, why := g.parse(args)
		for _, check := range checks {
			if why != "" {
				return why
			}
			why = check(p)
		}
		return why
	}
}

// plain is a command no option and no operand of which does more than read:
// even what another reader prints may be among its words.
func plain(args []word) string {
	for _, w := range args {
		if !w.lit && !w.printed {
			return unclear
		}
	}
	return ""
}

// plainly names the commands of which that is known.
func plainly(name string) bool { return slices.Contains(plainNames, name) }
