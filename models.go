package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"

	"interlock/adapters/llm"
	"interlock/adapters/llm/anthropic"
	"interlock/adapters/llm/langchain"
	"interlock/adapters/llm/openai"
	"interlock/adapters/llm/scripted"
	"interlock/agent"
	"interlock/bot"
	"interlock/config"
)

// newModel builds who plans: the scripted model, or a chain of real ones.
func newModel(ctx context.Context, m config.Model, log *slog.Logger) (agent.Model, error) {
	if m.Provider == "scripted" {
		if m.Script == "" {
			return scripted.Builtin()
		}
		return scripted.Load(m.Script)
	}
	o := llm.Options{Tries: m.Tries, FirstToken: m.FirstToken, Limit: m.Limit, Log: log}
	for _, e := range []config.Endpoint{m.Endpoint, m.Fallback} {
		if e.Provider == "" {
			continue
		}
		one, err := endpoint(ctx, e)
		if err != nil {
			return nil, fmt.Errorf("model %s: %w", e.Name, err)
		}
		// What langchain speaks to is silent until the whole answer is there.
		o.Models = append(o.Models, llm.Named{Name: e.Name, Model: one, Silent: e.Provider == "langchain"})
	}
	return llm.New(o), nil
}

func endpoint(ctx context.Context, e config.Endpoint) (agent.Model, error) {
	key := e.APIKey.Reveal()
	switch e.Provider {
	case "openai":
		return openai.New(openai.Options{Key: key, BaseURL: e.BaseURL, Model: e.Name, Output: e.Output, Effort: e.Effort})
	case "langchain":
		return langchain.New(langchain.Options{Kind: e.Kind, Key: key, BaseURL: e.BaseURL, Model: e.Name, Output: e.Output})
	}
	o := anthropic.Options{
		Key: key, BaseURL: e.BaseURL, Model: e.Name, Output: e.Output, Thinking: e.Thinking, Region: e.Region, Project: e.Project,
	}
	if e.Provider != "anthropic" {
		o.Via = e.Provider
	}
	return anthropic.New(ctx, o)
}

// models are how the models of this process are doing.
func (a *app) models() (all []bot.ModelState) {
	chain, ok := a.runner.Model.(*llm.Chain)
	if !ok {
		return []bot.ModelState{{Name: modelLine(a.cfg.Model)}}
	}
	for _, m := range chain.State() {
		all = append(all, bot.ModelState{Name: m.Name, Open: m.Open, Until: m.Until, Last: m.Last})
	}
	return all
}

// window is what the models take. The smaller output of two counts: either may
// have to answer.
func window(m config.Model) agent.Window {
	out := m.Output
	if m.Fallback.Provider != "" {
		out = min(out, m.Fallback.Output)
	}
	return agent.Window{Context: m.Context, Output: out}
}

// spending is the price table, and what an Org may spend. The scripted model
// costs nothing, and that is known.
func (a *app) spending(org string) agent.Spending {
	m := a.cfg.Model
	s := agent.Spending{
		Currency: m.Currency, Month: money(a.cfg.Orgs[org].Spending.Month), Prices: map[string]agent.Price{scripted.Name: {}},
	}
	for name, p := range m.Prices {
		s.Prices[name] = agent.Price{
			Input: money(p.Input), Output: money(p.Output), CacheRead: money(p.CacheRead), CacheWrite: money(p.CacheWrite),
		}
	}
	return s
}

func money(f float64) agent.Money { return agent.Money(math.Round(f * float64(agent.Unit))) }

// modelLine names the models for people.
func modelLine(m config.Model) string {
	line := strings.TrimSpace(m.Provider + " " + m.Name)
	if m.Fallback.Provider != "" {
		line += ", then " + m.Fallback.Provider + " " + m.Fallback.Name
	}
	return line
}
