package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"interlock/adapters/console"
	"interlock/adapters/docker"
	"interlock/adapters/git"
	"interlock/adapters/slack"
	"interlock/adapters/teams"
	"interlock/agent"
	"interlock/agent/prompts"
	"interlock/agent/redact"
	"interlock/agent/tools"
	"interlock/bot"
	"interlock/bot/notify"
	"interlock/config"
	"interlock/rbac"
	"interlock/scheduler"
	"interlock/store"
)

// app is the product, wired but not started.
type app struct {
	cfg       config.Config
	log       *slog.Logger
	keys      map[string][]byte
	db        *store.DB
	box       sandbox
	outlet    *outlet
	policies  *policies
	gate      *rbac.Enforcer
	stacks    *git.Source
	toolset   agent.Toolset
	prompts   *prompts.Set
	control   *agent.Control
	runner    *agent.Runner
	worker    *agent.Worker
	in        *bot.Inbox
	out       *bot.Outbox
	console   *console.Platform
	slack     *slack.Platform
	teams     *teams.Platform
	scheduler *scheduler.Scheduler
	metrics   *metrics
	oncall    *oncall
	watch     *notify.Watch
	router    *notify.Router
	checklist func() []console.Item // of the demo
}

// options are what a subcommand adds to the configuration.
type options struct {
	demo      bool
	child     bool   // a child holds the engine's socket, not this process
	file      string // the configuration's, to be read again when it changes; empty is none
	checklist func() []console.Item
	prompts   []string
	wrap      func(agent.Store) agent.Store // tests only: kills the process at a step
	lease     time.Duration                 // 0 is the store's own
}

// wire is the one build order. It starts nothing but the database's own
// writer and the sockets that sandboxes are reached by.
func wire(ctx context.Context, cfg config.Config, log *slog.Logger, o options) (a *app, err error) {
	a = &app{cfg: cfg, log: log, checklist: o.checklist}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	if a.keys, err = orgKeys(cfg); err != nil {
		return a, err
	}
	if a.db, err = openStore(ctx, cfg, a.keys, o.lease, log); err != nil {
		return a, err
	}
	if err = a.wirePolicy(ctx, o.file); err != nil {
		return a, err
	}
	if a.outlet, err = openOutlet(ctx, cfg, cfg.DataDir); err != nil {
		return a, err
	}
	if a.box, err = openSandbox(ctx, cfg, a.outlet.path, o.child, log); err != nil {
		return a, err
	}
	a.metrics = newMetrics(a.db)
	a.stacks = git.New(cfg.Orgs)
	a.stacks.Cache = filepath.Join(cfg.DataDir, "packs")
	if a.toolset, err = agent.NewToolset(tools.All(tools.Deps{Stacks: a.stacks, Artifacts: a.db, Box: a.box, Mirror: mirror(cfg), Changes: a.db})...); err != nil {
		return a, fmt.Errorf("list tools: %w", err)
	}
	if a.prompts, err = loadPrompts(cfg.Orgs); err != nil {
		return a, err
	}
	if err = a.wireAgent(ctx, o); err != nil {
		return a, err
	}
	if err = a.wireChat(o); err != nil {
		return a, err
	}
	if err = a.wireNotices(); err != nil {
		return a, err
	}
	if a.scheduler, err = newScheduler(cfg, a.db, a.toolset, a.roomProfile, log); err != nil {
		return a, err
	}
	a.wireWatching()
	return a, nil
}

// runs is how many jobs one process has in hand. Most wait for a model; tools
// are bounded by sandbox.parallel.
// Of scans, twice as many as run tools: one is written down while another one runs.
const runs = 256

