package console

import "strings"

type itemView struct{ Name, State, Note, Mark string }

// checklistView is the demo's preparation; Ready is the one line that is left
// when all is done.
type checklistView struct {
	Items []itemView
	Ready string
}

// checklist is shown in the first channel alone.
func (p *Platform) checklist(channel string) *checklistView {
	if p.opt.Checklist == nil || channel != p.opt.Channels[0].ID {
		return nil
	}
	items := p.opt.Checklist()
	if len(items) == 0 {
		return nil
	}
	var v checklistView
	var names []string
	done := true
	for _, i := range items {
		iv := itemView{Name: i.Name, State: i.State, Note: i.Note}
		iv.State, iv.Mark = state(i.State)
		done = done && iv.State == "done"
		v.Items, names = append(v.Items, iv), append(names, i.Name)
	}
	if done {
		v.Ready = "Ready: " + strings.Join(names, ", ")
	}
	return &v
}

// state is also a class, so only known ones pass.
func state(s string) (name, mark string) {
	switch s {
	case "running":
		return s, "\u25cf"
	case "done":
		return s, "\u2713"
	case "failed":
		return s, "!"
	}
	return "waiting", "\u25cb"
}
