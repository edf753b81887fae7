package bot

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"interlock/agent"
	"interlock/rbac"
)

var update = flag.Bool("update", false, "write the golden cards anew")

var (
	noon  = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	alice = rbac.Actor{Org: "acme", Platform: "person", ID: "alice", Name: "Alice"}
	bob   = rbac.Actor{Org: "acme", Platform: "person", ID: "bob", Name: "Bob"}
)

func plan() *agent.Plan {
	return &agent.Plan{
		Stack: "payments-prod", Environment: "prod", Commit: "1a2b3c4d5e6f7890", Reviewed: true, Update: 1,
		Resources: []agent.PlanResource{{
			Address: "firewall_rule.api", Type: "firewall_rule", Action: "update",
			Attributes: []agent.PlanAttribute{{Path: "source", Before: "0.0.0.0/0", After: "10.0.0.0/8"}},
		}},
	}
}

func approval() agent.Hold {
	return agent.Hold{
		ID: "HOLD", Org: "acme", Call: agent.ToolCall{ID: "CALL", Tool: "tofu_apply"}, State: agent.Open,
		Opened: noon, Expires: noon.Add(time.Hour),
		Request: rbac.Request{
			Org: "acme", Actor: alice, Action: rbac.Action{Tool: "tofu_apply", Stack: "payments-prod", Environment: "prod", Effect: rbac.Change},
			Label: rbac.Label{Origins: []string{"drift scan of payments-prod"}},
		},
		Approval: &agent.Approval{
			Need: 1, Digest: "7f3a91c2aaaa", Whom: []string{"Bob"},
			Bound: agent.Bound{Commit: "1a2b3c4d5e6f7890", Plan: plan(), Summary: "payments-prod: " + plan().Counts()},
		},
	}
}

func drift() agent.ScanNews {
	return agent.ScanNews{Stack: "payments-prod", Environment: "prod", Commit: "1a2b3c4d5e6f7890", New: []agent.Finding{{
		Stack: "payments-prod", Fingerprint: "f", Resource: "firewall_rule.api", Attribute: "source", Code: "10.0.0.0/8", Real: "0.0.0.0/0",
	}}}
}

