package tofu

import (
	_ "embed" // for the script
	"os"
	"path"
	"time"

	"interlock/agent"
)

// script is the one command that this family runs with a stack's state.
//
//go:embed run.sh
var script string

// What the script can do.
const (
	Validate = "validate"
	Plan     = "plan"
	Apply    = "apply"
)

// steps are the commands behind each, in order.
func steps(verb string) []string {
	switch verb {
	case Plan:
		return []string{"init", "plan", "show"}
	case Apply:
		return []string{"init", "apply"}
	default:
		return []string{"init", "validate"}
	}
}

// Files below /work of a fresh container, as the script has them.
const (
	sourceDir = "src"
	planOut   = "out/plan.bin"
	planIn    = "in/plan.bin"
)

// The backend is where the stack's folder is mounted, wherever the code itself
// would keep the state. Of two overrides the last by name wins, so Check refuses a
// backend in any other, and this file's name.
const (
	backendFile = "zzzz_interlock_override.tf.json"
	backend     = `{"terraform":{"backend":{"local":{"path":"` + stateDir + `/` + stateFile + `","workspace_dir":"` + stateDir + `"}}}}`
	stateDir    = "/state"
)

// DefaultWorkspace is OpenTofu's name of that which needs no folder of its own.
const DefaultWorkspace = "default"

// Command makes the command of a fresh container. Only an apply may write state
// and world; plan is its stored plan.
func Command(e agent.Env, c agent.ToolCall, verb string, src Source, plan []byte, limit time.Duration) agent.Command {
	write := verb == Apply
	files := make(map[string][]byte, len(src.Files)+2)
	for name, b := range src.Files {
		files[path.Join(sourceDir, name)] = b
	}
	cmd := agent.Command{
		Org: e.Org, Session: e.Session, Call: c.ID, In: agent.InFresh, Files: files, Limit: limit,
		Argv: []string{"sh", "-c", script, "run.sh", verb, src.Stack.Directory, src.Stack.VarFile, src.Stack.Workspace}, Collect: collected(verb, src.Stack.Directory),
		Needs: []string{"sh", "tofu"}, Image: src.Stack.Image, Scope: src.Stack.Scope, Out: verb != Validate,
	}
	if HasState(src.Stack) { // without one it is a plan of all that the code has
		files[path.Join(sourceDir, src.Stack.Directory, backendFile)] = []byte(backend)
		cmd.Mounts = append(cmd.Mounts, StateMount(src.Stack.State, src.Stack.Workspace, write))
	}
	if isFolder(src.Mirror) { // looked at each time: the first fetch may come while this process runs
		cmd.Mounts = append(cmd.Mounts, MirrorMount(src.Mirror))
	}
	for _, m := range src.Stack.Mounts {
		m.Write = m.Write && write
		cmd.Mounts = append(cmd.Mounts, m)
	}
	if write {
		files[planIn] = plan
	}
	return cmd
}

// StateMount is where the backend finds the state of a workspace. That of no other is
// in the container.
func StateMount(from, workspace string, write bool) agent.Mount {
	if workspace == DefaultWorkspace {
		workspace = ""
	}
	return agent.Mount{From: from, To: path.Join(stateDir, workspace), Write: write}
}

// MirrorMount is where the script looks for providers beside those in the image.
func MirrorMount(from string) agent.Mount { return agent.Mount{From: from, To: "/providers"} }

func isFolder(name string) bool {
	fi, err := os.Stat(name)
	return err == nil && fi.IsDir()
}

func collected(verb, dir string) []string {
	all := []string{"out/step"}
	for _, s := range steps(verb) {
		all = append(all, "out/"+s+".out", "out/"+s+".err", "out/"+s+".code")
	}
	switch verb {
	case Plan:
		all = append(all, planOut)
	case Apply:
		all = append(all, rescued(dir))
	}
	return all
}

// rescued is where OpenTofu leaves a state that it could not write.
func rescued(dir string) string { return path.Join(sourceDir, dir, "errored.tfstate") }
