package compliance

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"

	"interlock/agent"
)

// Bounds of what is kept of a report.
const (
	mostFindings = 1000
	nameLimit    = 200 // characters of a rule, a resource and a file
	titleLimit   = 300 // characters of a title
	shown        = 20  // findings that the text names; the result has them all
)

// findings are breaches as they are kept, the gravest first, each once. One without an
// address is the same while its file and its words are: lines move with every edit.
func findings(org string, a args, dir string, all []breach) (found []agent.Finding) {
	seen := map[string]bool{}
	for _, b := range all {
		f := agent.Finding{
			Org: org, Stack: a.Stack, Scanner: a.Scanner, Rule: line(b.rule, nameLimit), Title: line(b.title, titleLimit),
			Severity: line(strings.ToLower(b.severity), nameLimit), Resource: line(b.resource, nameLimit),
		}
		identity := b.resource
		if f.Resource == "" {
			file := path.Join(dir, b.file)
			f.Resource, identity = fmt.Sprintf("%s:%d", line(file, nameLimit), b.line), file+"\n"+b.title
		}
		f.Fingerprint = fingerprint(a.Scanner, a.Stack, b.rule, identity)
		if !seen[f.Fingerprint] {
			seen[f.Fingerprint] = true
			found = append(found, f)
		}
	}
	slices.SortStableFunc(found, func(a, b agent.Finding) int {
		return cmp.Or(rank(a.Severity)-rank(b.Severity), strings.Compare(a.Rule, b.Rule), strings.Compare(a.Resource, b.Resource))
	})
	return found
}

// severities are in the order in which people want to read them.
var severities = []string{"critical", "high", "error", "medium", "warning", "low", "notice", "info"}

func rank(severity string) int {
	if i := slices.Index(severities, severity); i >= 0 {
		return i
	}
	return len(severities)
}

// fingerprint has the lengths in it, so that two places never give the same bytes.
func fingerprint(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func text(a args, found []agent.Finding) string {
	lines := []string{fmt.Sprintf("%s: %s found %d breaches of its rules", a.Stack, a.Scanner, len(found))}
	switch len(found) {
	case 0:
		return fmt.Sprintf("%s: %s found nothing", a.Stack, a.Scanner)
	case 1:
		lines[0] = fmt.Sprintf("%s: %s found 1 breach of its rules", a.Stack, a.Scanner)
	}
	for i, f := range found {
		if i == shown {
			lines = append(lines, fmt.Sprintf("and %d more", len(found)-i))
			break
		}
		lines = append(lines, fmt.Sprintf("%s %s %s: %s", cmp.Or(f.Severity, "(no severity)"), f.Rule, f.Resource, f.Title))
	}
	return strings.Join(lines, "\n")
}

// line makes foreign text one bounded line of what prints.
func line(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	s = strings.Join(strings.Fields(s), " ")
	if all := []rune(s); len(all) > most {
		s = string(all[:most]) + "..."
	}
	return s
}