func openStore(ctx context.Context, cfg config.Config, keys map[string][]byte, lease time.Duration, log *slog.Logger) (*store.DB, error) {
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	// The folder holds keys, and init puts it into a repository.
	if err := os.WriteFile(filepath.Join(cfg.DataDir, ".gitignore"), []byte("*\n"), 0o600); err != nil {
		return nil, fmt.Errorf("write data folder: %w", err)
	}
	return store.Open(ctx, store.Options{DataDir: cfg.DataDir, URL: cfg.Database.URL.Reveal(), Keys: keys, Lease: lease, Workers: runs, Scans: 2 * cfg.Sandbox.Parallel, Log: log, Tells: tells(cfg)})
}

func newSandbox(cfg config.Config, egress string, log *slog.Logger) (*docker.Sandbox, error) {
	return docker.New(sandboxOptions(cfg, egress, log))
}

// sandbox is where tools run, in whatever process it is held.
type sandbox interface {
	agent.Sandbox
	Ready(ctx context.Context, c agent.Command) error
	Ping(ctx context.Context) (docker.Engine, error)
	Sweep(ctx context.Context, keep docker.Keep) (removed int, err error)
	Close() error
}

func sandboxOptions(cfg config.Config, egress string, log *slog.Logger) docker.Options {
	s := cfg.Sandbox
	disk := int64(s.Disk)
	if disk == 0 {
		disk = -1
	}
	return docker.Options{
		Engine: s.Engine, Image: s.Image, Runner: s.Runner, Egress: egress, Runtime: s.Runtime, DataDir: cfg.DataDir, Instance: cfg.DataDir,
		Memory: int64(s.Memory), FileSize: int64(s.FileSize), OutputLimit: int64(s.OutputLimit),
		CPUs: s.CPUs, Pids: s.Pids, Disk: disk, Spares: s.Spares, Limit: s.Limit, Grace: s.Grace, Log: log,
	}
}

func (a *app) wireAgent(ctx context.Context, o options) error {
	model, err := newModel(ctx, a.cfg.Model, a.log)
	if err != nil {
		return err
	}
	if a.oncall, err = newOncall(a); err != nil {
		return err
	}
	var st agent.Store = a.db
	if o.wrap != nil {
		st = o.wrap(st)
	}
	a.control = &agent.Control{
		Store: st, Gate: a.gate, Tools: a.toolset, Keys: a.keys, Live: &agent.Live{},
		Freezes: a.db, Environments: a.environments, Rooms: a.rooms, Ladder: a.ladder, Glass: a.glass,
		Escalation: a.oncall.escalation(),
	}
	a.runner = &agent.Runner{
		Control: a.control, Model: model, Window: window(a.cfg.Model), Box: a.box, Outlet: a.outlet, Artifacts: a.db, Bills: a.db, Uses: a.db, Limits: a.limits,
		Profile: a.profile, Brief: a.brief, Spending: a.spending, Patience: a.patience, Progress: a.tell, Meter: a.metrics,
		Slots: make(chan struct{}, a.cfg.Sandbox.Parallel), Vet: a.vet, Fetch: a.fetch, Discard: a.db.Discard,
		Home: a.home, Alike: a.db.Alike, Scanners: a.scanners,
	}
	if a.runner.Host, err = hostName(a.cfg.DataDir); err != nil {
		return err
	}
	known, err := knowing(a.cfg, a.log)
	if err != nil {
		return err
	}
	l := &lore{known: known, of: map[string]bool{}}
	a.runner.Redact, a.runner.Learn = l.redact, l.learn
	a.worker = &agent.Worker{Jobs: a.db, Runner: a.runner, Log: a.log}
	return nil
}

// redactor takes out what looks like a secret, and what this configuration holds, in
// any form.
func redactor(cfg config.Config, log *slog.Logger) (func(string) string, error) {
	r, err := knowing(cfg, log)
	if err != nil {
		return nil, err
	}
	return r.Through, nil
}

