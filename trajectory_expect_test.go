package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"interlock/agent/tools"
)

// expectation is one line of what must be true.
type expectation struct {
	at, text string // file and line; the line
	verb     string
	words    []string // bare words after the verb
	conds    []cond
}

// cond compares one thing: key "" is the text itself.
type cond struct {
	key, op, value string
	re             *regexp.Regexp
}

// grammar is what may follow a verb: how many bare words, of which the last can
// be one of a list, and the keys of its conditions; "*" stands for the tool's
// arguments.
var grammar = map[string]struct {
	words int
	last  string
	keys  string
}{
	"call":    {words: 1, keys: "*"},
	"never":   {words: 1, keys: "*"},
	"result":  {words: 2, last: "done failed denied", keys: " changes drift applied more "},
	"card":    {words: 1, keys: " needs read "},
	"refused": {words: 1, keys: ""},
	"ends":    {words: 1, last: "answer waiting stopped refused paused gaveup", keys: ""},
	"says":    {keys: ""},
	"passage": {keys: ""},
	"file":    {words: 3, last: "missing", keys: ""},
	"world":   {words: 1, last: "unchanged changed"},
	"steps":   {keys: ""},
	"began":   {keys: ""},
}

var lineToken = regexp.MustCompile(`^\s*(?:([a-z_]*)(!~|~|<=|=)\s*("(?:[^"\\]|\\.)*"|[^\s"]\S*)|([^\s~=<"]+))(?:\s|$)`)

// parseExpectation reads one line. What it cannot mean is an error, so that no
// expectation passes because of a slip of the pen.
func parseExpectation(text string) (expectation, error) {
	e := expectation{text: text}
	rest := text
	for strings.TrimSpace(rest) != "" {
		m := lineToken.FindStringSubmatch(rest)
		if m == nil {
			return e, fmt.Errorf("cannot read %q", strings.TrimSpace(rest))
		}
		rest = rest[len(m[0]):]
		switch {
		case m[4] != "" && e.verb == "":
			e.verb = m[4]
		case m[4] != "":
			e.words = append(e.words, m[4])
		default:
			c, err := newCond(m[1], m[2], m[3])
			if err != nil {
				return e, err
			}
			e.conds = append(e.conds, c)
		}
	}
	return e, e.check()
}

func newCond(key, op, value string) (c cond, err error) {
	if strings.HasPrefix(value, `"`) {
		value = strings.ReplaceAll(strings.Trim(value, `"`), `\"`, `"`)
	}
	c = cond{key: key, op: op, value: value}
	if strings.HasSuffix(op, "~") {
		c.re, err = regexp.Compile("(?s)" + value)
	}
	return c, err
}

// check holds the line against the grammar and the tools that there are.
func (e expectation) check() error {
	g, ok := grammar[e.verb]
	if !ok {
		return fmt.Errorf("no expectation is called %q", e.verb)
	}
	if len(e.words) > g.words || g.words > 0 && len(e.words) == 0 {
		return fmt.Errorf("%s takes up to %d words", e.verb, g.words)
	}
	closed := g.last != "" && len(e.words) == g.words
	if closed && !slices.Contains(strings.Fields(g.last), e.words[g.words-1]) {
		return fmt.Errorf("%s: %q is none of: %s", e.verb, e.words[g.words-1], g.last)
	}
	args, err := e.arguments()
	if err != nil {
		return err
	}
	for _, c := range e.conds {
		switch {
		case c.key == "" && g.keys == "*" || c.key != "" && g.keys == "*" && !slices.Contains(args, c.key):
			return fmt.Errorf("%s %s has no argument %q", e.verb, e.words[0], c.key)
		case c.key != "" && g.keys != "*" && !strings.Contains(g.keys, " "+c.key+" "):
			return fmt.Errorf("%s has no %q", e.verb, c.key)
		}
	}
	return e.complete()
}

// complete refuses a line that says too little to fail.
func (e expectation) complete() error {
	counted := len(e.conds) == 1 && (e.conds[0].op == "<=" || e.conds[0].op == "=")
	switch e.verb {
	case "says", "passage":
		if len(e.conds) == 0 {
			return fmt.Errorf("%s needs words: %s ~REGULAR-EXPRESSION", e.verb, e.verb)
		}
	case "steps", "began":
		if !counted {
			return fmt.Errorf("write: %s <=NUMBER or %s =NUMBER", e.verb, e.verb)
		}
		if _, err := strconv.Atoi(e.conds[0].value); err != nil {
			return err
		}
	case "file":
		if len(e.words) < 2 || !slices.Contains([]string{"repo", "copy", "world"}, e.words[0]) || len(e.words) == 2 && len(e.conds) == 0 {
			return errors.New("write: file repo|copy|world PATH ~REGULAR-EXPRESSION, or missing")
		}
	}
	return nil
}

// arguments are those of the tool that the line names. A call alone may name a
// tool that does not exist, for a model may.
func (e expectation) arguments() (names []string, err error) {
	if !slices.Contains([]string{"call", "never", "result", "card"}, e.verb) {
		return nil, nil
	}
	for _, t := range tools.All(tools.Deps{}) {
		if t.Spec().Name != e.words[0] {
			continue
		}
		var schema struct{ Properties map[string]any }
		err := json.Unmarshal(t.Spec().Schema, &schema)
		for name := range schema.Properties {
			names = append(names, name)
		}
		return names, err
	}
	if e.verb == "call" || e.verb == "result" {
		return nil, nil
	}
	return nil, fmt.Errorf("there is no tool %q", e.words[0])
}

// holds compares a value.
func (c cond) holds(value string) bool {
	switch c.op {
	case "=":
		return value == c.value
	case "~":
		return c.re.MatchString(value)
	case "!~":
		return !c.re.MatchString(value)
	}
	n, err := strconv.Atoi(value)
	limit, errLimit := strconv.Atoi(c.value)
	return err == nil && errLimit == nil && n <= limit
}

// allHold compares each condition; value gives the value of a key.
func (e expectation) allHold(value func(key string) string) bool {
	for _, c := range e.conds {
		if !c.holds(value(c.key)) {
			return false
		}
	}
	return true
}