// The events of a loop, each with the card that people see.
func events() map[string]agent.Event {
	open, denied, void, used, destroy, question := approval(), approval(), approval(), approval(), approval(), approval()
	_ = denied.Settle(agent.Verdict{Reason: "not on a Friday", By: bob, At: noon}, nil)
	void.State, void.Why = agent.Void, "the code has a new commit since"
	_ = used.Settle(agent.Verdict{Approve: true, By: bob, At: noon}, nil)
	used.State = agent.Consumed
	gone := plan()
	gone.Update, gone.Delete = 0, 1
	gone.Resources[0].Action, gone.Resources[0].Attributes = "delete", nil
	destroy.Request.Action.Effect, destroy.Approval.Need = rbac.Destroy, 2
	destroy.Approval.Bound.Plan, destroy.Approval.Was = gone, plan()
	question.Approval = nil
	question.Question = &agent.Question{Text: "Which region?", Choices: []string{"east", "west"}, Otherwise: "nothing is done"}
	scan := drift()
	applied := &agent.ToolResult{Applied: "applied", Text: "applied: 0 added, 1 changed, 0 destroyed"}
	half := &agent.ToolResult{Applied: "partly applied", Failed: true, Text: "1 of 2 changed\x1b[31m, then: world is read-only\u202e"}
	ev := func(k agent.Kind, p agent.Payload) agent.Event {
		return agent.Event{Kind: k, Actor: alice, At: noon, Payload: p}
	}
	return map[string]agent.Event{
		"approval-open":     ev(agent.KindApproval, agent.Payload{Hold: &open}),
		"approval-declined": ev(agent.KindVerdict, agent.Payload{Hold: &denied}),
		"approval-void":     ev(agent.KindClosed, agent.Payload{Hold: &void}),
		"approval-running":  ev(agent.KindStarted, agent.Payload{Hold: &used}),
		"approval-applied":  ev(agent.KindResult, agent.Payload{Hold: &used, Result: applied}),
		"approval-partly":   ev(agent.KindResult, agent.Payload{Hold: &used, Result: half}),
		"approval-destroy":  ev(agent.KindApproval, agent.Payload{Hold: &destroy}),
		"question":          ev(agent.KindQuestion, agent.Payload{Hold: &question}),
		"rules-told": ev(agent.KindAnswer, agent.Payload{Result: &agent.ToolResult{Scan: &agent.ScanNews{
			Stack: "payments-prod", Environment: "prod", Scanner: "trivy", New: []agent.Finding{{Scanner: "trivy", Rule: "AVD-1", Severity: "high", Title: "It is open", Resource: "main.tf:3"}},
		}}}),
		"scan-told": ev(agent.KindAnswer, agent.Payload{Result: &agent.ToolResult{Scan: &scan}}),
		"plan":      ev(agent.KindAnswer, agent.Payload{Result: &agent.ToolResult{Plan: plan(), Artifact: "ART"}, Spent: &agent.Spent{Steps: 1, Calls: 1, Wall: time.Second}}),
		"answer": ev(agent.KindAnswer, agent.Payload{Text: "It is **done**.", Spent: &agent.Spent{
			Steps: 4, Calls: 3, Usage: agent.Usage{Input: 1200, Output: 912, CacheRead: 10_300, CacheWrite: 900},
			Cost: 41 * agent.Unit / 1000, Currency: "USD", Wall: 9 * time.Second,
		}}),
		"answer-unpriced": ev(agent.KindAnswer, agent.Payload{Text: "It is done.", Spent: &agent.Spent{Steps: 1, Usage: agent.Usage{Input: 120, Output: 9}, Unpriced: 1, Wall: time.Second}}),
		"paused":          ev(agent.KindPaused, agent.Payload{Text: "the provider is overloaded (some-model)", Pause: &agent.Pause{At: noon.Add(5 * time.Minute), Since: noon, Times: 2, Do: "wait, or set model.fallback"}}),
		"resumed":         ev(agent.KindResumed, agent.Payload{}),
		"pause-stopped":   ev(agent.KindResumed, agent.Payload{Text: "stopped by Bob"}),
		"cap-spent":       ev(agent.KindStopped, agent.Payload{Text: "this month's cap of 200.00 USD for models is spent; it begins anew on 1 December (UTC), and an administrator can raise orgs.acme.spending.month", Spent: &agent.Spent{Wall: time.Second}}),
		"cap-told":        ev(agent.KindNotice, agent.Payload{Title: "Models", Text: "80% of this month's cap of 200.00 USD for models is spent. At 100% I stop; it begins anew on 1 December (UTC)."}),
		"stopped":         ev(agent.KindStopped, agent.Payload{Text: "stopped by Bob"}),
		"refused":         ev(agent.KindRefused, agent.Payload{Text: "you are not known here (ask Dora)"}),
		"pressed":         ev(agent.KindAsk, agent.Payload{Text: pressed + labelFix}),
		"pressed-explain": ev(agent.KindAsk, agent.Payload{Text: pressed + labelExplain + "\nExplain it. Scan, and read the code; change nothing."}),
		"kept":            ev(agent.KindAnswer, agent.Payload{Result: &agent.ToolResult{Text: keptText}}),
	}
}

// keptText is as drift_keep tells it.
const keptText = "payments-prod: 1 of 1 difference is written into the code\nwritten: firewall_rule.api source (main.tf:21)\n" +
	"A plan of the edited code shows no change.\nThe edited code is in this session's copy.\nTo keep it, bring this patch through review; git apply takes it.\n" +
	"diff --git a/main.tf b/main.tf\n--- a/main.tf\n+++ b/main.tf\n@@ -20,3 +20,3 @@\n resource \"firewall_rule\" \"api\" {\n-\tsource = \"10.0.0.0/8\"\n+\tsource = \"0.0.0.0/0\"\n }"

// A patch stands whole on its card, up to what a card holds, and every blank of it counts.
func TestPatchStandsApart(t *testing.T) {
	t.Parallel()
	long := keptText + strings.Repeat("\n+\tone = \"more\"", 200)
	c := answerCard(agent.Event{Kind: agent.KindAnswer, Payload: agent.Payload{Result: &agent.ToolResult{Text: long}}})
	if strings.Contains(c.Body, "diff --git") || !strings.HasSuffix(c.Body, "git apply takes it.") || strings.Contains(c.Fallback, "@@") {
		t.Errorf("body %q, fallback %q", c.Body, c.Fallback)
	}
	if !strings.HasPrefix(c.Code, "diff --git a/main.tf") || strings.Count(c.Code, "\n+    one = ") != 200 || !strings.Contains(c.Written(), c.Code) {
		t.Errorf("code %q", c.Code)
	}
	if c := doneCard(keptText + strings.Repeat("x", 7000)); !strings.HasSuffix(c.Code, " (cut)") {
		t.Errorf("%d characters, not cut", len(c.Code))
	}
	if c := doneCard("written"); c.Body != "written" || c.Code != "" {
		t.Errorf("%+v", c)
	}
}

