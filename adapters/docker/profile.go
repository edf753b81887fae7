package docker

import (
	"os"
	"strconv"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"

	"interlock/agent"
)

const (
	workDir   = "/work"
	nobody    = 65532 // the customary uid of images that run as nobody in particular
	tmpSize   = 64 << 20
	shmSize   = 16 << 20
	openFiles = 4096
)

// sandboxUser is who a command runs as. Root makes the folders of sandboxes
// and gives them away; anyone else can only share their own id.
func sandboxUser() (uid, gid int) {
	if uid = os.Geteuid(); uid <= 0 {
		return nobody, nobody
	}
	return uid, os.Getegid()
}

// hostConfig is the one place that says what a container may do. It takes
// mounts and nothing else, so that no caller can widen it.
func (s *Sandbox) hostConfig(f facts, mounts []mount.Mount, log container.LogConfig) *container.HostConfig {
	return &container.HostConfig{
		Runtime:        s.o.Runtime,
		NetworkMode:    "none",
		ReadonlyRootfs: true,
		CapDrop:        []string{"ALL"},
		SecurityOpt:    []string{"no-new-privileges:true", seccomp()},
		IpcMode:        container.IPCModePrivate,
		CgroupnsMode:   container.CgroupnsModePrivate,
		ShmSize:        shmSize,
		Tmpfs:          map[string]string{"/tmp": "rw,noexec,nosuid,nodev,mode=1777,size=" + strconv.Itoa(tmpSize)},
		Mounts:         mounts,
		LogConfig:      log,
		RestartPolicy:  container.RestartPolicy{Name: container.RestartPolicyDisabled},
		Init:           &f.init,
		Resources: container.Resources{
			Memory:     s.o.Memory,
			MemorySwap: s.o.Memory, // the same: no swap on top
			NanoCPUs:   int64(max(s.o.CPUs, 0) * 1e9),
			PidsLimit:  &s.o.Pids,
			Ulimits: []*container.Ulimit{
				{Name: "nofile", Soft: openFiles, Hard: openFiles},
				{Name: "core"},
				{Name: "fsize", Soft: s.o.FileSize, Hard: s.o.FileSize},
			},
		},
	}
}

// config is what runs. Entrypoint and health check of the image are overruled;
// its environment stays, and nothing of the host's is added.
func (s *Sandbox) config(f facts, c agent.Command, kind string, argv []string) *container.Config {
	return &container.Config{
		Image:       c.Image,
		User:        s.user(f),
		Hostname:    "sandbox",
		Env:         []string{"HOME=/tmp"},
		WorkingDir:  workDir,
		Entrypoint:  argv[:1],
		Cmd:         argv[1:],
		Healthcheck: &container.HealthConfig{Test: []string{"NONE"}},
		Labels:      s.labels(c, kind),
	}
}

// user is root only where the engine itself has no root: there it is the
// person who runs the engine, and the only one who can write to their folders.
func (s *Sandbox) user(f facts) string {
	if f.rootless {
		return "0:0"
	}
	return strconv.Itoa(s.uid) + ":" + strconv.Itoa(s.gid)
}

// The labels by which a sweep knows what is whose.
const (
	labelInstance = "interlock.instance"
	labelOrg      = "interlock.org"
	labelSession  = "interlock.session"
	labelCall     = "interlock.call"
	labelKind     = "interlock.kind"
	labelInside   = "interlock.inside" // name of its folder of sockets

	kindSession = "session"
	kindFresh   = "fresh"
)

func (s *Sandbox) labels(c agent.Command, kind string) map[string]string {
	l := map[string]string{labelInstance: s.o.Instance, labelOrg: c.Org, labelSession: c.Session, labelKind: kind}
	if kind == kindFresh {
		l[labelCall] = c.Call
	}
	return l
}

func bind(from, to string, write bool) mount.Mount {
	return mount.Mount{
		Type: mount.TypeBind, Source: from, Target: to, ReadOnly: !write,
		BindOptions: &mount.BindOptions{Propagation: mount.PropagationRPrivate},
	}
}
