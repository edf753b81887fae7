// Package config reads and checks the one configuration file. It is a leaf:
// it must never know Slack, a tool, or any other package of ours.
package config

import "time"

// Config is the whole file. Default fills what may be left out; Load decodes
// over it, and Validate reports every problem at once.
type Config struct {
	DataDir  string         `yaml:"data_dir"`
	HTTP     HTTP           `yaml:"http"`
	Database Database       `yaml:"database"`
	Redis    Redis          `yaml:"redis"`
	Model    Model          `yaml:"model"`
	Sandbox  Sandbox        `yaml:"sandbox"`
	Console  Console        `yaml:"console"`
	Log      Log            `yaml:"log"`
	Orgs     map[string]Org `yaml:"orgs"`
	Slack    Node           `yaml:"slack"` // decoded by its adapter
	Teams    Node           `yaml:"teams"` // decoded by its adapter
}

// HTTP is where the local pages, /metrics and the health checks are served. What
// chats call is served there too, or at Public alone when it is set.
type HTTP struct {
	Addr   string `yaml:"addr"`
	Public string `yaml:"public"`
}

// Database is SQLite in the data folder when URL is empty, else PostgreSQL.
type Database struct {
	URL Secret `yaml:"url"`
}

// Redis is to wake workers on other machines. Nothing uses it yet; empty is the same.
type Redis struct {
	URL Secret `yaml:"url"`
}

// Endpoint is one model of one provider.
type Endpoint struct {
	Provider string `yaml:"provider"` // scripted, anthropic, bedrock, vertex, openai, langchain
	Name     string `yaml:"name"`
	BaseURL  string `yaml:"base_url"`
	APIKey   Secret `yaml:"api_key"`
	Region   string `yaml:"region"`   // of bedrock and vertex
	Project  string `yaml:"project"`  // of vertex
	Kind     string `yaml:"kind"`     // of langchain: which of its providers
	Output   int    `yaml:"output"`   // most tokens of one answer
	Thinking int    `yaml:"thinking"` // tokens of thinking, of the anthropic family; 0 is none
	Effort   string `yaml:"effort"`   // of reasoning, of openai; empty is the model's own
}

// Model is who plans. Provider "scripted" plays the trajectories in Script, a
// folder or a file; empty Script is the built-in one.
type Model struct {
	Endpoint
	Script     string           `yaml:"script"`
	Context    int              `yaml:"context"`     // tokens that a model takes in all
	FirstToken time.Duration    `yaml:"first_token"` // the longest silence
	Limit      time.Duration    `yaml:"limit"`       // of one whole answer
	Tries      int              `yaml:"tries"`       // attempts at one model before the next
	Fallback   Endpoint         `yaml:"fallback"`    // asked when the first one fails
	Currency   string           `yaml:"currency"`
	Prices     map[string]Price `yaml:"prices"` // by the model's name
}

// Price is what a million tokens cost.
type Price struct {
	Input      float64 `yaml:"input"`
	Output     float64 `yaml:"output"`
	CacheRead  float64 `yaml:"cache_read"`
	CacheWrite float64 `yaml:"cache_write"`
}

// Sandbox limits what every tool may use.
type Sandbox struct {
	Engine      string        `yaml:"engine"` // address of the Docker engine; empty is the usual one
	Image       string        `yaml:"image"`
	Runner      string        `yaml:"runner"`        // program that runs commands inside a container; empty is the one beside this program
	Socket      string        `yaml:"socket"`        // of interlock sandboxd, where that runs apart; empty starts one as a child
	Runtime     string        `yaml:"runtime"`       // of the engine, such as runsc; empty is the engine's own
	SharedHost  bool          `yaml:"shared_kernel"` // organisations may share a kernel: they trust each other
	Memory      Size          `yaml:"memory"`
	CPUs        float64       `yaml:"cpus"`
	Pids        int64         `yaml:"pids"`
	Disk        Size          `yaml:"disk"`      // of a workspace; needs root and loop devices, 0 is no bound
	Providers   string        `yaml:"providers"` // folder that interlock providers fetch fills; empty is providers in data_dir
	FileSize    Size          `yaml:"file_size"`
	Spares      int           `yaml:"spares"` // containers kept ready for new sessions, for each organisation and image in use; at most 8 in all
	OutputLimit Size          `yaml:"output_limit"`
	Parallel    int           `yaml:"parallel"` // tools that run at once
	Limit       time.Duration `yaml:"limit"`    // wall clock of one command
	Grace       time.Duration `yaml:"grace"`    // between the interrupt and the kill
}

// Console is the built-in web chat.
type Console struct {
	Off    bool     `yaml:"off"`
	Org    string   `yaml:"org"`    // whose page it is; empty is the first one by name
	Remote bool     `yaml:"remote"` // allow http.addr to be no loopback address
	Hosts  []string `yaml:"hosts"`  // further Host headers that are accepted
}

