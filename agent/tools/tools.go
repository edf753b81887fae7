// Package tools lists the tools that Interlock ships with, and nothing else. A
// tool must never know chat, the store, or who asks.
package tools

import (
	"interlock/agent"
	"interlock/agent/tools/askperson"
	"interlock/agent/tools/files/list"
	"interlock/agent/tools/files/read"
	"interlock/agent/tools/files/search"
	"interlock/agent/tools/files/write"
	"interlock/agent/tools/more"
	"interlock/agent/tools/shell"
	"interlock/agent/tools/tofu"
	"interlock/agent/tools/tofu/apply"
	"interlock/agent/tools/tofu/compliance"
	"interlock/agent/tools/tofu/drift"
	"interlock/agent/tools/tofu/keep"
	"interlock/agent/tools/tofu/plan"
	"interlock/agent/tools/tofu/validate"
)

// Deps is what the tools need beside the Env of a call. Box is asked only which
// image there is; a call runs in the Box of its Env. Mirror is a folder of the
// host with fetched providers; it may be missing.
type Deps struct {
	Stacks    agent.Stacks
	Artifacts agent.Artifacts
	Box       agent.Sandbox
	Mirror    string
	Changes   tofu.Changes // nil counts none
}

// All is the one place where a new tool is named.
func All(d Deps) []agent.Tool {
	t := tofu.Deps{Stacks: d.Stacks, Artifacts: d.Artifacts, Box: d.Box, Mirror: d.Mirror, Changes: d.Changes}
	t.Authors, _ = d.Stacks.(tofu.Authors) // where the code is, its history may be, too
	return []agent.Tool{
		list.Tool{Stacks: d.Stacks},
		read.Tool{Stacks: d.Stacks},
		search.Tool{Stacks: d.Stacks},
		write.Tool{Stacks: d.Stacks},
		shell.Tool{Stacks: d.Stacks},
		validate.New(t),
		plan.New(t),
		apply.New(t),
		drift.New(t),
		keep.New(t),
		compliance.Tool{Stacks: d.Stacks},
		more.Tool{Artifacts: d.Artifacts},
		askperson.Tool{},
	}
}
