package rbac

import "slices"

// ToolList says which tools a profile may use. Deny wins, "*" names all, and
// the zero value allows none.
type ToolList struct{ Allow, Deny []string }

// May tells whether the list allows the tool.
func (l ToolList) May(tool string) bool {
	return !matches(l.Deny, tool) && matches(l.Allow, tool)
}

func matches(list []string, tool string) bool {
	return slices.Contains(list, "*") || slices.Contains(list, tool)
}
