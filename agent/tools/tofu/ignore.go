package tofu

import (
	"interlock/agent"
	"interlock/config"
)

// Heed leaves out the findings that a stack's rules ignore, and counts them. What
// cannot be read as a rule ignores nothing.
func Heed(rules []string, found []agent.Finding) (left []agent.Finding, ignored int) {
	for _, f := range found {
		if ignores(rules, f.Resource, f.Attribute) {
			ignored++
			continue
		}
		left = append(left, f)
	}
	return left, ignored
}

// ignores judges one place. A resource that is gone has no attribute: only a rule
// about the whole of it fits.
func ignores(rules []string, resource, attribute string) bool {
	for _, rule := range rules {
		r, a, err := config.ParseIgnore(rule)
		if err == nil && alike(r, resource) && (a == "" || attribute != "" && alike(a, attribute)) {
			return true
		}
	}
	return false
}

// alike tells whether a text is as a pattern says: * is any text, ? one character. It
// goes back to the last * only, so that no pattern takes long.
func alike(pattern, text string) bool {
	p, t := []rune(pattern), []rune(text)
	i, j, star, from := 0, 0, -1, 0
	for j < len(t) {
		switch {
		case i < len(p) && p[i] == '*':
			star, from = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == t[j]):
			i++
			j++
		case star >= 0:
			from++
			i, j = star+1, from
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}