func knowing(cfg config.Config, log *slog.Logger) (*redact.Redactor, error) {
	rules, err := redact.New()
	if err != nil {
		return nil, fmt.Errorf("read rules for secrets: %w", err)
	}
	known := configured(cfg)
	for _, o := range cfg.Orgs {
		for name, s := range o.Scopes {
			b, err := os.ReadFile(s.File)
			if err != nil {
				log.Warn("the secret of a scope cannot be read yet, and is not known to the redactor", "scope", name, "error", err)
				continue
			}
			known = append(known, strings.TrimSpace(string(b)))
		}
	}
	r, err := rules.With(known...)
	if err != nil {
		log.Warn("a secret of the configuration is too plain to be found in texts", "error", err)
	}
	return r, nil
}

// profile gives the zero Profile, which allows nothing, for a name that nobody
// configured.
func (a *app) profile(org, name string) agent.Profile {
	if name == "" {
		name = defaultProfile
	}
	p, ok := a.cfg.Orgs[org].Profiles[name]
	if !ok {
		return agent.Profile{Name: name}
	}
	b := p.Budget
	return agent.Profile{
		Name: name, Model: p.Model, Image: p.Image, Reach: reach(p), Tools: rbac.ToolList{Allow: p.Allow, Deny: p.Deny},
		Budget: agent.Budget{Steps: b.Steps, Calls: b.ToolCalls, Tokens: b.Tokens, Plans: b.PlanRuns, Cost: money(b.Cost), Wall: b.WallTime},
	}
}

// reach are the hosts that a model's commands can reach: those without a credential.
func reach(p config.Profile) (hosts []string) {
	for _, r := range p.Egress {
		if r.Scope == "" && !slices.Contains(hosts, r.Host) {
			hosts = append(hosts, r.Host)
		}
	}
	return hosts
}

const defaultProfile = "default"

// home is the room of a stack: the first that configuration names.
func (a *app) home(org, stack string) (t agent.Thread) {
	if rooms := a.cfg.Orgs[org].Stacks[stack].Rooms(); len(rooms) > 0 {
		t.Platform, t.Channel, _ = strings.Cut(rooms[0], ":")
	}
	return t
}

func (a *app) tell(org string, t agent.Thread, text string) {
	if p, ok := a.out.Platforms[t.Platform].(bot.Shower); ok {
		p.Show(org, t, text)
	}
}

func (a *app) orgs() []string { return slices.Sorted(maps.Keys(a.cfg.Orgs)) }

// orgKeys reads each Org's key, or makes one in the data folder.
func orgKeys(cfg config.Config) (map[string][]byte, error) {
	keys := map[string][]byte{}
	for name, o := range cfg.Orgs {
		if o.Key.Set() {
			keys[name] = []byte(o.Key.Reveal())
			continue
		}
		key, err := keyFile(filepath.Join(cfg.DataDir, "keys", name+".key"))
		if err != nil {
			return nil, fmt.Errorf("key of %s: %w", name, err)
		}
		keys[name] = key
	}
	return keys, nil
}

// keyFile reads a key of 32 bytes or makes it: written whole or not at all.
func keyFile(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if err == nil && len(key) == 32 {
		return key, nil
	}
	if err == nil {
		return nil, fmt.Errorf("%s does not hold 32 bytes: restore it from a backup", path)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	key = make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	return key, os.WriteFile(path, key, 0o600)
}

// start runs everything until ctx ends: what sends stops after what makes.
func (a *app) start(ctx context.Context) error {
	for _, org := range a.orgs() {
		if err := a.box.Ready(ctx, agent.Command{Org: org}); err != nil {
			a.log.WarnContext(ctx, "no container is ready yet", "error", err)
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.worker.Run(ctx) })
	g.Go(func() error { return a.scheduler.Run(ctx) })
	g.Go(func() error { return a.watch.Run(ctx) })
	g.Go(func() error { return a.sweep(ctx) })
	return g.Wait()
}

// show runs what shows and seals; it needs no engine.
func (a *app) show(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.db.Alone(ctx, "outbox", a.out.Run) }) // two would post a card twice
	g.Go(func() error { return a.route(ctx) })
	g.Go(func() error { return a.db.Sealer(ctx) })
	if a.slack != nil {
		g.Go(func() error { return a.slack.Run(ctx) })
	}
	if a.teams != nil {
		g.Go(func() error { return a.teams.Run(ctx) })
	}
	return g.Wait()
}

