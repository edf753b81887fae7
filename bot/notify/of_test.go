package notify

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/config"
	"interlock/rbac"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func hold(state agent.State) *agent.Hold {
	return &agent.Hold{
		ID: "H", State: state, Expires: noon.Add(time.Hour), Call: agent.ToolCall{Tool: "tofu_apply"},
		Request:  rbac.Request{Actor: rbac.Actor{Name: "Ana Lima"}, Action: rbac.Action{Stack: "web", Environment: "lab"}},
		Approval: &agent.Approval{Need: 1, Digest: "7f3a91c2ff", Bound: agent.Bound{Plan: &agent.Plan{Create: 2}}},
	}
}

func glass() *agent.Hold {
	h := hold(agent.Approved)
	h.Approval.Verdicts = []agent.Verdict{{Glass: true, Reason: "the site is down\x1b[31m", By: rbac.Actor{Name: "Bo Chen"}}}
	return h
}

// back is an approval that was taken back, of as many that are needed.
func back(need int) *agent.Hold {
	h := hold(agent.Open)
	ana := rbac.Actor{ID: "ana", Name: "Ana Lima"}
	h.Approval.Need, h.Approval.Verdicts = need, []agent.Verdict{{Approve: true, By: ana}, {Back: true, By: ana}}
	return h
}

func question(review bool) *agent.Hold {
	return &agent.Hold{ID: "Q", State: agent.Open, Expires: noon, Question: &agent.Question{Text: "model prose", Otherwise: "more prose", Review: review}}
}

// drifts is a stack's drift as its thread is told of it; open says that it still differs.
func drifts(open bool) *agent.Drift {
	d := &agent.Drift{Stack: "web", Environment: "lab", Began: noon, Findings: []agent.Finding{{Fingerprint: "a"}}}
	if !open {
		d.Findings, d.Ended = nil, noon.Add(time.Hour)
	}
	return d
}

// breaks is a stack that is told of, with these findings left.
func breaks(left []agent.Finding) *agent.Drift {
	d := drifts(true)
	d.Findings = left
	return d
}

// asked is a question of a run.
func asked(state agent.State) *agent.Hold {
	h := question(false)
	h.State = state
	return h
}

func alerting(state agent.AlertState) *agent.Alert {
	return &agent.Alert{ID: "A", State: state, Title: "It burns", Moved: noon, Told: []agent.Telling{
		{To: "service:old", At: noon.Add(-time.Hour)}, {To: "console:lab", At: noon}, {To: "service:page", At: noon}, {To: "service:gone", At: noon, Why: "no"},
	}}
}

