package main

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// scenario is one story over the real wiring: a repository and a world, what
// people say and press, a model that plays its script whatever it costs, and
// what must then be true. testdata/trajectories/README.md is its language.
type scenario struct {
	name        string
	repo, world map[string][]byte
	config      []byte   // YAML, merged over the demo's
	scripts     [][]byte // for the scripted model, a file each
	turns       []saying
	expect      []expectation
}

// saying is what one person does next.
type saying struct {
	who, channel, verb, text string
	line                     int
}

const saysText = "says"

// scenarioParser collects every fault with its file and line.
type scenarioParser struct {
	file string
	sc   scenario
	errs []error
}

// parseScenario reads one txtar file.
func parseScenario(file string, data []byte) (scenario, error) {
	p := &scenarioParser{file: file, sc: scenario{
		name: strings.TrimSuffix(file, ".txtar"), repo: map[string][]byte{}, world: map[string][]byte{},
	}}
	a := txtar.Parse(data)
	if len(bytes.TrimSpace(a.Comment)) == 0 {
		p.fail(1, "begins with its story in plain words")
	}
	at := 1 + bytes.Count(a.Comment, []byte("\n"))
	seen, models := map[string]bool{}, []string{}
	for _, f := range a.Files {
		if seen[f.Name] {
			p.fail(at, "%s is there twice", f.Name)
		}
		seen[f.Name] = true
		if name, _, ok := strings.Cut(f.Name, "/"); ok && modelName.MatchString(name) && !seen[name+"/"] {
			seen[name+"/"] = true
			models = append(models, name)
		}
		p.part(f, at)
		at += 1 + bytes.Count(f.Data, []byte("\n"))
	}
	for _, name := range models {
		p.sc.scripts = append(p.sc.scripts, scriptOf(a, name, !seen[name+"/match"], !seen[name+"/ask"]))
	}
	if len(p.sc.turns) == 0 || len(p.sc.expect) == 0 || len(models) == 0 {
		p.fail(1, "needs the parts say, expect and model/step1")
	}
	return p.sc, errors.Join(p.errs...)
}

func (p *scenarioParser) fail(line int, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s:%d: %s", p.file, line, fmt.Sprintf(format, args...)))
}

var modelName = regexp.MustCompile(`^model\d*$`)

// part reads one part; at is the line of its name.
func (p *scenarioParser) part(f txtar.File, at int) {
	folder, rest, _ := strings.Cut(f.Name, "/")
	switch {
	case folder == "repo" && rest != "":
		p.sc.repo[rest] = f.Data
	case folder == "world" && rest != "" && !strings.Contains(rest, "/"):
		p.sc.world[rest] = f.Data
	case f.Name == "config.yaml":
		p.sc.config = f.Data
	case modelName.MatchString(folder) && rest != "": // its own parser looks at it
	case f.Name == "say", f.Name == "expect":
		p.lines(f, at)
	default:
		p.fail(at, "no part is called %q: there are repo/PATH, world/FILE, config.yaml, model/..., say and expect", f.Name)
	}
}

func (p *scenarioParser) lines(f txtar.File, at int) {
	for text := range strings.Lines(string(f.Data)) {
		at++
		text = strings.TrimSpace(text)
		switch {
		case text == "" || strings.HasPrefix(text, "#"):
		case f.Name == "say":
			p.say(at, text)
		default:
			e, err := parseExpectation(text)
			if err != nil {
				p.fail(at, "%v", err)
			}
			e.at = fmt.Sprintf("%s:%d", p.file, at)
			p.sc.expect = append(p.sc.expect, e)
		}
	}
}

var (
	spokenLine = regexp.MustCompile(`^([a-z]+)(?: in ([a-z]+))?: (.+)$`)
	doneLine   = regexp.MustCompile(`^([a-z]+) (approves|stops)$`)
	toldLine   = regexp.MustCompile(`^([a-z]+) (declines|answers): (.+)$`)
)

func (p *scenarioParser) say(at int, text string) {
	s := saying{line: at}
	if m := spokenLine.FindStringSubmatch(text); m != nil {
		s.who, s.channel, s.verb, s.text = m[1], m[2], saysText, m[3]
	} else if m := doneLine.FindStringSubmatch(text); m != nil {
		s.who, s.verb = m[1], m[2]
	} else if m := toldLine.FindStringSubmatch(text); m != nil {
		s.who, s.verb, s.text = m[1], m[2], m[3]
	} else {
		p.fail(at, `write: WHO: TEXT, WHO in CHANNEL: TEXT, WHO approves, WHO declines: WHY, WHO answers: TEXT or WHO stops`)
		return
	}
	if !strings.Contains(" alice bob carol dave mallory ", " "+s.who+" ") {
		p.fail(at, "nobody is called %q: there are alice (operator), bob and dave (approvers), carol (viewer), and mallory, whom nobody knows", s.who)
	}
	p.sc.turns = append(p.sc.turns, s)
}

// scriptOf is the file of one model: the scenario with every line blank that is
// not of it, so that what its parser says has the scenario's own lines.
func scriptOf(a *txtar.Archive, name string, anything, unnamed bool) []byte {
	var b bytes.Buffer
	blank := func(n int) { b.WriteString(strings.Repeat("\n", n)) }
	blank(bytes.Count(a.Comment, []byte("\n")))
	for _, f := range a.Files {
		part, mine := strings.CutPrefix(f.Name, name+"/")
		if !mine {
			blank(1 + bytes.Count(f.Data, []byte("\n")))
			continue
		}
		fmt.Fprintf(&b, "-- %s --\n%s", part, f.Data)
	}
	if unnamed {
		b.WriteString("-- ask --\nanything\n")
	}
	if anything {
		b.WriteString("-- match --\n.\n")
	}
	return b.Bytes()
}
