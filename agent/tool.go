package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"interlock/rbac"
)

// Lost is what a call means that began and was never heard of again. The zero
// value is the careful one.
type Lost int

// The four classes.
const (
	Unsafe     Lost = iota // never again: ask a person
	Probeable              // look, then settle
	Idempotent             // run again, same key
	Rerun                  // only reads: run again
)

// ToolSpec is what the model is told, and how a lost outcome is settled.
type ToolSpec struct {
	Name, Description string
	Schema            json.RawMessage // JSON Schema of the arguments; an object
	Lost              Lost
	Plans             bool          // counts as a plan run in the budget
	Asks              bool          // may put a question to a person
	Out               bool          // its command may go out by the profile's way, unless it only reads
	Limit             time.Duration // of one call; 0 is the runner's own limit
}

// ToolCall is one call. ID is ours and also the idempotency key; the model's
// own id is kept for the model alone, because models repeat theirs.
type ToolCall struct {
	ID, ModelID, Tool string
	Args              json.RawMessage // canonical
}

// ToolResult is what came of a call. An unset Label is foreign.
type ToolResult struct {
	Text     string
	Failed   bool
	Label    rbac.Label
	Artifact string    `json:",omitempty"` // id of what was kept, for example a stored plan
	Plan     *Plan     `json:",omitempty"`
	Scan     *ScanNews `json:",omitempty"` // of a scan: New holds all that differs
	Applied  string    `json:",omitempty"` // of a live change: "applied", "not applied", "partly applied" or "look"
	Question *Question `json:",omitempty"` // set only by a tool that asks a person
	More     string    `json:",omitempty"` // id of the whole text, when Text is its head and tail
	Unread   bool      `json:",omitempty"` // the call could not be understood, so that nothing was decided

	Refused *rbac.Action `json:",omitempty"` // what policy denied; never a tool's word
}

// Step is one round of the model. Blocks is set when the provider put blocks of
// its own among text and calls: then it is their order, and its calls are
// places for Calls. A Cut step reached the limit of output.
type Step struct {
	Text   string
	Calls  []ToolCall `json:",omitempty"`
	Blocks []Block    `json:",omitempty"`
	Cut    bool       `json:",omitempty"`
}

// Container says where a Command runs. The zero value is refused.
type Container int

// InSession is shared by a session's model-driven calls and never meets a
// credential; InFresh is new for each call, with one fixed command.
const (
	Nowhere Container = iota
	InSession
	InFresh
)

// Command is one process in a container without network. The working folder is
// /work: the session's own workspace, or a new folder for a fresh container.
type Command struct {
	Org, Session, Call string // names of containers derive from these
	In                 Container
	Image              string // empty is the configured one
	Profile            string // of the run; decides by which way it may go out
	Out                bool   // may use the way out that there is for its profile and scope
	Way                *Way   // that way, while it is open
	Argv               []string
	Needs              []string // programs that the image must hold; where it is known not to, nothing is started
	Dir                string   // below /work; empty is /work itself
	Stdin              []byte
	Files              map[string][]byte // InFresh: put below /work before the start; paths are slash-separated and relative
	Seed               *Seed             // InSession: fills a folder of the workspace once
	Mounts             []Mount           // InFresh only
	Collect            []string          // files below /work to bring back when it is over, each within the output limit for files
	Scope              string            // of the credential the egress proxy may add; never the credential
	Limit              time.Duration     // wall clock; 0 is the sandbox's own limit
}

// Mount is a folder of the host in a fresh container, for a stack whose world
// is local. It is read-only unless Write is set.
type Mount struct {
	From, To string
	Write    bool
}

// Check refuses a Command that no sandbox may run.
func (c Command) Check() error {
	switch {
	case c.In != InSession && c.In != InFresh:
		return errors.New("command names no container")
	case c.Org == "" || c.Session == "" || c.Call == "":
		return errors.New("command names no organisation, session or call")
	case len(c.Argv) == 0:
		return errors.New("command is empty")
	case c.In != InFresh && (c.Scope != "" || len(c.Mounts) > 0):
		return errors.New("a credential or a mount needs a fresh container")
	}
	return nil
}

// Output is what a Command left.
type Output struct {
	Code           int
	Stdout, Stderr []byte
	Truncated      bool // output beyond the limit was dropped
	Stopped        bool // ended by time-out or by a stop, not by itself
	Files          map[string][]byte
	Image          string // content id of the image it ran in
}

// canonical gives equal arguments equal bytes. The tool gets these bytes too:
// otherwise a repeated key could mean one thing to it and another on the card.
func canonical(args json.RawMessage) (json.RawMessage, error) {
	if len(args) == 0 {
		return json.RawMessage("{}"), nil
	}
	var v map[string]any
	dec := json.NewDecoder(bytes.NewReader(args))
	dec.UseNumber() // a float would change large numbers
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("arguments: %w", err)
	}
	if dec.More() {
		return nil, errors.New("arguments: more than one value")
	}
	if v == nil { // null is what no arguments become on their way through JSON
		return json.RawMessage("{}"), nil
	}
	return json.Marshal(v)
}

// recordable keeps what a model sent even when it is no JSON, as a JSON string:
// it goes on record as it came, and then fails as arguments.
func recordable(args json.RawMessage) json.RawMessage {
	if c, err := canonical(args); err == nil {
		return c
	}
	if json.Valid(args) {
		return args
	}
	quoted, err := json.Marshal(string(args))
	if err != nil {
		return json.RawMessage("null")
	}
	return quoted
}
