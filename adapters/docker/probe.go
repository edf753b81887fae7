package docker

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"

	"interlock/agent"
	"interlock/agent/frames"
)

// Probe is one way out of a sandbox, or to harm its host. Refused are the answers
// that are right; whatever else a step gets is a hole.
type Probe struct {
	ID      int
	Name    string
	Refused []string
}

// Whose the probes are.
const (
	probeOrg     = "interlock"
	probeSession = "probe"
	otherSession = "probe-other"
)

// probeLimit is for all probes of one container.
const probeLimit = 2 * time.Minute

var (
	noRight  = []string{"EPERM", "EACCES", "ENOSYS"}
	readOnly = []string{"EROFS", "EACCES", "EPERM", "ENOENT"}
	nowhere  = []string{"ENETUNREACH", "EPERM"}
	none     = []string{"nothing"}
)

// Probes are those that run inside a container.
var probes = []Probe{
	{1, "write to /", readOnly},
	{2, "write to /bin", readOnly},
	{3, "run a program from /tmp", noRight},
	{4, "fill /tmp", []string{"ENOSPC"}},
	{5, "fill /work", []string{"ENOSPC", "EDQUOT"}},
	{9, "open 10,000 files", []string{"EMFILE"}},
	{10, "have a right", []string{"none", "1", "2"}},
	{11, "become root", noRight},
	{12, "find a program that changes the user", none},
	{13, "make a device", append([]string{"EROFS"}, noRight...)},
	{14, "mount", noRight},
	{15, "make or enter a namespace", noRight},
	{16, "load into the kernel, watch it, handle its faults", noRight},
	{17, "io_uring", noRight},
	{18, "the kernel's keys", noRight},
	{19, "change the machine", noRight},
	{20, "open a file by its number", noRight},
	{21, "look into another process", noRight},
	{22, "sockets past the network", append([]string{"EAFNOSUPPORT"}, noRight...)},
	{23, "settings of the kernel", readOnly},
	{24, "control groups", readOnly},
	{25, "memory, keys, addresses and log of the kernel", append([]string{"nothing", "ENOENT", "EOF"}, noRight...)},
	{26, "an engine's socket", none},
	{27, "a descriptor of the host", none},
	{30, "processes and paths of the host", none},
	{31, "the host's environment", none},
	{37, "a network interface", none},
	{40, "a gateway", nowhere},
	{41, "a name server", nowhere},
	{48, "TCP, UDP and raw packets", nowhere},
}

// ProbeResult is what became of a Probe: the steps that got something that they
// must not get, and whether its control showed that it can.
type ProbeResult struct {
	Probe
	Holes   []frames.Try
	Control bool
}

// Probe runs every probe in a container of each kind, as commands run, and then
// all of them in one that is held by nothing, to see that they can succeed. That
// one has no network either, and runs nothing but the probes.
func (s *Sandbox) Probe(ctx context.Context) (all []ProbeResult, err error) {
	runner, err := s.runner()
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, session := range []string{probeSession, otherSession} {
			err = errors.Join(err, s.Drop(context.WithoutCancel(ctx), probeOrg, session))
		}
	}()
	all = make([]ProbeResult, len(probes))
	for i, p := range probes {
		all[i].Probe = p
	}
	for _, in := range []agent.Container{agent.InSession, agent.InFresh} {
		c := agent.Command{Org: probeOrg, Session: probeSession, Call: fmt.Sprintf("probe-%d", time.Now().UnixNano()), In: in, Argv: []string{insideRun, "probe"}, Limit: probeLimit}
		out, err := s.Exec(ctx, c)
		if err != nil {
			return nil, err
		}
		got, err := probed(out)
		if err != nil {
			return nil, err
		}
		for i := range all {
			all[i].judge(got[all[i].ID])
		}
	}
	out, err := s.unheld(ctx, runner, "probe")
	if err != nil {
		return nil, err
	}
	got, err := probed(out)
	if err != nil {
		return nil, fmt.Errorf("controls: %w", err)
	}
	for i := range all {
		all[i].Control = slices.ContainsFunc(got[all[i].ID], func(t frames.Try) bool { return !slices.Contains(all[i].Refused, t.Got) })
	}
	more, err := s.probeFromOutside(ctx, runner)
	all = append(all, more...)
	slices.SortFunc(all, func(a, b ProbeResult) int { return a.ID - b.ID })
	return all, err
}