func TestOf(t *testing.T) {
	t.Parallel()
	f, ruled := []agent.Finding{{Fingerprint: "a"}}, []agent.Finding{{Fingerprint: "r", Scanner: "checkov"}, {Fingerprint: "s", Scanner: "checkov"}, {Fingerprint: "t", Scanner: "checkov"}}
	for name, c := range map[string]struct {
		kind agent.Kind
		p    agent.Payload
		typ  string // empty is no notice
		sev  Severity
		says string
		key  string
	}{
		"taken back":          {agent.KindVerdict, agent.Payload{Hold: back(1)}, ApprovalWaiting, Action, "waits again: Ana Lima took an approval back", "hold/H"},
		"taken back of two":   {agent.KindVerdict, agent.Payload{Hold: back(2)}, "", "", "", ""}, // it waited all the time
		"approval":            {agent.KindApproval, agent.Payload{Hold: hold(agent.Open)}, ApprovalWaiting, Action, "web (lab): a change waits for approval", "hold/H"},
		"approval, settled":   {agent.KindApproval, agent.Payload{Hold: hold(agent.Denied)}, "", "", "", ""},
		"approval, erased":    {agent.KindApproval, agent.Payload{}, "", "", "", ""},
		"verdict":             {agent.KindVerdict, agent.Payload{Hold: hold(agent.Approved)}, ApprovalDecided, Info, "waits no more: it is approved", "hold/H"},
		"one verdict of two":  {agent.KindVerdict, agent.Payload{Hold: hold(agent.Open)}, "", "", "", ""},
		"started":             {agent.KindStarted, agent.Payload{Hold: hold(agent.Consumed)}, ApprovalDecided, Info, "waits no more", "hold/H"},
		"glass":               {agent.KindVerdict, agent.Payload{Hold: glass()}, GlassBroken, Urgent, "Reason: the site is down.", "glass.broken/H"},
		"expired":             {agent.KindClosed, agent.Payload{Hold: hold(agent.Expired)}, ApprovalExpired, Warning, "nobody decided in time", "hold/H"},
		"void":                {agent.KindClosed, agent.Payload{Hold: hold(agent.Void)}, ApprovalDecided, Info, "it is void", "hold/H"},
		"question":            {agent.KindQuestion, agent.Payload{Hold: question(false)}, AgentNeedsInput, Action, "waits in its thread", "hold/Q"},
		"answered":            {agent.KindAnswered, agent.Payload{Hold: asked(agent.Answered)}, AgentAnswered, Info, "waits no more", "hold/Q"},
		"question, over":      {agent.KindClosed, agent.Payload{Hold: asked(agent.Expired)}, AgentAnswered, Info, "waits no more", "hold/Q"},
		"question, erased":    {agent.KindQuestion, agent.Payload{}, "", "", "", ""},
		"applied":             {agent.KindResult, agent.Payload{Hold: hold(agent.Consumed), Result: &agent.ToolResult{Applied: "applied"}}, ChangeApplied, Info, "web (lab): a change was applied", "change/H"},
		"failed":              {agent.KindResult, agent.Payload{Hold: hold(agent.Consumed), Result: &agent.ToolResult{Failed: true}}, ChangeFailed, Urgent, "not known", "change/H"},
		"partly":              {agent.KindResult, agent.Payload{Hold: hold(agent.Consumed), Result: &agent.ToolResult{Applied: "partly applied"}}, ChangeFailed, Urgent, "partly applied", "change/H"},
		"not run":             {agent.KindResult, agent.Payload{Hold: hold(agent.Denied), Result: &agent.ToolResult{Failed: true}}, ApprovalDecided, Info, "it is denied", "hold/H"},
		"result":              {agent.KindResult, agent.Payload{Result: &agent.ToolResult{Text: "x"}}, "", "", "", ""},
		"gave up":             {agent.KindGaveUp, agent.Payload{Text: "I tried 5 times"}, AgentFailed, Urgent, "I tried 5 times", "agent.failed/S"},
		"budget":              {agent.KindStopped, agent.Payload{Text: "the budget of steps (20) is spent"}, AgentOverBudget, Warning, "steps (20)", "agent.budget_exceeded/S"},
		"stopped":             {agent.KindStopped, agent.Payload{Text: "stopped by Ana"}, "", "", "", ""},
		"no model":            {agent.KindPaused, agent.Payload{Text: "it is down", Pause: &agent.Pause{Times: 1, Do: "wait"}}, ModelUnreachable, Warning, "it is down", "model.unreachable"},
		"no model still":      {agent.KindPaused, agent.Payload{Text: "it is down", Pause: &agent.Pause{Times: 2}}, "", "", "", ""},
		"model again":         {agent.KindResumed, agent.Payload{}, ModelReachable, Info, "go on", "model.unreachable"},
		"pause, stopped":      {agent.KindResumed, agent.Payload{Text: "stopped by Ana"}, "", "", "", ""},
		"pause, erased":       {agent.KindPaused, agent.Payload{}, "", "", "", ""},
		"drift":               {agent.KindFinding, agent.Payload{Scan: &agent.ScanNews{Stack: "web", New: f}, Drift: drifts(true)}, DriftDetected, Warning, "web (lab): drifted, 1 finding new", "drift/web"},
		"drift, not told yet": {agent.KindFinding, agent.Payload{Scan: &agent.ScanNews{Stack: "web", New: f}}, ScanRecovered, Info, "can be scanned again", "scan/web"},
		"less drift":          {agent.KindFinding, agent.Payload{Scan: &agent.ScanNews{Stack: "web", Gone: f}, Drift: drifts(true)}, "", "", "", ""},
		"lapsed":              {agent.KindFinding, agent.Payload{Scan: &agent.ScanNews{Stack: "web", Lapsed: f}, Drift: drifts(true)}, DriftDetected, Warning, "1 finding new", "drift/web"},
		"gone":                {agent.KindFinding, agent.Payload{Scan: &agent.ScanNews{Stack: "web", Gone: f}, Drift: drifts(false)}, DriftGone, Info, "web (lab): drifts no more", "drift/web"},
		"clean":               {agent.KindFinding, agent.Payload{Scan: &agent.ScanNews{Stack: "web", Environment: "lab"}}, ScanClean, Info, "web (lab): a scan found nothing", "scan/web"},
		"scan failed":         {agent.KindFinding, agent.Payload{Scan: &agent.ScanNews{Stack: "web", Failed: "locked"}, Drift: drifts(true)}, ScanFailed, Warning, "locked", "scan/web"},
		"still found":         {agent.KindFinding, agent.Payload{Scan: &agent.ScanNews{Stack: "web", Environment: "lab", Known: f}}, ScanRecovered, Info, "web (lab): can be scanned again", "scan/web"},
		"failure over":        {agent.KindFinding, agent.Payload{Scan: &agent.ScanNews{Stack: "web"}, Drift: drifts(false)}, "", "", "", ""},
		"rules broken": {
			agent.KindFinding,
			agent.Payload{Scan: &agent.ScanNews{Stack: "web", Scanner: "checkov", New: ruled}, Drift: breaks(ruled)},
			ScanFindings, Warning, "web (lab): checkov found 3", "findings/web/checkov",
		},
		"rules kept again": {
			agent.KindFinding,
			agent.Payload{Scan: &agent.ScanNews{Stack: "web", Scanner: "checkov", Gone: ruled}, Drift: breaks(f)},
			ScanClean, Info, "web (lab): checkov finds nothing any more", "findings/web/checkov",
		},
		"rules kept": {
			agent.KindFinding,
			agent.Payload{Scan: &agent.ScanNews{Stack: "web", Environment: "lab", Scanner: "checkov"}},
			ScanClean, Info, "web (lab): checkov found nothing", "scan/web/checkov",
		},
		"no longer found out": {
			agent.KindFinding,
			agent.Payload{Scan: &agent.ScanNews{Stack: "web", Scanner: "checkov", Failed: "gone"}, Drift: drifts(true)},
			ScanFailed, Warning, "cannot be scanned by checkov", "scan/web/checkov",
		},
		"drift gone, rules broken": {
			agent.KindFinding,
			agent.Payload{Scan: &agent.ScanNews{Stack: "web", Gone: f}, Drift: breaks(ruled)},
			DriftGone, Info, "web (lab): drifts no more", "drift/web",
		},
		"finding, erased": {agent.KindFinding, agent.Payload{}, "", "", "", ""},
		"alert":           {agent.KindAlert, agent.Payload{Alert: alerting(agent.Alerting)}, Escalated, Urgent, "It burns", "alert/A"},
		"snoozed":         {agent.KindAlert, agent.Payload{Alert: alerting(agent.Snoozed)}, "", "", "", ""},
		"notice":          {agent.KindNotice, agent.Payload{Text: "x", Told: &agent.Told{Type: DriftDetected}}, "", "", "", ""},
		"answer":          {agent.KindAnswer, agent.Payload{Text: "x"}, "", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, ok := Of(agent.Event{ID: "E", Org: "acme", Session: "S", At: noon, Kind: c.kind, Payload: c.p, Actor: rbac.Actor{Name: "Ana Lima"}})
			if ok != (c.typ != "") || n.Type != c.typ || n.Severity != c.sev || n.Key != c.key {
				t.Fatalf("it is %+v, %v", n, ok)
			}
			text, err := json.Marshal(n)
			if ok && (n.Hold != "") != (n.Type == ApprovalWaiting || n.Type == AgentNeedsInput) {
				t.Errorf("it waits for %q", n.Hold)
			}
			if err != nil || !strings.Contains(string(text), c.says) || strings.Contains(string(text), "prose") || strings.Contains(string(text), "\x1b") {
				t.Errorf("it says %s, %v", text, err)
			}
			if ok && (n.ID != "E" || n.Org != "acme" || n.At != noon || n.Title == "") {
				t.Errorf("it is %+v", n)
			}
		})
	}
}

