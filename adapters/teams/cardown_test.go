package teams

import (
	"fmt"
	"strings"

	"interlock/bot"
)

// cardProse is Markdown as models write it.
const cardProse = "# What I found\n\nThe firewall **firewall_rule.api** is open to *everybody*, see [the runbook](https://runbook.invalid/fw) " +
	"or https://runbook.invalid/other.\n\n- The code allows `10.0.0.0/8`\n- The real rule allows `0.0.0.0/0`\n  - since 9 March\n\n" +
	"1. Put it back\n2. Scan again, and look whether the rule is still open to everybody in the world\n\n```tf\nresource \"firewall_rule\" \"api\" {\n  source = \"10.0.0.0/8\"\n}\n```\n\n" +
	"| stack | drift |\n|---|---|\n| web | none |\n| payments-prod | 1 resource |\n\n> quoted\n\nThat is ~~all~~."

// cardEvil is what somebody would write who wants to be heard, believed or clicked.
const cardEvil = "<at>Alice</at> <at id=\"0\">everyone</at> @everyone [safe](https://evil.invalid) ![p](https://evil.invalid/p.png) https://evil.invalid " +
	"<https://evil.invalid> www.evil.invalid <b onclick=\"x()\">bold</b> <script>x()</script> **bold** _it_ `code` &lt;at&gt; {{DATE(2026-01-01T00:00:00Z, SHORT)}} {{{{TIME(2026-01-01T00:00:00Z)}}}} " +
	"${evil} \\[a\\](b)\n# head\n- item\n1. one\n> quote \u202e\x00\ue0f01700000000|now\ue0f1"

func cardOwn() map[string]bot.Card {
	many := bot.Card{Title: "Change payments-prod?", Status: "waiting, 0 of 1 approvals", Tone: bot.Waiting, Fallback: "Waiting"}
	for i := range 300 {
		many.Lines = append(many.Lines, bot.Line{Action: "update", Resource: fmt.Sprintf("firewall_rule.r%d", i), Attribute: "source", Before: strings.Repeat("b", 200), After: "after"})
	}
	many.Lines = append(many.Lines, bot.Line{Action: "and 31 more lines", More: 31})
	many.Buttons = []bot.Button{{Label: "Approve", Verb: "approve", Value: "HOLD.7f3a-91c2", Style: bot.Primary}}
	answers := bot.Card{Title: "Which region?", Status: "waiting for an answer", Tone: bot.Waiting, Fallback: "Which region?"}
	for i := range 25 {
		answers.Buttons = append(answers.Buttons, bot.Button{Label: fmt.Sprintf("region %d", i), Verb: "answer", Value: "HOLD"})
	}
	return map[string]bot.Card{
		"answers-many": answers,
		"answer-prose": {Prose: cardProse, Footer: "4 steps, 3 tool calls, 9 s", Fallback: "The firewall is open"},
		"question-answered": {
			Title: "Which region?", Status: "answered", Tone: bot.Good, Fields: []bot.Field{{Name: "Bob", Value: "east"}}, Fallback: "Answered: Which region?",
		},
		"question-long": {
			Title:  "The worker stopped during tofu_apply of payments-prod, and neither the state nor the world could be read since. What became of the change that Alice asked for and Bob approved?",
			Status: "waiting for an answer", Tone: bot.Waiting, Next: "Without an answer until 13:00 UTC: the outcome is not known.",
			Buttons: []bot.Button{
				{Label: "applied", Verb: "answer", Value: "HOLD"},
				{Label: "not applied, and I have looked at the provider's own console to be quite sure of it", Verb: "answer", Value: "HOLD"},
			},
			Fallback: "Waiting for an answer",
		},
		"help": {
			Title: "What you can say", Body: "These work without any model. Anything else goes to the agent, in your words.", Fallback: "Commands: scan plan",
			Fields: []bot.Field{
				{Name: "scan STACK", Value: "compare the real world with the reviewed code"},
				{Name: "approvals", Value: "list the cards that wait for people"},
				{Name: "freeze ENV until TIME because REASON", Value: "hold every live change there, or everywhere (all)"},
			},
		},
		"unicode": {
			Title: "変更 payments-prod?", Status: "待機中, 0 of 1", Tone: bot.Waiting, Body: "🔥 מחיקה של bucket \u200eوحذف", Fallback: "変更",
			Fields: []bot.Field{{Name: "名前", Value: "太郎 👩‍💻 é"}, {Name: "مرحبا", Value: "שלום"}},
		},
		"moments": {
			Title: "Change payments-prod?", Status: "waiting, 0 of 1 approvals", Tone: bot.Waiting, Body: "Since \ue0f01764244980|12:03 UTC\ue0f1.",
			Fields:   []bot.Field{{Name: "Open until", Value: "\ue0f01764248580|13:03 UTC\ue0f1, urgent"}, {Name: "Team_a", Value: "role arn:aws:iam: until \ue0f01764248580|13:03 UTC\ue0f1"}},
			Next:     "I try again at \ue0f01764245280|12:08 UTC\ue0f1 by myself.",
			Fallback: "Waiting, open until \ue0f01764248580|13:03 UTC\ue0f1.",
		},
		"changes": {
			Title: "Destroy in payments-prod?", Status: "waiting, 1 of 2 approvals", Tone: bot.Waiting, Body: "1 to add, 1 to change, 1 to replace, 1 to destroy",
			Lines: []bot.Line{
				{Action: "delete", Resource: "bucket.audit"},
				{Action: "replace", Resource: "database.main", Attribute: "engine_version", Before: `"14"`, After: `"16"`},
				{Action: "update", Resource: "firewall_rule.api", Attribute: "source_ranges[0]", Before: `"0.0.0.0/0"`, After: `"10.20.0.0/16"`},
				{Action: "update", Resource: "firewall_rule.api", Attribute: "description", Before: `"opened by hand"`, After: `"Payments API, internal only"`},
				{Action: "create", Resource: "bucket.logs", Attribute: "name", After: `"logs"`},
				{Action: "create", Resource: "bucket.more", Attribute: "name", After: `"more"`},
				{Action: "and 31 more lines", More: 31},
			},
			Next: "2 approvals by people other than Alice run exactly this.", Fallback: "Waiting",
			Buttons: []bot.Button{{Label: "Approve", Verb: "approve", Value: "HOLD.7f3a-91c2", Style: bot.Primary}, {Label: "Decline", Verb: "deny", Value: "HOLD.7f3a-91c2", Style: bot.Danger}},
		},
		"long": many,
		"facts": {
			Title: "Why: Vic, approve, payments-prod (prod)", Status: "denied", Tone: bot.Bad, Fallback: "Why",
			Fields: []bot.Field{{Name: "Because", Value: strings.Repeat("`no` rule *lets* Vic\n", 189)}, {Name: "Where", Value: "*"}, {Name: "_Who_", Value: "a_b"}},
		},
		"hostile": {
			Title: cardEvil, Status: cardEvil, Body: cardEvil, Prose: cardEvil + "\n\n- " + cardEvil + "\n\n```\n" + cardEvil + "\n```", Tone: bot.Tone(cardEvil),
			Fields: []bot.Field{{Name: cardEvil, Value: cardEvil}}, Lines: []bot.Line{{Action: cardEvil, Resource: cardEvil, Attribute: cardEvil, Before: cardEvil, After: cardEvil}},
			Next: cardEvil, Footer: cardEvil, Fallback: cardEvil, Buttons: []bot.Button{{Label: cardEvil, Verb: cardEvil, Value: cardEvil, Style: bot.Style(cardEvil)}},
		},
	}
}
