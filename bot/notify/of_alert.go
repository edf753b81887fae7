package notify

import (
	"interlock/agent"
	"interlock/bot"
)

// alertKey begins the key of an alert, which its id follows.
const alertKey = "alert/"

// ofAlert tells the services that a chain names: of the step that has just reached
// them, and of what became of the alert afterwards.
func ofAlert(ev agent.Event) (n Notice) {
	a := ev.Payload.Alert
	if a == nil {
		return n
	}
	n = Notice{
		Type: Escalated, Title: bot.Safe(a.Title), Body: bot.Safe(a.Text), Stack: a.Stack, Environment: a.Environment, Key: alertKey + a.ID,
	}
	for _, f := range a.Facts {
		n.Facts = append(n.Facts, agent.Fact{Name: bot.Safe(f.Name), Value: bot.Safe(f.Value), At: f.At})
	}
	var told []string
	switch a.State {
	case agent.Alerting:
		for _, t := range a.Fresh() {
			if t.Reached() && isService(t.To) {
				told = append(told, t.To)
			}
		}
	case agent.Acknowledged:
		n.Step = Acknowledge
	case agent.Resolved:
		n.Step = Resolve
	default: // a snooze is nothing that services know
		return Notice{}
	}
	if n.Step == Resolve && !a.Ended.IsZero() && a.Moved.After(a.Ended) { // they know: only now the approval is over, too
		return Notice{}
	}
	if n.ends() {
		for _, s := range a.Services() {
			told = append(told, toService+s)
		}
	}
	if len(told) == 0 {
		return Notice{}
	}
	n.To = told
	return n
}
