package config

import "time"

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

// Default is what an empty file means. Load adds one Org, "default", when the
// file names none, and one profile, "default", to an Org that names none.
func Default() Config {
	return Config{
		DataDir: "data",
		HTTP:    HTTP{Addr: "127.0.0.1:8080"},
		Model: Model{
			Endpoint: Endpoint{Provider: "scripted", Output: 8192}, Fallback: Endpoint{Output: 8192}, Context: 100_000,
			FirstToken: time.Minute, Limit: 10 * time.Minute, Tries: 3, Currency: "USD",
		},
		Sandbox: Sandbox{
			Image: "interlock-sandbox:demo", Memory: gib, CPUs: 1, Pids: 128,
			Disk: 2 * gib, FileSize: 512 * mib, OutputLimit: mib, Parallel: 4, Spares: 1, Limit: 10 * time.Minute, Grace: 20 * time.Second,
		},
		Log: Log{Level: "info", Format: "text"},
	}
}

// DefaultOrg is an organisation of which nothing is said: nobody is known in
// it, so nobody may do anything.
func DefaultOrg() Org {
	return Org{Policy: Policy{Approvals: Approvals{Expiry: time.Hour, Next: 15 * time.Minute, Quiet: Quiet{Timezone: "UTC"}}}}
}

// DefaultProfile is what an Org without profiles gets: every tool, as far as
// the other ceilings reach.
func DefaultProfile() Profile {
	return Profile{Tier: "gated", Allow: []string{"*"}, Budget: DefaultBudget()}
}

// DefaultBudget fills what a profile's budget leaves out.
func DefaultBudget() Budget {
	return Budget{Steps: 20, Tokens: 500_000, Cost: 10, ToolCalls: 50, PlanRuns: 10, WallTime: 15 * time.Minute}
}

// defaultNames are the models that a key alone buys, one a provider: a mid-sized one
// that calls tools well.
var defaultNames = map[string]string{
	"anthropic": "claude-sonnet-5-5",
	"openai":    "gpt-5.5",
}

// complete adds the names of models, the Org and the profiles that a file may
// leave out.
func (c *Config) complete() {
	for _, e := range []*Endpoint{&c.Model.Endpoint, &c.Model.Fallback} {
		if e.Name == "" && e.BaseURL == "" {
			e.Name = defaultNames[e.Provider]
		}
	}
	if len(c.Orgs) == 0 {
		c.Orgs = map[string]Org{"default": DefaultOrg()}
	}
	for name, o := range c.Orgs {
		if len(o.Profiles) == 0 {
			o.Profiles = map[string]Profile{"default": DefaultProfile()}
			c.Orgs[name] = o
		}
	}
}
