package docker

import (
	"fmt"
	"strings"
	"testing"

	"interlock/agent"
)

// TestProfile asks the kernel, from inside, what a command may do. Where a
// bound could seem to hold because nothing works at all, ok is the control.
func TestProfile(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Memory: 64 << 20, FileSize: 4 << 20, Pids: 32})
	for name, c := range map[string]struct{ script, out, ok string }{
		"only lo":          {`sed -n 's/: .*//p' /proc/net/dev | tr -d ' '`, "lo\n", ""},
		"no route":         {`tail -n +2 /proc/net/route | wc -l`, "0\n", ""},
		"root is read":     {`echo x 2>/dev/null >/x || echo no`, "no\n", `echo x >/work/x && cat /work/x`},
		"not root":         {`test $(id -u) != 0 && test $(id -g) != 0 && echo no`, "no\n", ""},
		"no capability":    {`grep -E 'Cap(Inh|Prm|Eff|Bnd|Amb)' /proc/self/status | grep -vc 0000000000000000`, "0\n", ""},
		"no new rights":    {`grep NoNewPrivs /proc/self/status | tr -d '\t'`, "NoNewPrivs:1\n", ""},
		"seccomp":          {`grep -w Seccomp /proc/self/status | tr -d '\t'`, "Seccomp:2\n", ""},
		"tmp runs nothing": {`cp /bin/busybox /tmp/busybox && /tmp/busybox true 2>/dev/null || echo no`, "no\n", `cp /bin/busybox /work/busybox; /work/busybox echo x`},
		"tmp has a size":   {`dd if=/dev/zero of=/tmp/a bs=1k count=1 2>/dev/null; df -k /tmp | awk 'END{print $2}'`, "65536\n", ""},
		"file size":        {`dd if=/dev/zero of=big bs=64k count=65 2>/dev/null; wc -c <big`, "4194304\n", ""},
		"no core":          {`ulimit -c`, "0\n", ""},
		"open files":       {`ulimit -n`, "4096\n", ""},
		"processes":        {`(for i in $(seq 64); do sleep 1 & done) 2>/dev/null && echo all || echo no`, "no\n", `for i in $(seq 8); do true & done; wait; echo x`},
		"no host process":  {`ls /proc | grep -cE '^[0-9]+$' | awk '{print ($1 < 10)}'`, "1\n", ""},
		"no socket":        {`ls /var/run/docker.sock /run/docker.sock 2>/dev/null | wc -l`, "0\n", ""},
		"no device":        {`ls /dev/sda /dev/vda /dev/kvm /dev/mem 2>/dev/null | wc -l`, "0\n", ""},
	} {
		for _, in := range []agent.Container{agent.InFresh, agent.InSession} {
			t.Run(fmt.Sprintf("%s/%d", name, in), func(t *testing.T) {
				t.Parallel()
				cmd := agent.Command{Org: "acme", Session: t.Name(), Call: "control", In: in, Argv: sh(orDefault(c.ok, "echo x"))}
				if out := exec(t, s, cmd); string(out.Stdout) != "x\n" {
					t.Errorf("control: %q, %q", out.Stdout, out.Stderr)
				}
				cmd.Call, cmd.Argv = "c", sh(c.script)
				if out := exec(t, s, cmd); string(out.Stdout) != c.out {
					t.Errorf("got %q, %q", out.Stdout, out.Stderr)
				}
			})
		}
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Memory: 32 << 20})
	if out := exec(t, s, fresh("ok", "dd", "if=/dev/zero", "of=/dev/null", "bs=8M", "count=1")); out.Code != 0 {
		t.Errorf("control: %d, %s", out.Code, out.Stderr)
	}
	out := exec(t, s, fresh("much", "dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1"))
	if out.Code != killedCode || !strings.Contains(string(out.Stderr), "32 MiB") {
		t.Errorf("much: %d, %s", out.Code, out.Stderr)
	}
}

func TestNothingOfTheHostsEnvironment(t *testing.T) {
	t.Setenv("INTERLOCK_TEST_LEAK", "secret")
	s := open(t, Options{})
	for _, c := range []agent.Command{fresh("c", "env"), inSession("env")} {
		out := string(exec(t, s, c).Stdout)
		if strings.Contains(out, "LEAK") || !strings.Contains(out, "HOME=/tmp") {
			t.Errorf("environment: %s", out)
		}
	}
}

// TestHostConfig is what the kernel cannot be asked.
func TestHostConfig(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Memory: 16 << 20, Pids: 17})
	cmd := inSession("true")
	exec(t, s, cmd)
	got, err := s.cli.ContainerInspect(t.Context(), s.sessionName(cmd), inspect)
	if err != nil {
		t.Fatal(err)
	}
	h := got.Container.HostConfig
	switch {
	case h.Privileged, h.NetworkMode != "none", !h.ReadonlyRootfs, h.PidMode != "", h.UTSMode != "", h.UsernsMode != "",
		len(h.CapAdd) > 0, len(h.Devices) > 0, len(h.Binds) > 0, len(h.Mounts) != 3, !h.Mounts[1].ReadOnly, !h.Mounts[2].ReadOnly, !h.AutoRemove,
		h.Memory != 16<<20 || h.MemorySwap != 16<<20, *h.PidsLimit != 17, len(h.PortBindings) > 0:
		t.Errorf("%+v", h)
	}
}