// Log is how the process logs: level debug, info, warn or error; format text or json.
type Log struct {
	Level  string `yaml:"level"`
	Format string `yaml:"format"`
}

// Org is one organisation. Key signs its approvals and encrypts its data; when
// it is empty, one is made in the data folder. Workspaces are the Slack
// workspaces and Teams tenants that are its own, as "platform:tenant"; one
// belongs to one Org.
//
// Who may do what stands under the keys of Policy here, or in a file of its own
// that PolicyFrom names, or in the database when PolicyFrom is "database".
type Org struct {
	Policy
	PolicyFrom string              `yaml:"policy"`
	Key        Secret              `yaml:"key"`
	Workspaces []string            `yaml:"workspaces"`
	Spending   Spending            `yaml:"spending"`
	Policies   string              `yaml:"policies"` // a folder of plain-language rules for the model
	Stacks     map[string]Stack    `yaml:"stacks"`
	Profiles   map[string]Profile  `yaml:"profiles"`
	Scopes     map[string]Scope    `yaml:"scopes"`
	Schedules  map[string]Schedule `yaml:"schedules"`
	Notify     Notify              `yaml:"notify"`
	Chains     map[string]Chain    `yaml:"chains"`
	Rotas      map[string]Rota     `yaml:"rotas"`
}

// Policy is who may do what where, and who approves it.
type Policy struct {
	People       map[string]Person      `yaml:"people"`
	Groups       map[string]Group       `yaml:"groups"`
	Environments map[string]Environment `yaml:"environments"`
	Channels     map[string]Channel     `yaml:"channels"` // by "platform:channel"
	Rules        []Rule                 `yaml:"rules"`
	Raises       []Raise                `yaml:"raises"`
	Approvals    Approvals              `yaml:"approvals"`
	Limits       Limits                 `yaml:"limits"`
}

// Approvals says how long a card waits, and what needs more than the tier asks for.
type Approvals struct {
	Expiry time.Duration  `yaml:"expiry"` // 1m to 24h
	Next   time.Duration  `yaml:"next"`   // after which the next people are called
	Quiet  Quiet          `yaml:"quiet"`
	Rules  []ApprovalRule `yaml:"rules"`
}

// Quiet is when nobody is expected to answer: a card that is not urgent waits
// through it without growing older. Both are HH:MM.
type Quiet struct {
	From     string `yaml:"from"`
	Until    string `yaml:"until"`
	Timezone string `yaml:"timezone"`
}

// ApprovalRule demands approvals beside those of the tier, of what matches all
// that it names.
type ApprovalRule struct {
	Name         string        `yaml:"name"`
	Environments []string      `yaml:"environments"`
	Stacks       []string      `yaml:"stacks"`
	Effects      []string      `yaml:"effects"`
	Kinds        []string      `yaml:"kinds"`     // types of resources, with * and ?
	Resources    int           `yaml:"resources"` // at least so many change
	Destroys     bool          `yaml:"destroys"`  // something is destroyed or replaced
	Need         int           `yaml:"need"`      // 0 is 1
	From         []string      `yaml:"from"`      // "role:NAME", "group:NAME", "person:ID"; empty is whoever may approve
	Expiry       time.Duration `yaml:"expiry"`
	Urgent       bool          `yaml:"urgent"` // quiet hours do not pause it
}

// Rule allows or denies something beside what roles do; deny wins.
type Rule struct {
	Who     string   `yaml:"who"`    // "person:ID", "role:NAME" or "group:NAME"
	May     []string `yaml:"may"`    // effects, or ask, answer, stop, approve, break, freeze, thaw, or "*"
	On      []string `yaml:"on"`     // "stack/NAME", "env/NAME" or "*"
	Effect  string   `yaml:"effect"` // allow or deny
	Because string   `yaml:"because"`
}

// Raise lifts the ceiling of one thing until a moment. Exactly one of Environment,
// Channel, Profile and Role says which.
type Raise struct {
	Environment string    `yaml:"environment"`
	Channel     string    `yaml:"channel"`
	Profile     string    `yaml:"profile"`
	Role        string    `yaml:"role"`
	Tier        string    `yaml:"tier"`
	Until       time.Time `yaml:"until"` // as 2026-12-01T09:00:00Z
	Because     string    `yaml:"because"`
}

// Limits are how much each person, each channel and the Org may ask for.
type Limits struct {
	Person  Limit `yaml:"person"`
	Channel Limit `yaml:"channel"`
	Org     Limit `yaml:"org"`
}

// Limit is a rate; 0 is no limit.
type Limit struct {
	Runs   int `yaml:"runs"`   // requests in any hour
	Tokens int `yaml:"tokens"` // of models, in a day (UTC)
}

// Spending caps what models may cost.
type Spending struct {
	Month float64 `yaml:"month"` // in the currency of the price table; 0 is no cap
}