// close lets go of what wire opened; containers and data stay.
func (a *app) close() (err error) {
	if a.box != nil {
		err = a.box.Close()
	}
	if a.outlet != nil {
		err = errors.Join(err, a.outlet.close())
	}
	if a.db != nil {
		err = errors.Join(err, a.db.Close())
	}
	return err
}

// sweep removes what no open call owns and what has expired, at start and every
// minute.
func (a *app) sweep(ctx context.Context) error {
	for {
		if _, err := a.db.Purge(ctx); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "purge artifacts", "error", err)
		}
		if _, err := a.box.Sweep(ctx, a.keep); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "sweep sandboxes", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Minute):
		}
	}
}

// workspaceLife is how long a session that nobody uses keeps its workspace.
const workspaceLife = 7 * 24 * time.Hour

func (a *app) keep(ctx context.Context, org, session, call string) (open bool) {
	var err error
	if call == "" {
		open, err = a.db.SessionUsed(ctx, org, session, time.Now().Add(-workspaceLife))
	} else {
		open, err = a.db.CallOpen(ctx, org, session, call)
	}
	return err != nil || open // in doubt nothing is removed
}

// health is what a load balancer asks, on every address.
func (a *app) health(mux *http.ServeMux) {
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("/readyz", a.ready)
}

// public is what chats may reach from outside, and nothing else.
func (a *app) public() *http.ServeMux {
	mux := http.NewServeMux()
	a.health(mux)
	a.chats(mux)
	return mux
}

// mux is every page and endpoint on the one local address.
func (a *app) mux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("/metrics", a.metrics.handler())
	a.health(mux)
	if a.cfg.HTTP.Public == "" {
		a.chats(mux)
	}
	if a.console != nil {
		mux.Handle("/", a.console.Handler(a.in))
	}
	return mux
}

func (a *app) ready(w http.ResponseWriter, r *http.Request) {
	if err := a.db.Ping(r.Context()); err != nil {
		http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ready\n"))
}

// lore is what the redactor has learned since the start: what plans mark sensitive.
type lore struct {
	mu    sync.Mutex
	known *redact.Redactor
	of    map[string]bool
}

// mostLearned is where learning ends: what so many values look like is no secret.
const mostLearned = 10_000

func (l *lore) redact(text string) string {
	l.mu.Lock()
	r := l.known
	l.mu.Unlock()
	return r.Through(text)
}

func (l *lore) learn(_ string, secrets []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var more []string
	for _, s := range secrets {
		if !l.of[s] && len(l.of) < mostLearned && len(s) >= 8 { // a shorter one would hide half of every text
			l.of[s], more = true, append(more, s)
		}
	}
	if len(more) > 0 {
		l.known, _ = l.known.With(more...) // what is too plain is not learned
	}
}

// configured are the secrets of the configuration, so that one which somebody put
// elsewhere too is taken out of what a tool tells.
func configured(cfg config.Config) (all []string) {
	from := []config.Secret{cfg.Database.URL, cfg.Redis.URL, cfg.Model.APIKey, cfg.Model.Fallback.APIKey}
	for _, o := range cfg.Orgs {
		from = append(append(from, o.Key), serviceSecrets(o)...)
	}
	if c, err := slack.Load(cfg.Slack); err == nil {
		from = append(from, c.SigningSecret, c.BotToken, c.AppToken, c.ClientSecret, c.RefreshToken)
	}
	if c, err := teams.Load(cfg.Teams); err == nil {
		from = append(from, c.AppPassword)
	}
	for _, s := range from {
		if s.Set() {
			all = append(all, s.Reveal())
		}
		if u, err := url.Parse(s.Reveal()); err == nil && u.User != nil {
			if p, ok := u.User.Password(); ok {
				all = append(all, p)
			}
		}
	}
	return all
}
