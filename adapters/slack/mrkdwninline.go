package slack

import "regexp"

// inlineMark finds what is set off within a line: code, bold, struck, italic, a
// link or picture, and an address that stands for itself.
var inlineMark = regexp.MustCompile("`([^`]+)`" +
	`|\*\*(\S(?:.*?\S)?)\*\*|~~(\S(?:.*?\S)?)~~|\*([^*\s](?:[^*]*[^*\s])?)\*` +
	`|!?\[([^\[\]]*)\]\(([^()\s]*)\)|([A-Za-z][A-Za-z0-9+.-]*://[^\s<>"'` + "`" + `]*[\pL\pN/=&#_-])`)

// inline is a line of the model's. A link shows its words and its address, and
// is no link: what a model wrote must not be one click away.
func inline(s string, st style) (all []span) {
	for s != "" {
		at := inlineMark.FindStringSubmatchIndex(s)
		if at == nil {
			break
		}
		all = append(all, spans(s[:at[0]], st)...)
		all = append(all, set(s, at, st)...)
		s = s[at[1]:]
	}
	return append(all, spans(s, st)...)
}

// set is what one match of inlineMark becomes.
func set(s string, at []int, st style) []span {
	group := func(i int) string {
		if at[2*i] < 0 {
			return ""
		}
		return s[at[2*i]:at[2*i+1]]
	}
	as := func(mark func(*style)) style {
		inner := st
		mark(&inner)
		return inner
	}
	code := as(func(x *style) { x.Code = true })
	switch {
	case group(1) != "":
		return spans(group(1), code)
	case group(2) != "":
		return inline(group(2), as(func(x *style) { x.Bold = true }))
	case group(3) != "":
		return inline(group(3), as(func(x *style) { x.Strike = true }))
	case group(4) != "":
		return inline(group(4), as(func(x *style) { x.Italic = true }))
	case group(7) != "":
		return spans(group(7), code)
	}
	all := inline(group(5), st)
	if group(6) == "" {
		return all
	}
	all = append(all, spans(" (", st)...)
	all = append(all, spans(group(6), code)...)
	return append(all, spans(")", st)...)
}