func TestCards(t *testing.T) {
	t.Parallel()
	for name, ev := range events() {
		c, _, show := render(ev)
		if !show {
			t.Errorf("%s is not shown", name)
		}
		golden(t, name, c)
	}
}

// visible writes the marks of moments so that an editor shows them.
var visible = strings.NewReplacer(string(momentOpens), `\ue0f0`, string(momentCloses), `\ue0f1`)

// golden compares a card with the one on file.
func golden(t *testing.T, name string, c Card) {
	t.Helper()
	onFile(t, filepath.Join("cards", name), c)
	unmarked(t, name, c)
}

// unmarked checks what a platform shows as it is: it has no moments.
func unmarked(t *testing.T, name string, c Card) {
	t.Helper()
	texts := fmt.Sprint(c.Fallback, c.Prose, c.Lines, c.Buttons, c.Draft, c.Marker)
	for _, f := range c.Fields {
		texts += f.Name
	}
	if strings.ContainsRune(texts, momentOpens) || strings.ContainsRune(texts, momentCloses) {
		t.Errorf("%s has a moment where none is looked for: %q", name, texts)
	}
}

// onFile compares anything with what is on file.
func onFile(t *testing.T, name string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = []byte(visible.Replace(string(got)))
	file := filepath.Join("..", "testdata", name+".json")
	if *update {
		if err := os.WriteFile(file, append(got, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != string(got)+"\n" {
		t.Errorf("%s: %v\n%s", name, err, got)
	}
}

// What a lock screen shows must be enough by itself.
func TestFallbackIsEnough(t *testing.T) {
	t.Parallel()
	c, _, _ := render(events()["approval-destroy"])
	for _, want := range []string{"destroy", "payments-prod (prod)", "1 to destroy", "Alice", "13:00 UTC", "7f3a-91c2"} {
		if !strings.Contains(c.Fallback, want) {
			t.Errorf("%q lacks %q", c.Fallback, want)
		}
	}
	for name, ev := range events() {
		if c, _, _ := render(ev); c.Fallback == "" || strings.ContainsAny(c.Fallback, "\x1b\u202e") {
			t.Errorf("%s: fallback %q", name, c.Fallback)
		}
	}
}

// Only an open card has an approving button; a settled one has none that decides.
func TestButtonsFollowTheState(t *testing.T) {
	t.Parallel()
	for state := agent.Nothing; state <= agent.Consumed; state++ {
		h := approval()
		h.State = state
		for _, b := range holdCard(h, nil).Buttons {
			if b.Verb == verbApprove && state != agent.Open || b.Verb == verbDeny && !h.Pending() {
				t.Errorf("%s has the button %s", state, b.Label)
			}
		}
	}
}

func TestCommandIsExact(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"help": "help ", "HELP": "help ", "scan web": "scan web", "scan": "scan ", "why": "why ", "Plan": "plan ", "run the tests": "", "who": "", "scan web now": "", "stop": "stop ",
		"stop it please": "", "why 7f3a-91c2": "why 7f3a-91c2", "": "", "status report": "", "helpful": "",
	} {
		name, rest, ok := command(text)
		got := name + " " + rest
		if !ok {
			got = ""
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func FuzzPlain(f *testing.F) {
	for _, s := range []string{"a\x1b[31mred\x1b[0m", "\x1b]8;;http://x\x07link\x1b]8;;\x07", "\u202eabc", "a\u200bb", "\x1b", "\x1b[", "\x1bP1\x1b\\x", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := plain(s)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > longest+len(" (cut)") {
			t.Errorf("%q", got)
		}
		for _, r := range got {
			if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
				t.Errorf("%q keeps %U", s, r)
			}
		}
	})
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a\x1b[31mred\x1b[0m!":                 "ared!",
		"\x1b]8;;http://x\x07link\x1b]8;;\x07": "link",
		"pay\u202eload":                        "payload",
		"two\nlines":                           "two\nlines",
		strings.Repeat("x", longest+1):         strings.Repeat("x", longest) + " (cut)",
		"\x1bPdevice\x1b\\after":               "after",
		"zero\u200bwidth\ufeff and \x07bell":   "zerowidth and bell",
	} {
		if got := plain(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}
