package config

import (
	"errors"
	"strings"
	"unicode"
)

// ParseIgnore reads a rule "ADDRESS ATTRIBUTE" of a stack. The attribute may be left
// out, which is the whole resource. In both * stands for any text and ? for one
// character; all else, brackets and quotes too, stands for itself. A rule that would
// leave out everything is refused: nothing would be told any more, and nobody would
// know.
func ParseIgnore(rule string) (address, attribute string, err error) {
	address, attribute = cutAddress(strings.TrimSpace(rule))
	switch {
	case address == "":
		return "", "", errors.New("must name a resource, as firewall_rule.api or firewall_rule.*")
	case strings.ContainsFunc(rule, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", "", errors.New("has a character that does not print")
	case bare(address) && bare(attribute):
		return "", "", errors.New("would ignore everything: name a resource or an attribute")
	}
	return address, attribute, nil
}

// bare tells whether a pattern names nothing.
func bare(pattern string) bool { return strings.Trim(pattern, "*?.[]\"") == "" }

// cutAddress ends an address at the first blank that is in no quotes. What a failed
// replacement left over has a blank of its own: "ADDRESS (deposed KEY)".
func cutAddress(rule string) (address, attribute string) {
	at, quoted, escaped := len(rule), false, false
	for i, r := range rule {
		switch {
		case escaped:
			escaped = false
		case r == '\\' && quoted:
			escaped = true
		case r == '"':
			quoted = !quoted
		case r == ' ' && !quoted && at == len(rule):
			at = i
		}
	}
	address, attribute = rule[:at], strings.TrimSpace(rule[at:])
	if key, ok := strings.CutPrefix(attribute, "(deposed "); ok {
		key, attribute, _ = strings.Cut(key, ")")
		return address + " (deposed " + key + ")", strings.TrimSpace(attribute)
	}
	return address, attribute
}
