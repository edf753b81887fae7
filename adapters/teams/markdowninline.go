package teams

import "regexp"

// inlineMark finds what is set off within a line: code, bold, struck, italic, a
// link or picture, and an address that stands for itself.
var inlineMark = regexp.MustCompile("`([^`]+)`" +
	`|\*\*(\S(?:.*?\S)?)\*\*|~~(\S(?:.*?\S)?)~~|\*([^*\s](?:[^*]*[^*\s])?)\*` +
	`|!?\[([^\[\]]*)\]\(([^()\s]*)\)|([A-Za-z][A-Za-z0-9+.-]*://[^\s<>"'` + "`" + `]*[\pL\pN/=&#_-])`)

// inline is a line of the model's. A link shows its words and its address, and is
// no link: what a model wrote must not be one click away.
func inline(s string, l look) (all []run) {
	for s != "" {
		at := inlineMark.FindStringSubmatchIndex(s)
		if at == nil {
			break
		}
		all = append(all, runs(s[:at[0]], l)...)
		all = append(all, set(s, at, l)...)
		s = s[at[1]:]
	}
	return append(all, runs(s, l)...)
}

// set is what one match of inlineMark becomes.
func set(s string, at []int, l look) []run {
	group := func(i int) string {
		if at[2*i] < 0 {
			return ""
		}
		return s[at[2*i]:at[2*i+1]]
	}
	code, strong, struck, slanted := l, l, l, l
	code.FontType, strong.Weight, struck.Struck, slanted.Italic = monospace, bold, true, true
	switch {
	case group(1) != "":
		return runs(group(1), code)
	case group(2) != "":
		return inline(group(2), strong)
	case group(3) != "":
		return inline(group(3), struck)
	case group(4) != "":
		return inline(group(4), slanted)
	case group(7) != "":
		return runs(group(7), code)
	}
	all := inline(group(5), l)
	if group(6) == "" {
		return all
	}
	all = append(all, runs(" (", l)...)
	all = append(all, runs(group(6), code)...)
	return append(all, runs(")", l)...)
}
