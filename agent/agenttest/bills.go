package agenttest

import (
	"context"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// bill is what one event cost.
type bill struct {
	org, session string
	at           time.Time
	person       rbac.Subject
	bill         agent.Bill
}

func (m *Memory) charge(ev agent.Event) {
	if b := ev.Payload.Bill; b != nil {
		m.bills = append(m.bills, bill{ev.Org, ev.Session, ev.At, ev.Actor.Subject(), *b})
	}
}

// Billed adds up bills, as the store does: of a thread from the moment on, of
// an Org from the month on.
func (m *Memory) Billed(_ context.Context, org string, f agent.BillFilter) (sum agent.Sum, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	from, session := agent.Month(f.From), ""
	if f.Thread != (agent.Thread{}) {
		s := m.find(org, f.Thread)
		if s == nil {
			return sum, nil
		}
		from, session = f.From, s.id
	}
	for _, b := range m.bills {
		if b.org == org && !b.at.Before(from) && (session == "" || b.session == session) && (f.Person == "" || b.person == f.Person) {
			sum = sum.Add(b.bill)
		}
	}
	return sum, nil
}
