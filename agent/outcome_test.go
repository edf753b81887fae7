package agent_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
)

// Who asked for a scan is told in their thread what it came to, once; a schedule's own scan
// answers nobody.
func TestAScanAnswersWhoAsked(t *testing.T) {
	t.Parallel()
	onBeach(t, func(b *beach) {
		from := agent.Thread{Platform: "console", Channel: "ops", ID: "1"}
		heard := func() (all []string) {
			s, err := b.Open(b.Context(), agenttest.Org, from)
			if err != nil {
				b.Fatal(err)
			}
			for _, ev := range s.Events {
				all = append(all, ev.Payload.Text)
			}
			return all
		}
		b.scan("web")
		if got := heard(); len(got) > 0 {
			b.Errorf("nobody asked, and hears %q", got)
		}
		ask := func(scanner string) {
			j := b.scanning("web")
			if j.Scan.From = from; scanner != "" {
				j.Scan.Scanner, j.Scan.Call.Args = scanner, []byte(`{"stack":"web","scanner":"lint"}`)
			}
			b.do(j)
		}
		ask("")
		ask("lint")
		b.seen["web"] = []agent.Finding{open("web", "source", "0.0.0.0/0")}
		ask("")
		b.seen["web"] = append(b.seen["web"], open("web", "port", "1"))
		ask("")
		b.broken["web"] = "Error: no provider"
		ask("")
		time.Sleep(time.Hour) // it is tried three times
		synctest.Wait()
		want := []string{
			"web: no drift.", "web: no finding by lint.", "web: 1 finding, see its thread.", "web: 2 findings, see its thread.",
			"web: could not look: Error: no provider",
		}
		got := heard()
		if len(got) != len(want) {
			b.Fatalf("heard %q", got)
		}
		for i := range want {
			if !strings.HasPrefix(got[i], want[i]) {
				b.Errorf("heard %q, want %q", got[i], want[i])
			}
		}
	})
}
