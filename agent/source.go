package agent

import "context"

// Stack is one root module as a tool sees it, from configuration.
type Stack struct {
	Org, Name, Environment string
	Directory              string // below the repository, slash-separated
	Room                   string // "platform:channel" where its details may be shown
	Rooms                  []string
	State                  string // folder of the host with the state of its workspace; empty when there is none yet
	Workspace              string // of OpenTofu; empty is default
	Mounts                 []Mount
	Providers              []string // source addresses that its code may use
	Image                  string   // of its fresh containers; empty is the default
	Scope                  string   // of the credential that its plans, scans and applies may use; empty is none
	Ignore                 []string // rules for drift that is none, as config.ParseIgnore reads them
	VarFile                string   // with values of variables for its plans, below Directory or beside it; empty is none
}

// Stacks reads stacks and their code without running any of it: no hook, no
// filter. Head is the newest reviewed commit, as a content id; Files is the
// whole tree at a commit, by slash-separated path below the repository, within
// a size limit. An unknown stack, also another Org's, is ErrNotFound.
type Stacks interface {
	Stack(ctx context.Context, org, name string) (Stack, error)
	Head(ctx context.Context, org, name string) (commit string, err error)
	Files(ctx context.Context, org, name, commit string) (map[string][]byte, error)
}
