package notify

import (
	"cmp"
	"fmt"

	"interlock/agent"
	"interlock/bot"
)

// ofResult tells of a change that people approved, and of an approval that ended with a
// result that nothing ran for.
func ofResult(p agent.Payload) Notice {
	h, res := p.Hold, p.Result
	switch {
	case res == nil || h == nil || h.Approval == nil || h.State == agent.Open || h.State == agent.Nothing:
		return Notice{}
	case h.State == agent.Consumed:
		return ofChange(*h, *res)
	}
	return ofDecided(h)
}

func ofChange(h agent.Hold, res agent.ToolResult) Notice {
	n := Notice{
		Type: ChangeApplied, Stack: h.Request.Action.Stack, Environment: h.Request.Action.Environment, Key: "change/" + h.ID,
		Body: "Plan code " + h.Approval.PlanCode() + ".",
		Facts: []agent.Fact{
			{Name: "Would do", Value: wouldDo(h)},
			{Name: "Outcome", Value: bot.Safe(cmp.Or(res.Applied, "done"))},
			{Name: "Asked by", Value: bot.Safe(h.Request.Actor.Name)},
		},
	}
	if res.Failed || res.Applied != "" && res.Applied != "applied" {
		n.Type = ChangeFailed
		n.Facts[1].Value = bot.Safe(cmp.Or(res.Applied, "not known"))
		n.Body += " Its thread says what is known; look there before anybody asks again."
	}
	return n
}

// about names what one scanner says of a stack, from its first finding to its last, or
// from its first failure to its next success. The scan for drift has no name.
func about(what, stack, scanner string) string {
	key := what + "/" + stack
	if scanner != "" {
		key += "/" + scanner
	}
	return key
}

// ofScan tells of how a stack stands by one scanner, as its own thread is told, and of a
// scan that could look, by which a failure before it is over.
func ofScan(p agent.Payload) (n Notice) {
	s, d := p.Scan, p.Drift
	switch {
	case s == nil || s.Stack == "" || d == nil && s.Failed != "": // its own thread will be told
		return n
	case d == nil:
		n = ofLook(*s)
	case s.Failed != "":
		n = Notice{
			Type: ScanFailed, Key: about("scan", s.Stack, s.Scanner), Title: "Cannot be scanned" + with(s.Scanner),
			Body: "It is not known how it stands: " + bot.Safe(s.Failed),
		}
	default:
		n = ofFindings(*s, *d)
	}
	if n.Type != "" {
		n.Stack, n.Environment = s.Stack, cmp.Or(s.Environment, environment(d))
	}
	return n
}

// ofLook is what a scan that could look says by itself.
func ofLook(s agent.ScanNews) Notice {
	n := Notice{Type: ScanClean, Key: about("scan", s.Stack, s.Scanner), Step: Resolve, Body: "Code and world agree."}
	switch found := len(s.New) + len(s.Known) + len(s.Gone); {
	case found > 0:
		n.Type, n.Title, n.Body = ScanRecovered, "Can be scanned again"+with(s.Scanner), ""
	case s.Scanner != "":
		n.Title, n.Body = bot.Safe(s.Scanner)+" found nothing", ""
	}
	return n
}

// ofFindings is what came and went by one scanner.
func ofFindings(s agent.ScanNews, d agent.Drift) Notice {
	left := 0
	for _, f := range d.Findings {
		if f.Scanner == s.Scanner {
			left++
		}
	}
	fresh := len(s.New) + len(s.Lapsed)
	facts := []agent.Fact{{Name: "New", Value: findings(fresh)}, {Name: "In all", Value: findings(left)}}
	drift, scanner := s.Scanner == "", bot.Safe(s.Scanner)
	switch gone := left == 0 && len(s.Gone) > 0; {
	case fresh > 0 && drift:
		return Notice{Type: DriftDetected, Key: about("drift", s.Stack, ""), Title: "Drifted, " + findings(fresh) + " new", Facts: facts}
	case fresh > 0:
		return Notice{Type: ScanFindings, Key: about("findings", s.Stack, s.Scanner), Title: fmt.Sprintf("%s found %d", scanner, fresh), Facts: facts}
	case gone && drift:
		return Notice{Type: DriftGone, Key: about("drift", s.Stack, ""), Step: Resolve, Title: "Drifts no more", Body: "All findings are gone: code and world agree again."}
	case gone:
		return Notice{Type: ScanClean, Key: about("findings", s.Stack, s.Scanner), Step: Resolve, Title: scanner + " finds nothing any more"}
	}
	return Notice{}
}

// with names a scanner other than that for drift.
func with(scanner string) string {
	if scanner == "" {
		return ""
	}
	return " by " + bot.Safe(scanner)
}

func environment(d *agent.Drift) string {
	if d == nil {
		return ""
	}
	return d.Environment
}

func findings(n int) string {
	if n == 1 {
		return "1 finding"
	}
	return fmt.Sprintf("%d findings", n)
}