func TestOfAlert(t *testing.T) {
	t.Parallel()
	for state, want := range map[agent.AlertState]struct {
		to   string
		step Step
	}{agent.Alerting: {"service:page", ""}, agent.Acknowledged: {"service:old service:page", Acknowledge}, agent.Resolved: {"service:old service:page", Resolve}} {
		n, ok := Of(agent.Event{ID: "E", At: noon, Kind: agent.KindAlert, Payload: agent.Payload{Alert: alerting(state)}})
		if !ok || strings.Join(n.To, " ") != want.to || n.Step != want.step || n.Title != "It burns" {
			t.Errorf("%s: %+v", state, n)
		}
	}
	told := alerting(agent.Resolved)
	told.Ended = noon.Add(-time.Hour)
	if n, ok := Of(agent.Event{ID: "E", At: noon, Kind: agent.KindAlert, Payload: agent.Payload{Alert: told}}); ok {
		t.Errorf("services are told twice: %+v", n)
	}
}

// Whatever an event holds, a notice comes of it or not; nothing breaks.
func FuzzOf(f *testing.F) {
	f.Add("approval", `{"Hold":{"Approval":{}}}`)
	f.Add("verdict", `{"Hold":{"Approval":{"Verdicts":[{"Glass":true}]},"State":1}}`)
	f.Add("finding", `{"Scan":{"Stack":"x","New":[{}]},"Drift":{}}`)
	f.Add("alert", `{"Alert":{"State":1,"Told":[{"To":"service:x"}]}}`)
	f.Add("result", `{"Result":{},"Hold":{"Approval":{},"State":7}}`)
	f.Fuzz(func(t *testing.T, kind, payload string) {
		ev := agent.Event{ID: "E", Org: "acme", Session: "S", At: noon, Kind: agent.Kind(kind)}
		if json.Unmarshal([]byte(payload), &ev.Payload) != nil {
			return
		}
		if n, ok := Of(ev); ok && (n.Severity.Rank() == 0 || n.Title == "" && n.Type != Escalated) {
			t.Errorf("it is %+v", n)
		}
	})
}

// Every type has words and is one that rules can name.
func TestWords(t *testing.T) {
	t.Parallel()
	for typ, w := range words {
		if w.severity.Rank() == 0 || w.one == "" || w.many == "" {
			t.Errorf("%s has no words", typ)
		}
		if !slices.Contains(config.NoticeTypes(), typ) {
			t.Errorf("no rule can name %s", typ)
		}
	}
}
