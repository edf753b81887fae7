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
		Model:   Model{Provider: "scripted"},
		Sandbox: Sandbox{
			Image: "interlock-sandbox:demo", Memory: gib, CPUs: 1, Pids: 128,
			FileSize: 512 * mib, OutputLimit: mib, Limit: 10 * time.Minute, Grace: 20 * time.Second,
		},
		Log: Log{Level: "info", Format: "text"},
	}
}

// DefaultOrg is an organisation of which nothing is said: nobody is known in
// it, so nobody may do anything.
func DefaultOrg() Org { return Org{Approvals: Approvals{Expiry: time.Hour}} }

// DefaultProfile is what an Org without profiles gets: every tool, as far as
// the other ceilings reach.
func DefaultProfile() Profile {
	return Profile{Tier: "gated", Allow: []string{"*"}, Budget: DefaultBudget()}
}

// DefaultBudget fills what a profile's budget leaves out.
func DefaultBudget() Budget {
	return Budget{Steps: 20, Tokens: 200000, ToolCalls: 50, PlanRuns: 10, WallTime: 15 * time.Minute}
}

// complete adds the Org and the profiles that a file may leave out.
func (c *Config) complete() {
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
