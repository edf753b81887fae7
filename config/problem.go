package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Problem is one thing to put right. Line is 0 for what stands in no line, such
// as an environment variable; then Key is the variable's name.
type Problem struct {
	File string
	Line int
	Key  string // the path, for example "orgs.acme.stacks.payments.environment"
	Text string // never holds a secret's value
}

// String is the problem in one line, in the form that editors jump to.
func (p Problem) String() string {
	parts := make([]string, 0, 3)
	switch {
	case p.File != "" && p.Line > 0:
		parts = append(parts, p.File+":"+strconv.Itoa(p.Line))
	case p.File != "":
		parts = append(parts, p.File)
	}
	if p.Key != "" {
		parts = append(parts, p.Key)
	}
	return strings.Join(append(parts, p.Text), ": ")
}

// Problems is everything that is wrong, in the order of the file: people mend a
// file in one go instead of once per start.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// sorted puts problems in the order of the file, one file after the other, each
// once.
func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, strings.Compare(a.Key+a.Text, b.Key+b.Text))
	})
	return slices.Compact(ps)
}

// err is nil when there is no problem: a typed nil would be an error.
func (ps Problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// place is where a key was set.
type place struct {
	line int
	env  string // the variable, when it came from the environment
}

// places finds the line of a key. What was never written is where its nearest
// parent is.
type places struct {
	file string
	at   map[string]place
}

func (pl *places) problem(key, format string, args ...any) Problem {
	p := Problem{File: pl.file, Key: key, Text: fmt.Sprintf(format, args...)}
	for k := key; k != ""; k = parent(k) {
		if at, ok := pl.at[k]; ok {
			p.Line = at.line
			if at.env != "" {
				p.File, p.Key = "", at.env
			}
			break
		}
	}
	return p
}

func parent(key string) string {
	return key[:max(0, strings.LastIndexByte(key, '.'))]
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

// shown quotes what a person wrote when it is not a plain word, and cuts it.
func shown(s string) string {
	plain := s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r > '~' || r <= ' ' || strings.ContainsRune("\"'`\\", r)
	})
	if len(s) > 200 {
		s, plain = s[:200], false
	}
	if plain {
		return s
	}
	return strconv.Quote(s)
}
