package config

import (
	"path"
	"slices"
	"time"
)

// Schedule starts something at fixed times. Kind is drift, compliance, digest, prompt
// or command. Exactly one of Cron and Every says when.
type Schedule struct {
	Kind     string        `yaml:"kind"`
	Stack    string        `yaml:"stack"`   // of drift and compliance
	Stacks   []string      `yaml:"stacks"`  // further ones, with * and ?
	Channel  string        `yaml:"channel"` // of digest, prompt and command: "platform:channel"
	Profile  string        `yaml:"profile"` // of a prompt; empty is the channel's
	Text     string        `yaml:"text"`    // what a prompt asks, or the words of a command
	Scanner  string        `yaml:"scanner"` // of compliance: checkov, trivy or tflint
	Cron     string        `yaml:"cron"`    // five fields, or a preset such as @daily
	Every    string        `yaml:"every"`   // instead of cron: hourly, daily, weekly, monthly or unmonitored
	Timezone string        `yaml:"timezone"`
	Jitter   time.Duration `yaml:"jitter"`   // over which its stacks are spread, each at its own moment; at most 6h and half of its period
	Missed   string        `yaml:"missed"`   // after an outage: skip, once (the newest; the default) or all
	CatchUp  int           `yaml:"catch_up"` // of missed: all, at most so many; 1 to 100, 0 is 10
	Tries    int           `yaml:"tries"`    // of a scan that fails, in all; 0 is 1
	Wait     time.Duration `yaml:"wait"`     // between two of them; at most 1h
}

// Unmonitored is the preset of what nothing looks at.
const Unmonitored = "unmonitored"

// presets are words for the usual times.
var presets = map[string]string{
	"hourly": "0 * * * *", "daily": "0 6 * * *", "weekly": "0 6 * * 1", "monthly": "0 6 1 * *", Unmonitored: "",
}

// Preset is the cron expression of a word; that of Unmonitored is empty.
func Preset(word string) (expr string, ok bool) {
	expr, ok = presets[word]
	return expr, ok
}

// Due is the cron expression by which the schedule comes due, or empty when it never does.
func (s Schedule) Due() string {
	if s.Every != "" {
		return presets[s.Every]
	}
	return s.Cron
}

// Targets are the stacks of a schedule, sorted, each once. A pattern leaves out those
// that are unmonitored.
func (s Schedule) Targets(o Org) (stacks []string) {
	for name, st := range o.Stacks {
		named := name == s.Stack || slices.Contains(s.Stacks, name)
		if named || st.Watch != Unmonitored && slices.ContainsFunc(s.Stacks, func(glob string) bool { return fits(glob, name) }) {
			stacks = append(stacks, name)
		}
	}
	slices.Sort(stacks)
	return stacks
}

// fits tells whether a name is one of a pattern's. A pattern that cannot be read fits none.
func fits(glob, name string) bool {
	ok, err := path.Match(glob, name)
	return ok && err == nil
}
