package redact

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"github.com/spf13/viper"
	"github.com/zricethezav/gitleaks/v8/config"
)

// looks are what secrets of all kinds look like: the rules of gitleaks, and our own
// for what they miss. One pass over the text finds the words near which a rule can
// match; the rule then looks at the text around them only.
type looks struct {
	rules   []rule
	global  []*config.Allowlist
	words   *automaton
	of      [][]int // the rules that a word calls, by the word's number
	lengths []int
}

// rule is one look. Exactly one of pattern and own is set.
type rule struct {
	pattern *config.Rule
	near    func(text string, at, end int) bool
	after   int
	own     func(text string, at, end int) []span // the word is text[at:end]
}

// Around a word, a rule sees so many bytes before it, and after it as many as its
// secrets are long.
const (
	before = 100
	after  = 256
)

var farther = map[string]int{"jwt": 4096, "jwt-base64": 4096, "kubernetes-secret-yaml": 1024, "private-key": 8192}

// near are cheap questions to ask before a rule whose word is in every other line.
// They let through all that the rule could match.
var near = map[string]func(text string, at, end int) bool{
	"generic-api-key": func(text string, _, end int) bool {
		i := skip(text, end, 20, func(c byte) bool { return isName(c) || c == ' ' || c == '\t' || c == '.' || c == '-' })
		i = skip(text, i, 3, func(c byte) bool { return isSpace(c) || c == '\'' || c == '"' })
		j := skip(text, i, 4, func(c byte) bool { return strings.IndexByte("=>:|?,", c) >= 0 })
		k := skip(text, j, 5, func(c byte) bool { return isSpace(c) || strings.IndexByte("`'\"=", c) >= 0 })
		return j > i && skip(text, k, 10, func(c byte) bool { return isName(c) || strings.IndexByte(".=+/-", c) >= 0 }) == k+10
	},
	"vault-service-token": func(text string, at, end int) bool {
		return end-at > 2 || skip(text, end, 18, isName) == end+18 // "s." ends many a word
	},
	"lob-api-key": func(text string, _, end int) bool { return skip(text, end, 35, isName) == end+35 },
	"jwt": func(text string, at, end int) bool {
		return text[at:end] == "ey" && skip(text, end, 17, isName) == end+17
	},
}

// skip passes by as many bytes as are of a kind.
func skip(text string, at, most int, is func(byte) bool) int {
	for i := 0; i < most && at < len(text) && is(text[at]); i++ {
		at++
	}
	return at
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

func newLooks() (*looks, error) {
	v := viper.New()
	v.SetConfigType("toml")
	if err := v.ReadConfig(strings.NewReader(config.DefaultConfig)); err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	var vc config.ViperConfig
	if err := v.Unmarshal(&vc); err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	vc.MinVersion = "" // of a program that is not here
	cfg, err := vc.Translate()
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	l := &looks{global: cfg.Allowlists}
	calls := map[string][]int{}
	for _, r := range cfg.GetOrderedRules() {
		if r.Regex == nil {
			continue // about names of files
		}
		l.rules = append(l.rules, rule{pattern: &r, near: near[r.RuleID], after: cmp.Or(farther[r.RuleID], after)})
		for _, w := range r.Keywords {
			calls[strings.ToLower(w)] = append(calls[strings.ToLower(w)], len(l.rules)-1)
		}
	}
	for _, o := range ownRules {
		l.rules = append(l.rules, rule{own: o.spans})
		for _, w := range o.words {
			calls[w] = append(calls[w], len(l.rules)-1)
		}
	}
	var words []string
	for w, rules := range calls {
		words, l.of, l.lengths = append(words, w), append(l.of, rules), append(l.lengths, len(w))
	}
	l.words = newAutomaton(words, true)
	return l, nil
}

// spans asks each rule around the words that call it, once for each stretch.
func (l *looks) spans(text string) (all []span) {
	done := make([]int, len(l.rules)) // how far a rule has looked
	l.words.find(text, func(word, end int) {
		at := end - l.lengths[word]
		for _, i := range l.of[word] {
			r := &l.rules[i]
			if r.own != nil && at >= done[i] { // not inside of what it found
				for _, s := range r.own(text, at, end) {
					all, done[i] = append(all, s), s.to
				}
			}
			if r.own != nil {
				continue
			}
			if end <= done[i] || r.near != nil && !r.near(text, at, end) {
				continue
			}
			// twice as far, so that the words on the way need not be looked at again
			all = append(all, l.match(r.pattern, text, max(0, at-before), min(len(text), end+2*r.after))...)
			done[i] = end + r.after
		}
	})
	return all
}

// match finds a rule's secrets in a part of the text.
func (l *looks) match(r *config.Rule, text string, from, to int) (all []span) {
	part := text[from:to]
	for _, m := range r.Regex.FindAllStringSubmatchIndex(part, -1) {
		i, j := m[0], m[1]
		if g := group(r, m); g > 0 {
			i, j = m[2*g], m[2*g+1]
		}
		secret := part[i:j]
		if i == j || strings.HasPrefix(secret, markStart) || r.Entropy > 0 && entropy(secret) <= r.Entropy {
			continue
		}
		if l.allowed(r, text, secret, part[m[0]:m[1]], from+m[0], from+m[1]) {
			continue
		}
		all = append(all, span{from + i, from + j, r.RuleID})
	}
	return all
}

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
