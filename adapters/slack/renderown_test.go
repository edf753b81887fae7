package slack

import (
	"fmt"
	"strings"

	"interlock/bot"
)

// renderProse is Markdown as models write it.
const renderProse = "# What I found\n\nThe firewall **firewall_rule.api** is open to *everybody*, see [the runbook](https://runbook.invalid/fw) " +
	"or https://runbook.invalid/other.\n\n- The code allows `10.0.0.0/8`\n- The real rule allows `0.0.0.0/0`\n  - since 9 March\n\n" +
	"1. Put it back\n2. Scan again\n\n```tf\nresource \"firewall_rule\" \"api\" {\n  source = \"10.0.0.0/8\"\n}\n```\n\n" +
	"| stack | drift |\n|---|---|\n| web | none |\n| payments-prod | 1 resource |\n\n> quoted\n\nThat is ~~all~~."

// renderEvil is what somebody would write who wants to be heard, believed or clicked.
const renderEvil = "<!channel> <!here> <!everyone> <@U1> <#C1> <!subteam^S1> <!date^1700000000^{date}^https://evil.invalid|now> <https://evil.invalid|safe> " +
	"@here @channel https://evil.invalid :white_check_mark: *bold* _it_ ~no~ `code` &lt;!channel&gt;\n> quote \u202e\x00\ue0f01700000000|now\ue0f1"

func renderOwn() map[string]bot.Card {
	many := bot.Card{Title: "Change payments-prod?", Status: "waiting, 0 of 1 approvals", Tone: bot.Waiting, Fallback: "Waiting"}
	for i := range 300 {
		many.Lines = append(many.Lines, bot.Line{Action: "update", Resource: fmt.Sprintf("firewall_rule.r%d", i), Attribute: "source", Before: strings.Repeat("b", 200), After: "after"})
	}
	many.Lines = append(many.Lines, bot.Line{Action: "and 31 more lines", More: 31})
	many.Buttons = []bot.Button{{Label: "Approve", Verb: "approve", Value: "HOLD.7f3a-91c2", Style: bot.Primary}}
	return map[string]bot.Card{
		"answer-prose": {Prose: renderProse, Footer: "4 steps, 3 tool calls, 9 s", Fallback: "The firewall is open"},
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
		"approvals": {
			Title: "Waiting for people", Body: "2 here, 1 in other channels.", Fallback: "Waiting for people: 2 here, 1 in other channels.",
			Fields: []bot.Field{
				{Name: "7f3a-91c2", Value: "tofu_apply on payments-prod (prod), asked by Alice, 0 of 2 approvals, until 13:00 UTC"},
				{Name: "Question", Value: "Which region?, until 13:00 UTC"},
			},
		},
		"help": {
			Title: "What you can say", Body: "These work without any model. Anything else goes to the agent, in your words.", Fallback: "Commands: scan plan",
			Fields: []bot.Field{
				{Name: "scan STACK", Value: "compare the real world with the reviewed code"},
				{Name: "plan STACK", Value: "show what applying the reviewed code would do"},
				{Name: "approvals", Value: "list the cards that wait for people"},
				{Name: "freeze ENV until TIME because REASON", Value: "hold every live change there, or everywhere (all)"},
			},
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
				{Action: "and 31 more lines", More: 31},
			},
			Next: "2 approvals by people other than Alice run exactly this.", Fallback: "Waiting",
			Buttons: []bot.Button{{Label: "Approve", Verb: "approve", Value: "HOLD.7f3a-91c2", Style: bot.Primary}, {Label: "Decline", Verb: "deny", Value: "HOLD.7f3a-91c2", Style: bot.Danger}},
		},
		"long": many,
		"facts": {
			Title: "Why: Vic, approve, payments-prod (prod)", Status: "denied", Tone: bot.Bad, Fallback: "Why",
			Fields: []bot.Field{{Name: "Because", Value: strings.Repeat("`no` rule *lets* Vic\n", 89)}, {Name: "Where", Value: "*"}, {Name: "_Who_", Value: "a_b"}},
		},
		"hostile": {
			Title: renderEvil, Status: renderEvil, Body: renderEvil, Prose: renderEvil + "\n\n- " + renderEvil + "\n\n```\n" + renderEvil + "\n```", Tone: bot.Tone(renderEvil),
			Fields: []bot.Field{{Name: renderEvil, Value: renderEvil}}, Lines: []bot.Line{{Action: renderEvil, Resource: renderEvil, Attribute: renderEvil, Before: renderEvil, After: renderEvil}},
			Next: renderEvil, Footer: renderEvil, Fallback: renderEvil, Buttons: []bot.Button{{Label: renderEvil, Verb: renderEvil, Value: renderEvil, Style: bot.Style(renderEvil)}},
		},
	}
}
