package redact

import (
	"math"
	"strings"

	"github.com/zricethezav/gitleaks/v8/config"
)

// match finds a rule's secrets around the word text[at:end]. It looks twice as far as
// they are long, so that the words on the way need not be looked at again.
func (l *looks) match(rule *rule, text string, at, end int) (all []span) {
	r, from, last := rule.pattern, max(0, at-before), 0
	part := text[from:min(len(text), end+2*rule.after)]
	for _, m := range rule.core.FindAllStringSubmatchIndex(part, -1) {
		i, j := m[0], m[1]
		if g := group(r, m); g > 0 {
			i, j = m[2*g], m[2*g+1]
		}
		begin := m[0]
		for begin > last && m[0]-begin < rule.name && isNamePart(part[begin-1]) {
			begin--
		}
		last = m[1]
		secret := part[i:j]
		if i == j || strings.HasPrefix(secret, markStart) || r.Entropy > 0 && entropy(secret) <= r.Entropy {
			continue
		}
		if rule.long && len(secret) > longest && strings.ContainsAny(secret, "_.-") {
			continue
		}
		if l.allowed(r, text, secret, part[begin:m[1]], from+begin, from+m[1]) {
			continue
		}
		if i == m[0] { // the whole of it
			i = begin
		}
		all = append(all, span{from: from + i, to: from + j, kind: r.RuleID})
	}
	return all
}

func isNamePart(c byte) bool { return isName(c) || c == '.' || c == '-' }

// group is the one that holds the secret: the rule's own, or the first that is not
// empty; 0 is the whole match.
func group(r *config.Rule, m []int) int {
	if r.SecretGroup > 0 {
		return r.SecretGroup
	}
	for g := 1; 2*g < len(m); g++ {
		if m[2*g] >= 0 && m[2*g] < m[2*g+1] {
			return g
		}
	}
	return 0
}

// allowed asks the lists of what looks like a secret and is none. Lists that need a
// file's name say nothing here: a tool's output has none.
func (l *looks) allowed(r *config.Rule, text, secret, match string, from, to int) bool {
	for _, lists := range [][]*config.Allowlist{l.global, r.Allowlists} {
		for _, a := range lists {
			if len(a.Commits)+len(a.Paths) > 0 && a.MatchCondition == config.AllowlistMatchAnd {
				continue
			}
			target := secret
			switch a.RegexTarget {
			case "match":
				target = match
			case "line":
				target = line(text, from, to)
			}
			stop, _ := a.ContainsStopWord(secret)
			byRegex := a.RegexAllowed(target)
			if a.MatchCondition == config.AllowlistMatchAnd {
				if (len(a.Regexes) == 0 || byRegex) && (len(a.StopWords) == 0 || stop) {
					return true
				}
			} else if byRegex || stop {
				return true
			}
		}
	}
	return false
}

// line is the text from the start of the first line to the end of the last.
func line(text string, from, to int) string {
	i := strings.LastIndexByte(text[max(0, from-after):from], '\n') + 1 + max(0, from-after)
	j := strings.IndexByte(text[to:min(len(text), to+after)], '\n')
	if j < 0 {
		j = min(len(text), to+after) - to
	}
	return text[i : to+j]
}

// entropy is Shannon's, in bits for each letter.
func entropy(s string) (bits float64) {
	counts := map[rune]int{}
	for _, c := range s {
		counts[c]++
	}
	for _, n := range counts {
		p := float64(n) / float64(len(s))
		bits -= p * math.Log2(p)
	}
	return bits
}
