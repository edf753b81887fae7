package config

import (
	"slices"
	"strings"
)

// leastContext is what rules, tools and one step need, in tokens.
const leastContext = 16_000

func (c *checker) model(m Model) {
	if m.Provider == "" {
		c.report("model.provider", "must name a provider; known: %s", list(providers))
	}
	c.endpoint("model", m.Endpoint)
	if m.Provider == "scripted" && (m.APIKey.Set() || m.BaseURL != "") {
		c.warn("model.provider", "is scripted, so key and address are not used: set it to anthropic or openai")
	}
	c.endpoint("model.fallback", m.Fallback)
	if m.Fallback.Provider == "scripted" {
		c.report("model.fallback.provider", "cannot be scripted: what a model began, a script cannot go on with")
	}
	if m.Context < leastContext {
		c.report("model.context", "must be %d or more: rules and tools alone take a part of it", leastContext)
	}
	if m.Output > m.Context/2 {
		c.report("model.output", "must be at most half of model.context")
	}
	c.positive("model.first_token", m.FirstToken > 0)
	c.positive("model.limit", m.Limit > 0)
	c.positive("model.tries", m.Tries > 0)
	for _, name := range names(m.Prices) {
		p := m.Prices[name]
		if min(p.Input, p.Output, p.CacheRead, p.CacheWrite) < 0 || max(p.Input, p.Output, p.CacheRead, p.CacheWrite) > dearest {
			c.report(join("model.prices", shown(name)), "prices are of a million tokens, from 0 to %d", dearest)
		}
	}
}

// dearest is far above any price, and low enough that no sum overflows.
const dearest = 9000

func (c *checker) endpoint(key string, e Endpoint) {
	c.oneOf(join(key, "provider"), "provider", e.Provider, providers)
	need := func(field, value string) {
		if value == "" {
			c.report(join(key, field), "must be set for the provider %s", e.Provider)
		}
	}
	if e.Provider != "" && !slices.Contains(providers, e.Provider) {
		return // told, and what it needs is not known
	}
	switch e.Provider {
	case "":
		if e.Name != "" || e.APIKey.Set() {
			c.report(join(key, "provider"), "must name a provider; known: %s", list(providers))
		}
		return
	case "scripted":
		return
	case "bedrock":
		need("region", e.Region)
	case "vertex":
		need("region", e.Region)
		need("project", e.Project)
	case "langchain":
		need("kind", e.Kind)
	}
	need("name", e.Name)
	if e.BaseURL == "" && !e.APIKey.Set() && e.Provider != "bedrock" && e.Provider != "vertex" {
		c.report(join(key, "api_key"), "must be set, unless model.base_url names a server that asks for none")
	}
	if e.BaseURL != "" && !strings.HasPrefix(e.BaseURL, "https://") && !strings.HasPrefix(e.BaseURL, "http://") {
		c.report(join(key, "base_url"), "must begin with https:// or http://")
	}
	c.positive(join(key, "output"), e.Output > 0)
	if e.Thinking != 0 && (e.Thinking < 1024 || e.Thinking >= e.Output) {
		c.report(join(key, "thinking"), "must be 0, or from 1024 up to less than output")
	}
}
