package bot

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"interlock/agent"
)

// footer is the bill of a turn. A Command asks no model, so it has no tokens.
func footer(sp *agent.Spent) string {
	if sp == nil {
		return ""
	}
	var parts []string
	asked := sp.Usage.Total() > 0
	if sp.Steps > 0 && asked {
		parts = append(parts, count(sp.Steps, "step"))
	}
	if sp.Calls > 0 {
		parts = append(parts, count(sp.Calls, "tool call"))
	}
	if sp.Passages > 0 {
		parts = append(parts, count(sp.Passages, "request")+" out")
	}
	if sp.Refusals > 0 {
		parts = append(parts, count(sp.Refusals, "request")+" out refused")
	}
	if asked {
		parts = append(parts, tokens(sp.Usage), price(sp.Cost, sp.Unpriced, sp.Currency))
	}
	return strings.Join(append(parts, took(sp.Wall)), ", ")
}

// tokens says what a model read, how much of it the provider's cache served, and
// what it wrote.
func tokens(u agent.Usage) string {
	in := u.Input + u.CacheRead + u.CacheWrite
	cached := ""
	if u.CacheRead > 0 {
		cached = fmt.Sprintf(" (%d%% cached)", 100*u.CacheRead/in)
	}
	return fmt.Sprintf("%s tokens in%s, %s out", thousands(in), cached, thousands(u.Output))
}

// price says a sum, and what is missing in it.
func price(m agent.Money, unpriced int, currency string) string {
	if unpriced > 0 && m == 0 {
		return "no price set"
	}
	return agent.Spending{Currency: currency}.Say(m) + missing(unpriced)
}

func missing(unpriced int) string {
	if unpriced == 0 {
		return ""
	}
	return " and more without a price"
}

// thousands writes 12,400.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// took writes 9.2 s, or 2 min 5 s.
func took(d time.Duration) string {
	if d = d.Round(100 * time.Millisecond); d < time.Minute {
		return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + " s"
	}
	d = d.Round(time.Second)
	return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
}
