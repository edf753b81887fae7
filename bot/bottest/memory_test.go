package bottest_test

import (
	"testing"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/bot"
	"interlock/bot/bottest"
)

func TestMemoryRows(t *testing.T) {
	t.Parallel()
	bottest.TestRows(t, func(*testing.T) bottest.Rows { return &bottest.Memory{} })
}

func TestMemoryMessages(t *testing.T) {
	t.Parallel()
	bottest.TestMessages(t, func(*testing.T) bot.Messages { return &bottest.Memory{} })
}

func TestMemoryLinks(t *testing.T) {
	t.Parallel()
	bottest.TestLinks(t, func(*testing.T) bot.Links { return &bottest.Memory{} })
}

func TestMemoryStore(t *testing.T) {
	t.Parallel()
	agenttest.TestStore(t, func(*testing.T) agent.Store { return &bottest.Memory{} })
}
