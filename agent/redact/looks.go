package redact

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
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
	ahead   []int // how far behind a word's end they may look
}

// rule is one look. Exactly one of pattern and own is set.
type rule struct {
	pattern *config.Rule
	core    *regexp.Regexp // the pattern without what it takes of the name before the word
	name    int            // how much of that it takes at most
	long    bool           // core lets pass what is longer than the pattern wants
	near    func(text string, at, end int) bool
	after   int
	ahead   int
	own     func(text string, at, end int) []span // the word is text[at:end]
}

// Around a word, a rule sees so many bytes before it, and after it as many as its
// secrets are long.
const (
	before = 100
	after  = 256
)

var farther = map[string]int{"jwt": 4096, "jwt-base64": 4096, "kubernetes-secret-yaml": 1024}

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
	l.index(cfg)
	return l, nil
}

// index tells for each word which rules it calls.
func (l *looks) index(cfg config.Config) {
	calls := map[string][]int{}
	for _, r := range cfg.GetOrderedRules() {
		if r.Regex == nil || r.RuleID == "private-key" {
			continue // about names of files, or done by our own
		}
		l.rules = append(l.rules, newPattern(&r))
		for _, w := range r.Keywords {
			calls[strings.ToLower(w)] = append(calls[strings.ToLower(w)], len(l.rules)-1)
		}
	}
	for _, o := range slices.Concat(ownRules, lineRules) {
		l.rules = append(l.rules, rule{own: o.spans, ahead: cmp.Or(o.ahead, ahead)})
		for _, w := range o.words {
			calls[w] = append(calls[w], len(l.rules)-1)
		}
	}
	var words []string
	for _, w := range slices.Sorted(maps.Keys(calls)) {
		rules := calls[w]
		words, l.of, l.lengths = append(words, w), append(l.of, rules), append(l.lengths, len(w))
		far := 0
		for _, i := range rules {
			far = max(far, l.rules[i].ahead)
		}
		l.ahead = append(l.ahead, far)
	}
	l.words = newAutomaton(words, true)
}

// anyName begins most patterns. It makes a search slow, which tries it from every
// letter, and finds nothing of the secret.
const anyName = `[\w.-]{0,50}?`

// long is a repetition that makes a pattern too large for the quick way of matching.
const (
	long    = "{10,150}"
	longest = 150
)

// newPattern takes that beginning away, and long; match puts them back.
func newPattern(r *config.Rule) rule {
	p := rule{pattern: r, core: r.Regex, near: near[r.RuleID], after: cmp.Or(farther[r.RuleID], after)}
	p.ahead = 2*p.after + after
	source := r.Regex.String()
	for _, flags := range []string{"(?i)", "", "(?i:"} {
		rest, ok := strings.CutPrefix(source, flags+anyName)
		if !ok {
			continue
		}
		source = flags + rest
		p.name += 50
	}
	if p.name > 0 {
		p.core = regexp.MustCompile(strings.Replace(source, long, "{10,}", 1))
		p.long = strings.Contains(source, long)
	}
	if p.near == nil && p.name > 0 {
		p.near = given
	}
	return p
}
