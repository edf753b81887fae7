package rbac

import "time"

// OrgRules are everything that a Snapshot decides by, as plain data. What is not named in a map is not known,
// or at tier observe.
type OrgRules struct {
	People       map[string]Person
	Groups       map[string]Group `json:",omitempty"`
	Environments map[string]Tier
	Channels     map[string]Channel // by "platform:channel"
	Stacks       map[string]Stack
	Profiles     map[string]Profile
	Lines        []Line         `json:",omitempty"` // beside those of the roles
	Approvals    []ApprovalRule `json:",omitempty"`
	Raises       []Raise        `json:",omitempty"`
	Freezes      []Freeze       `json:",omitempty"` // also those that are over
	Workspaces   []Workspace    `json:",omitempty"` // of the chats that belong to the Org; empty is any
}

// Person is one human. Chat holds their identities; Org and Name are not used.
// While Away, Deputy may approve what they could.
type Person struct {
	Name   string
	Roles  []string
	Chat   []Actor
	Off    bool      `json:",omitempty"`
	Away   time.Time `json:",omitzero"`  // until then
	Deputy string    `json:",omitempty"` // id of a person
}

// Group is people who hold something together. Members are ids of persons, and
// those of the chat's or the identity provider's groups are among them already.
type Group struct {
	Roles   []string
	Members []string
}

// Workspace is a Slack workspace or a Teams tenant.
type Workspace struct{ Platform, Tenant string }

// ApprovalRule demands approvals beside those of the tier. What it leaves empty
// matches everything; what it names must all match.
type ApprovalRule struct {
	Name                 string
	Environments, Stacks []string `json:",omitempty"`
	Effects              []Effect `json:",omitempty"`
	Kinds                []string `json:",omitempty"` // types of resources, with * and ?
	Resources            int      `json:",omitempty"` // at least so many change
	Destroys             bool     `json:",omitempty"` // something is destroyed or replaced
	Need                 Need
	Expiry               time.Duration `json:",omitempty"`
	Urgent               bool          `json:",omitempty"`
}

// Raise lifts one ceiling to Tier until a day, for a reason. Of is as a Ceiling
// names it: "environment prod", "channel slack:C1", "profile fix", "role operator".
type Raise struct {
	Of      string
	Tier    Tier
	Until   time.Time
	Because string
}

// Channel is a room and its ceiling. Title is for people.
type Channel struct {
	Title string
	Tier  Tier
}

// Stack is where a stack belongs. Rooms are the channels that may hear of it.
type Stack struct {
	Environment   string
	Rooms, Owners []string
}

// Profile is an agent type's ceiling and tool list.
type Profile struct {
	Tier  Tier
	Tools ToolList
}
