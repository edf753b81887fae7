package bot

import "interlock/agent"

func render(agent.Event) (Card, string, bool) { return Card{}, "", false }
