// Package docker is the sandbox on a Docker engine: it runs one agent.Command
// in a container that has no network, no rights and bounded everything. It
// must never know why a command runs: no policy, no tool, no store, no chat.
package docker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/moby/moby/client"

	"interlock/agent"
)

// Options says which engine runs what, and within which bounds. DataDir and
// Instance are needed; every other zero is the default that is named here.
type Options struct {
	Engine      string        // address such as unix:///var/run/docker.sock; empty looks in the usual places
	Image       string        // of a Command that names none
	Runner      string        // program that is the first process of a session's container; empty looks in the usual places
	Egress      string        // socket of whoever serves ways out; empty lets nothing out
	Runtime     string        // of the engine, such as runsc; empty is the engine's own
	DataDir     string        // on this host; the engine must be able to mount what is below it
	Instance    string        // this installation: two of them on one engine leave each other alone
	Memory      int64         // bytes, swap included: 1 GiB
	Disk        int64         // bytes of a workspace, where the host can give it a disk of its own: 2 GiB; less than 0 is no bound
	FileSize    int64         // bytes of one file that a command writes: 256 MiB
	Spares      int           // containers kept ready for new sessions, for each Org and image in use: none
	OutputLimit int64         // bytes kept of each of stdout and stderr: 1 MiB
	CPUs        float64       // 1; less than 0 is no bound
	Pids        int64         // processes and threads together: 128
	Limit       time.Duration // of a Command that has none: 5 minutes
	Grace       time.Duration // between the interrupt and the kill: 30 seconds
	Log         *slog.Logger
}

func (o Options) withDefaults() Options {
	o.Memory = orDefault(o.Memory, 1<<30)
	o.Disk = orDefault(o.Disk, 2<<30)
	o.FileSize = orDefault(o.FileSize, 256<<20)
	o.OutputLimit = orDefault(o.OutputLimit, 1<<20)
	o.CPUs = orDefault(o.CPUs, 1)
	o.Pids = orDefault(o.Pids, 128)
	o.Limit = orDefault(o.Limit, 5*time.Minute)
	o.Grace = orDefault(o.Grace, 30*time.Second)
	o.Log = orDefault(o.Log, slog.New(slog.DiscardHandler))
	return o
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

// Sandbox runs commands in containers of one engine. It is safe for concurrent
// use; commands of one session run one after the other.
type Sandbox struct {
	o    Options
	cli  *client.Client
	host string
	uid  int
	gid  int

	young time.Duration

	mu        sync.Mutex
	facts     *facts
	runnerAt  string
	noDisks   error                // why there are none, if they were wanted
	mounted   map[string]bool      // by this process
	maker     string               // our name in those of what is made in advance
	living    *os.File             // locked as long as this process lives
	sharing   *os.File             // locked as long as this process uses what is hidden
	locks     map[string]*lock     // of the names in use by this process: a sweep passes them by
	used      map[string]time.Time // when a session's container last served
	residents map[string]*resident
	spares    map[spareKey][]*spare
	adopting  map[string]bool // spares, by name
	making    int             // spares, right now
	blanks    map[blankKey][]*blank
	blanking  bool // one is being made
	closed    bool

	background sync.WaitGroup
}

var _ agent.Sandbox = (*Sandbox)(nil)

// New finds the engine and does not talk to it: one that is missing may still be
// started, and until then every call is an *EngineError.
func New(o Options) (*Sandbox, error) {
	if o.DataDir == "" || o.Instance == "" {
		return nil, errors.New("a sandbox needs a data folder and the name of its instance")
	}
	dir, err := filepath.Abs(o.DataDir)
	if err != nil {
		return nil, fmt.Errorf("find data folder: %w", err)
	}
	o.DataDir = dir
	for _, sub := range []string{callsDir, workspacesDir, insideSub, sparesDir, makersDir} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, fmt.Errorf("make data folder: %w", err)
		}
	}
	host := findEngine(o.Engine)
	cli, err := client.New(client.FromEnv, client.WithHost(host), client.WithUserAgent("interlock"))
	if err != nil {
		return nil, &EngineError{Host: host, Err: err}
	}
	s := &Sandbox{
		o: o.withDefaults(), cli: cli, host: host, young: young,
		locks: map[string]*lock{}, used: map[string]time.Time{}, residents: map[string]*resident{}, mounted: map[string]bool{}, spares: map[spareKey][]*spare{}, adopting: map[string]bool{}, blanks: map[blankKey][]*blank{},
	}
	if s.o.Disk > 0 {
		if s.noDisks = canQuota(); s.noDisks != nil {
			s.o.Disk = -1
		}
	}
	s.uid, s.gid = sandboxUser()
	return s, s.register()
}

// Close lets go of the engine. The containers of sessions end, their workspaces
// stay; fresh containers go on to their end.
func (s *Sandbox) Close() error {
	err := s.dropSpares(context.Background())
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.residents {
		r.end()
	}
	return errors.Join(err, s.unmountOwn(), s.unregister(), s.cli.Close())
}

// Exec runs c and returns what it left. The error means that the outcome is
// not known or that nothing ran; a command that fails is an Output. A command
// that is stopped gets one SIGINT itself, its children get none: a script must
// exec the program that has state to save.
func (s *Sandbox) Exec(ctx context.Context, c agent.Command) (agent.Output, error) {
	if err := check(c); err != nil {
		return agent.Output{}, err
	}
	c = s.withImage(c)
	if c.Limit <= 0 {
		c.Limit = s.o.Limit
	}
	if out, lacks, err := s.missing(ctx, c); lacks || err != nil {
		return out, err
	}
	if c.In == agent.InSession {
		return s.execSession(ctx, c)
	}
	return s.execFresh(ctx, c)
}

// Collect waits for the fresh container of c's Call, which another process may
// have started, and returns what it left; without one it is agent.ErrNotFound, or
// agent.ErrGone when the call had begun.
func (s *Sandbox) Collect(ctx context.Context, c agent.Command) (agent.Output, error) {
	if err := check(c); err != nil {
		return agent.Output{}, err
	}
	if c.In != agent.InFresh {
		return agent.Output{}, agent.ErrNotFound
	}
	if c.Limit <= 0 {
		c.Limit = s.o.Limit
	}
	unlock, err := s.lock(ctx, s.callName(c))
	if err != nil {
		return agent.Output{}, err
	}
	defer unlock()
	return s.collect(ctx, c)
}
