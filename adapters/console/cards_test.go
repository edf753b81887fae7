package console

import "interlock/bot"

// The cards that the golden files and the pages show.
func approvalCard() bot.Card {
	return bot.Card{
		Title: "Change payments-prod?", Status: "waiting for 1 of 1 approvals", Tone: bot.Waiting,
		Body: "0 to add, 2 to change, 0 to replace, 0 to destroy",
		Fields: []bot.Field{
			{Name: "Where", Value: "payments-prod (prod)"},
			{Name: "Effect", Value: "change"},
			{Name: "Asked by", Value: "Alice"},
			{Name: "Approvals", Value: "0 of 1 (Bob, Carol)"},
			{Name: "Open until", Value: "9 Mar 18:30 UTC"},
			{Name: "Plan code", Value: "7f3a-91c2"},
		},
		Lines: []bot.Line{
			{Action: "update", Resource: "demo_firewall.payments_api", Attribute: "source_ranges[0]", Before: `"0.0.0.0/0"`, After: `"10.20.0.0/16"`},
			{Action: "update", Resource: "demo_firewall.payments_api", Attribute: "description", Before: `"opened by hand"`, After: `"Payments API, internal only"`},
			{Action: "create", Resource: "demo_bucket.audit"},
		},
		Next: "An approval by somebody other than Alice runs exactly this, as Alice's change. If code, state or plan move, the card is void.",
		Buttons: []bot.Button{
			{Label: "Approve", Verb: "approve", Value: "h1.7f3a-91c2", Style: bot.Primary},
			{Label: "Decline", Verb: "deny", Value: "h1.7f3a-91c2", Style: bot.Danger},
		},
		Fallback: "Waiting for 1 of 1 approvals: change on payments-prod, plan code 7f3a-91c2.", Marker: "row-approval",
	}
}

// refusalNote has buttons alone: its text stands beside it.
func refusalNote() bot.Card {
	return bot.Card{
		Buttons:  []bot.Button{{Label: "Why?", Verb: "why", Value: "approve|h1"}, {Label: "Request access", Verb: "access", Value: "approve|h1"}},
		Fallback: "Refused: Vic may not approve.",
	}
}

// whyCard has facts of several lines, and ids to paste.
func whyCard() bot.Card {
	return bot.Card{
		Title: "Why: Vic, approve, payments-prod (prod)", Status: "denied", Tone: bot.Bad,
		Fields: []bot.Field{
			{Name: "Because", Value: "Vic is person:vic: role viewer.\nNo rule lets Vic approve."},
			{Name: "Needed", Value: "the role approver"},
			{Name: "Whom to ask", Value: "Bob (person:bob, slack:T1/U1; role approver), Carol (person:carol; role approver)"},
		},
		Fallback: "Why: Vic, approve, payments-prod (prod): denied. Vic may not approve",
	}
}

func driftCard() bot.Card {
	return bot.Card{
		Title: "payments-prod drifted: 1 resource", Status: "1 new, 0 known, 0 gone", Tone: bot.Bad,
		Prose: "The firewall **demo_firewall.payments_api** is open to the world.\n\n- The code allows `10.20.0.0/16`\n- The real rule allows `0.0.0.0/0`\n\nSee [the runbook](https://runbook.invalid/fw) before you act.",
		Fields: []bot.Field{
			{Name: "Where", Value: "payments-prod (prod)"}, {Name: "Code", Value: "8c1f0a4d22e7"}, {Name: "Who changed it", Value: "unknown (no audit log)"},
		},
		Lines: []bot.Line{{
			Action: "drift", Resource: "demo_firewall.payments_api", Attribute: "source_ranges[0]",
			Before: `code "10.20.0.0/16"`, After: `real "0.0.0.0/0"`,
		}},
		Next: "Put back to code plans the reviewed code and asks for approval. Nothing changes before that.",
		Buttons: []bot.Button{
			{Label: "Put back to code", Verb: "fix", Value: "payments-prod", Style: bot.Primary},
			{Label: "Scan again", Verb: "scan", Value: "payments-prod"},
		},
		Footer: "2 steps, 1 tool call, 1840 tokens, 6.2s", Fallback: "payments-prod drifted: 1 resource", Marker: "row-drift",
	}
}

func questionCard() bot.Card {
	return bot.Card{
		Title: "The worker stopped during tofu_apply. What became of it?", Status: "waiting for an answer", Tone: bot.Waiting,
		Next: "Without an answer until 9 Mar 18:30 UTC: the outcome is not known.",
		Buttons: []bot.Button{
			{Label: "applied", Verb: "answer", Value: "q1"}, {Label: "not applied", Verb: "answer", Value: "q1"},
		},
		Fallback: "Waiting for an answer: what became of tofu_apply?", Marker: "row-question",
	}
}

func refusedCard() bot.Card {
	return bot.Card{
		Title: "Refused", Tone: bot.Bad, Body: "environment prod is at tier observe, which does not reach change (ask Bob or Carol)",
		Fallback: "Refused: environment prod is at tier observe", Marker: "row-refused",
	}
}

// hostileCard is what an attacker would write if every text were theirs.
func hostileCard() bot.Card {
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	return bot.Card{
		Title: evil, Status: evil, Tone: bot.Tone(evil), Body: evil, Prose: evil + "\n\n[click](javascript:alert(1)) **" + evil + "**",
		Fields: []bot.Field{{Name: evil, Value: evil}}, Lines: []bot.Line{{Action: evil, Resource: evil, Attribute: evil, Before: evil, After: evil}},
		Next: evil, Footer: evil, Buttons: []bot.Button{{Label: evil, Verb: evil, Value: evil, Style: bot.Style(evil)}}, Fallback: evil,
	}
}