// judge counts a probe that did not run as a hole.
func (r *ProbeResult) judge(got []frames.Try) {
	if len(got) == 0 {
		r.Holes = append(r.Holes, frames.Try{Step: "run", Got: "did not"})
	}
	for _, t := range got {
		if !slices.Contains(r.Refused, t.Got) {
			r.Holes = append(r.Holes, t)
		}
	}
}

func probed(out agent.Output) (map[int][]frames.Try, error) {
	all := map[int][]frames.Try{}
	lines := bufio.NewScanner(bytes.NewReader(out.Stdout))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var p frames.Probed
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			return nil, fmt.Errorf("read probe: %w", err)
		}
		all[p.ID] = p.Tries
	}
	if out.Code != 0 || len(all) == 0 {
		return nil, fmt.Errorf("the probes ended with code %d: %s", out.Code, strings.TrimSpace(string(out.Stderr)))
	}
	return all, nil
}

// unheld runs probes as root of a container that is held by nothing but its
// own namespaces.
func (s *Sandbox) unheld(ctx context.Context, runner string, args ...string) (out agent.Output, err error) {
	name := s.hashed("control")
	if err := s.remove(ctx, name); err != nil {
		return out, err
	}
	c := agent.Command{Org: probeOrg, Session: probeSession, Call: "control", In: agent.InFresh, Image: s.o.Image, Argv: slices.Concat([]string{insideRun}, args)}
	dir := s.callDir(name)
	planted, plain := filepath.Join(dir, "planted.sock"), filepath.Join(dir, "plain") // without an end
	if err := os.MkdirAll(plain, 0o700); err != nil {
		return out, fmt.Errorf("make folder: %w", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: planted, Net: "unix"})
	if err != nil {
		return out, fmt.Errorf("plant socket: %w", err)
	}
	defer func() { err = errors.Join(err, l.Close(), s.discard(dir)) }()
	cfg := s.config(facts{rootless: true}, c, kindFresh, c.Argv)
	cfg.Env = append(cfg.Env, "INTERLOCK_PROBE_CANARY=planted")
	id, err := s.make(ctx, name, cfg, freed([]mount.Mount{
		bind(plain, workDir, true), bind(runner, insideRun, false), bind(planted, "/run/docker.sock", false),
	}))
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, s.remove(context.WithoutCancel(ctx), id)) }()
	if err := s.start(ctx, id); err != nil {
		return out, err
	}
	timed, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	if err := s.ended(timed, id); err != nil {
		return out, err
	}
	got, err := s.cli.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return out, s.wrap("look up container", err)
	}
	out.Code = got.Container.State.ExitCode
	return out, s.readLog(ctx, id, &out)
}

// rights are all that a probe could use.
var rights = []string{
	"DAC_OVERRIDE", "DAC_READ_SEARCH", "MKNOD", "NET_ADMIN", "NET_RAW", "SETGID", "SETUID", "SYSLOG", "SYS_ADMIN",
	"SYS_BOOT", "SYS_CHROOT", "SYS_MODULE", "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_TIME",
}

const tun = "/dev/net/tun"

// freed holds a container back by nothing, but for a bound on what the probes use
// up, and the network, of which it has none.
func freed(mounts []mount.Mount) *container.HostConfig {
	pids := int64(2048)
	return &container.HostConfig{
		NetworkMode: "none", CapAdd: rights, SecurityOpt: []string{"seccomp=unconfined", "apparmor=unconfined"},
		MaskedPaths: []string{}, ReadonlyPaths: []string{}, Mounts: mounts, Tmpfs: map[string]string{"/tmp": "rw,exec,suid,dev,size=256m"},
		LogConfig: container.LogConfig{Type: "local"},
		Resources: container.Resources{
			PidsLimit: &pids, Memory: 1 << 30, Ulimits: []*container.Ulimit{{Name: "nofile", Soft: 20_000, Hard: 20_000}},
			Devices: []container.DeviceMapping{{PathOnHost: tun, PathInContainer: tun, CgroupPermissions: "rw"}},
		},
	}
}
