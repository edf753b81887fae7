package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"interlock/config"
	"interlock/rbac"
	"interlock/store"
)

// stale is how old the members of a group of a chat or of an identity provider
// may be: whoever was taken out there must not keep their rights here.
const stale = 24 * time.Hour

// policies loads what decides in each Org, from files and from the database, and
// keeps what was loaded last.
type policies struct {
	cfg  config.Config
	file string // the main file; empty is none
	db   *store.DB
	log  *slog.Logger
	now  map[string]*atomic.Pointer[config.Org] // as they are in force
	snap map[string]*atomic.Pointer[rbac.Snapshot]
}

func newPolicies(cfg config.Config, file string, db *store.DB, log *slog.Logger) *policies {
	p := &policies{cfg: cfg, file: file, db: db, log: log, now: map[string]*atomic.Pointer[config.Org]{}, snap: map[string]*atomic.Pointer[rbac.Snapshot]{}}
	for name, o := range cfg.Orgs {
		p.now[name] = &atomic.Pointer[config.Org]{}
		p.now[name].Store(&o)
		p.snap[name] = &atomic.Pointer[rbac.Snapshot]{}
	}
	return p
}

// org is an Org with the policy that is in force; the zero Org for an unknown one.
func (p *policies) org(name string) config.Org {
	if o := p.now[name]; o != nil {
		return *o.Load()
	}
	return config.Org{}
}

// last is the snapshot that was loaded last, for what is only shown; or nil.
func (p *policies) last(org string) *rbac.Snapshot {
	if s := p.snap[org]; s != nil {
		return s.Load()
	}
	return nil
}

// version moves whenever a part of an Org's policy may have.
func (p *policies) version(ctx context.Context, org string) (string, error) {
	n, err := p.db.PolicyCount(ctx, org)
	if err != nil {
		return "", fmt.Errorf("read policy's version: %w", err)
	}
	stamp, err := stampOf(policyFile(p.cfg.Orgs[org], p.file))
	return fmt.Sprintf("%d %d %s", n, time.Now().Truncate(stale/24).Unix(), stamp), err
}

// policyFile is the file in which an Org's policy stands, if one does.
func policyFile(o config.Org, file string) string {
	switch o.PolicyFrom {
	case "":
		return file
	case config.FromDatabase:
		return ""
	}
	return o.PolicyFrom
}

// stampOf changes when a file does. One that is gone has changed.
func stampOf(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	info, err := os.Stat(file)
	if os.IsNotExist(err) {
		return "gone", nil
	}
	if err != nil {
		return "", fmt.Errorf("look at %s: %w", file, err)
	}
	return fmt.Sprint(info.Size(), info.ModTime().UnixNano()), nil
}

// load reads an Org's policy anew. What is wrong in it is a *rbac.BadPolicy; any
// other error means that it could not be read.
func (p *policies) load(ctx context.Context, org string) (*rbac.Snapshot, error) {
	o, source, warnings, err := readPolicy(ctx, p.cfg, p.file, p.db, org)
	if err != nil {
		return nil, err
	}
	if p.snap[org].Load() != nil { // the first ones were printed at the start
		for _, w := range warnings {
			p.log.WarnContext(ctx, "the changed policy is in force, and worth a look", "org", org, "warning", w.String())
		}
	}
	rules, err := rulesOf(ctx, o, p.db, org)
	if err != nil {
		return nil, err
	}
	snap, err := rbac.NewSnapshot(org, rules)
	if err != nil {
		return nil, &rbac.BadPolicy{Err: err}
	}
	body, err := json.Marshal(snap.Rules()) // the very bytes that the version is the hash of
	if err != nil {
		return nil, fmt.Errorf("write policy: %w", err)
	}
	v := store.PolicyVersion{Hash: snap.Version(), Source: source, At: time.Now().UTC(), Rules: body}
	if err := p.db.RecordPolicy(ctx, org, v); err != nil {
		return nil, err
	}
	p.now[org].Store(&o)
	p.snap[org].Store(snap)
	return snap, nil
}

// readPolicy is the Org with its policy as it stands where it belongs. What is
// only suspicious in it is warned of.
func readPolicy(ctx context.Context, cfg config.Config, file string, db *store.DB, org string) (o config.Org, source string, warnings config.Problems, err error) {
	o = cfg.Orgs[org]
	switch {
	case o.PolicyFrom == config.FromDatabase && db == nil:
		return o, "", nil, fmt.Errorf("the policy of %s is in the database, which is not open", org)
	case o.PolicyFrom == config.FromDatabase:
		v, ok, err := db.PolicyText(ctx, org)
		if err != nil || !ok {
			return o, config.FromDatabase, nil, err
		}
		source = fmt.Sprintf("database, version %d", v.N)
		o.Policy, warnings, err = config.ParsePolicy(source, v.Text, o)
		return o, source, warnings, bad(err)
	case o.PolicyFrom != "":
		o.Policy, warnings, err = config.LoadPolicy(o.PolicyFrom, o)
		return o, o.PolicyFrom, warnings, bad(err)
	case file == "":
		return o, "no file", nil, nil
	}
	again, warnings, err := config.Load(file, os.Environ())
	if err != nil {
		return o, file, nil, bad(err)
	}
	o.Policy = again.Orgs[org].Policy
	return o, file, warnings, nil
}

func bad(err error) error {
	if err == nil {
		return nil
	}
	return &rbac.BadPolicy{Err: err}
}

// policyOf is what decides in an Org. Without a database it is what files say.
func policyOf(ctx context.Context, cfg config.Config, db *store.DB, org string) (rbac.OrgRules, error) {
	o, _, _, err := readPolicy(ctx, cfg, "", db, org)
	if err != nil {
		return rbac.OrgRules{}, err
	}
	return rulesOf(ctx, o, db, org)
}

// rulesOf adds to what was configured what was learned while it ran.
func rulesOf(ctx context.Context, o config.Org, db *store.DB, org string) (rbac.OrgRules, error) {
	var x rbac.Extra
	if db != nil {
		var err error
		if x, err = learned(ctx, db, org); err != nil {
			return rbac.OrgRules{}, fmt.Errorf("read people: %w", err)
		}
	}
	rules, err := rbac.FromConfig(o, x)
	return rules, bad(err)
}

func learned(ctx context.Context, db *store.DB, org string) (x rbac.Extra, err error) {
	added, err := db.People(ctx, org)
	if err != nil {
		return x, err
	}
	x.People = map[string]config.Person{}
	for _, p := range added {
		x.People[p.ID] = config.Person{Name: p.Name, Roles: p.Roles, Chat: p.Chat}
	}
	if x.Identities, err = db.Identities(ctx, org); err != nil {
		return x, err
	}
	if x.Members, err = db.Members(ctx, org, time.Now().Add(-stale)); err != nil {
		return x, err
	}
	x.Freezes, err = db.Frozen(ctx, org)
	return x, err
}