// Person is one human with any number of chat identities, each as
// "platform:id" or "platform:tenant/id". Without any, "console:NAME" is theirs.
type Person struct {
	Name  string   `yaml:"name"`
	Roles []string `yaml:"roles"` // viewer, operator, approver, admin, breakglass
	Chat  []string `yaml:"chat"`
	Off   bool     `yaml:"off"`
	Away  Away     `yaml:"away"`
}

// Away lets a deputy approve what the person could, until a moment.
type Away struct {
	Until  time.Time `yaml:"until"`
	Deputy string    `yaml:"deputy"`
}

// Group gives roles to people: those who are named, those of user groups of a
// chat, as "platform:tenant/id", and those of groups of the identity provider.
type Group struct {
	Roles  []string `yaml:"roles"`
	People []string `yaml:"people"`
	Chat   []string `yaml:"chat"`
	OIDC   []string `yaml:"oidc"`
}

// Environment has a ceiling for what happens in it.
type Environment struct {
	Tier string `yaml:"tier"`
}

// Channel has a ceiling for what is asked in it.
type Channel struct {
	Tier    string `yaml:"tier"`
	Profile string `yaml:"profile"`
	Title   string `yaml:"title"`
}

// Stack is one root module. Either Repository (a local Git repository, of which
// Branch is read; empty is its HEAD) or Path (a plain folder) says where it is;
// Directory is below it.
type Stack struct {
	Repository  string   `yaml:"repository"`
	Path        string   `yaml:"path"`
	Branch      string   `yaml:"branch"`
	Directory   string   `yaml:"directory"`
	Environment string   `yaml:"environment"`
	Channel     string   `yaml:"channel"`  // "platform:channel": where its details may be shown
	Channels    []string `yaml:"channels"` // further ones
	Owners      []string `yaml:"owners"`
	State       string   `yaml:"state"`     // folder of the host that holds terraform.tfstate
	Workspace   string   `yaml:"workspace"` // of OpenTofu, whose state is kept below state; empty is default
	Mounts      []Mount  `yaml:"mounts"`    // folders of the host that stand in for its world
	Providers   []string `yaml:"providers"` // source addresses that its code may use; empty is those in the image
	Image       string   `yaml:"image"`     // of the containers that plan, scan and apply; empty is sandbox.image
	Scope       string   `yaml:"scope"`     // whose credential these may use, by the proxy; empty is none
	Team        string   `yaml:"team"`      // whose it is, for what is sent to whom
	Chain       string   `yaml:"chain"`     // who is told, one after the other, when an approval of it waits; empty is none
	Ignore      []string `yaml:"ignore"`    // drift that is none: "ADDRESS ATTRIBUTE", with * and ?
	VarFile     string   `yaml:"var_file"`  // with values of variables for its plans, relative to directory and below the repository
	Watch       string   `yaml:"watch"`     // how often it is scanned: hourly, daily, weekly, monthly or unmonitored

	Variants map[string]Variant `yaml:"variants"` // the same code for several places; each is a stack of its own, NAME-VARIANT
}

// Scope is a credential that the proxy puts into requests which a rule with its
// name allows. It never enters a sandbox. File holds the secret, read at each use;
// with a User it is a password, else a bearer token.
type Scope struct {
	User string `yaml:"user"`
	File string `yaml:"file"`
}

// Egress lets requests out of a profile's sandboxes, to one host. What is left out
// narrows nothing, but for Ports: they are 443.
type Egress struct {
	Name    string   `yaml:"name"`
	Host    string   `yaml:"host"` // exact, or *.suffix
	Ports   []int    `yaml:"ports"`
	Methods []string `yaml:"methods"`
	Paths   []string `yaml:"paths"` // segment prefixes such as /repos/acme/*
	Scope   string   `yaml:"scope"` // only for containers that hold this scope, with its credential
}

// Mount is a folder of the host in the stack's own fresh containers: read-only
// in plans and scans, writable in an approved apply when Write is set.
type Mount struct {
	From  string `yaml:"from"`
	To    string `yaml:"to"`
	Write bool   `yaml:"write"`
}

// Profile is an agent type: which tools, which ceiling, how much.
type Profile struct {
	Tier   string   `yaml:"tier"`
	Model  string   `yaml:"model"`
	Image  string   `yaml:"image"`  // of the session's container; empty is sandbox.image
	Egress []Egress `yaml:"egress"` // what may leave its sandboxes; nothing, when it is empty
	Allow  []string `yaml:"allow"`  // tools; "*" is all
	Deny   []string `yaml:"deny"`   // wins over allow
	Budget Budget   `yaml:"budget"`
}

// Budget is what one request may spend.
type Budget struct {
	Steps     int           `yaml:"steps"`
	Tokens    int           `yaml:"tokens"` // without those that the provider's cache served
	Cost      float64       `yaml:"cost"`   // in the currency of the price table
	ToolCalls int           `yaml:"tool_calls"`
	PlanRuns  int           `yaml:"plan_runs"`
	WallTime  time.Duration `yaml:"wall_time"`
}
