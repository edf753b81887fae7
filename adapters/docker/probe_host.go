package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"interlock/agent"
	"interlock/agent/frames"
)

// fromOutside are the probes that only the host can judge. Each says what got
// through, if anything did, and whether an honest use of the same works.
var fromOutside = []struct {
	Probe
	run func(ctx context.Context, p *prober) (hole string, honest bool, err error)
}{
	{Probe{6, "start 400 processes", none}, func(ctx context.Context, p *prober) (string, bool, error) {
		var through string
		for _, in := range []agent.Container{agent.InSession, agent.InFresh} {
			out, err := p.Exec(ctx, p.part("bomb", in))
			if err != nil {
				return "", false, err
			}
			if out.Code == 0 {
				through = "it has them"
			}
		}
		after, err := p.Exec(ctx, p.part("nothing", agent.InSession))
		if err != nil {
			return "", false, err
		}
		free, err := p.unheld(ctx, p.runner, "part", "bomb")
		return through + hole(after.Code != 0, " and the session is harmed"), free.Code == 0, err
	}},
	{Probe{7, "take more memory than there is", none}, func(ctx context.Context, p *prober) (string, bool, error) {
		out, err := p.Exec(ctx, p.part("hog", agent.InSession))
		if err != nil {
			return "", false, err
		}
		after, err := p.Exec(ctx, p.part("nothing", agent.InSession)) // the session goes on
		if err != nil {
			return "", false, err
		}
		wide, err := p.wide(1 << 30)
		if err != nil {
			return "", false, err
		}
		c := p.part("hog", agent.InSession)
		c.Session = otherSession
		free, err := wide.Exec(ctx, c)
		return hole(out.Code != killedCode || after.Code != 0, "it has 320 MiB"), free.Code == 0, errors.Join(err, wide.Close())
	}},
	{Probe{8, "take more of the processors", none}, func(ctx context.Context, p *prober) (string, bool, error) {
		held, err := p.heldBack(ctx, p.Sandbox, probeSession)
		if err != nil {
			return "", false, err
		}
		o := p.o
		o.CPUs, o.Spares = -1, 0
		wide, err := New(o)
		if err != nil {
			return "", false, err
		}
		free, err := p.heldBack(ctx, wide, otherSession)
		return hole(!held, "nothing holds it back"), !free, errors.Join(err, wide.Close())
	}},
	{Probe{28, "work in a folder outside", none}, func(ctx context.Context, p *prober) (string, bool, error) {
		c := p.part("nothing", agent.InFresh)
		c.Dir = "../proc/self/fd/7"
		_, err := p.Exec(ctx, c)
		ok := p.part("nothing", agent.InFresh)
		ok.Dir = "sub"
		out, okErr := p.Exec(ctx, ok)
		return hole(err == nil, "it ran"), out.Code == 0, okErr
	}},
	{Probe{29, "an image whose devices are links", none}, probeImage},
	{Probe{32, "bring back what a link leads to", none}, func(ctx context.Context, p *prober) (string, bool, error) {
		c := p.part("link", agent.InFresh)
		c.Collect = []string{"link", "plain"}
		out, err := p.Exec(ctx, c)
		_, followed := out.Files["link"]
		return hole(followed, "/etc/passwd"), string(out.Files["plain"]) == "plain", err
	}},
	{Probe{33, "put a file outside", none}, func(ctx context.Context, p *prober) (string, bool, error) {
		taken := ""
		for _, name := range []string{"../x", "/x", "a/../../x", "a/./b", ""} {
			c := p.part("nothing", agent.InFresh)
			c.Files = map[string][]byte{name: nil}
			if _, err := p.Exec(ctx, c); err == nil {
				taken = name + " was taken"
			}
		}
		ok := p.part("nothing", agent.InFresh)
		ok.Files = map[string][]byte{"a/b": nil}
		out, err := p.Exec(ctx, ok)
		return taken, out.Code == 0, err
	}},
	{Probe{54, "run on after the time is up", none}, func(ctx context.Context, p *prober) (string, bool, error) {
		c := p.part("sleep", agent.InSession)
		c.Limit = time.Second
		began := time.Now()
		out, err := p.Exec(ctx, c)
		if err != nil {
			return "", false, err
		}
		alone, err := p.Exec(ctx, p.part("alone", agent.InSession))
		return hole(!out.Stopped || time.Since(began) > 15*time.Second || alone.Code != 0, "it ran on"), alone.Code == 0, err
	}},
	{Probe{55, "leave a process behind", none}, func(ctx context.Context, p *prober) (string, bool, error) {
		left, err := p.Exec(ctx, p.part("detach", agent.InSession))
		if err != nil {
			return "", false, err
		}
		out, err := p.Exec(ctx, p.part("alone", agent.InSession))
		return hole(out.Code != 0, "it is there"), left.Code == 0, err
	}},
	{Probe{56, "print a gigabyte", none}, func(ctx context.Context, p *prober) (string, bool, error) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		out, err := p.Exec(ctx, p.part("flood", agent.InSession))
		runtime.ReadMemStats(&after)
		kept := int64(len(out.Stdout))
		return hole(kept > 2*p.o.OutputLimit || after.HeapInuse > before.HeapInuse+64<<20, fmt.Sprintf("%d bytes are held", kept)), out.Truncated && out.Code == 0, err
	}},
	{Probe{59, "another session's files", none}, func(ctx context.Context, p *prober) (string, bool, error) {
		if _, err := p.Exec(ctx, p.part("mark", agent.InSession)); err != nil {
			return "", false, err
		}
		own, err := p.Exec(ctx, p.part("seen", agent.InSession))
		if err != nil {
			return "", false, err
		}
		other := p.part("seen", agent.InSession)
		other.Session = otherSession
		out, err := p.Exec(ctx, other)
		return hole(out.Code == 0, "they are there"), own.Code == 0, err
	}},
}

// heldBack tells whether the kernel holds a session back that computes, by the
// engine's count.
func (p *prober) heldBack(ctx context.Context, s *Sandbox, session string) (bool, error) {
	c := p.part("spin", agent.InSession)
	c.Session = session
	var counts [2]uint64
	for i := range counts {
		if i == 0 {
			first := c
			first.Argv = []string{insideRun, "part", "nothing"}
			first.Call += "-first"
			if _, err := s.Exec(ctx, first); err != nil {
				return false, err
			}
		} else if _, err := s.Exec(ctx, c); err != nil {
			return false, err
		}
		got, err := s.cli.ContainerStats(ctx, s.sessionName(c), client.ContainerStatsOptions{})
		if err != nil {
			return false, s.wrap("read counts", err)
		}
		var stats container.StatsResponse
		err = errors.Join(json.NewDecoder(got.Body).Decode(&stats), got.Body.Close())
		if err != nil {
			return false, fmt.Errorf("read counts: %w", err)
		}
		counts[i] = stats.CPUStats.ThrottlingData.ThrottledPeriods
	}
	return counts[1] > counts[0], nil
}

// wide is the same sandbox with more memory.
func (p *prober) wide(memory int64) (*Sandbox, error) {
	o := p.o
	o.Memory, o.Spares = memory, 0
	return New(o)
}

func hole(is bool, what string) string {
	if is {
		return what
	}
	return ""
}

// prober runs parts of the runner as commands.
type prober struct {
	*Sandbox
	runner string
	n      int
}

func (p *prober) part(name string, in agent.Container) agent.Command {
	p.n++
	return agent.Command{
		Org: probeOrg, Session: probeSession, Call: fmt.Sprintf("part-%d-%d", time.Now().UnixNano(), p.n), In: in,
		Argv: []string{insideRun, "part", name}, Limit: probeLimit,
	}
}

func (s *Sandbox) probeFromOutside(ctx context.Context, runner string) (all []ProbeResult, err error) {
	p := &prober{Sandbox: s, runner: runner}
	for _, x := range fromOutside {
		through, honest, err := x.run(ctx, p)
		if err != nil {
			return nil, fmt.Errorf("probe %d: %w", x.ID, err)
		}
		r := ProbeResult{Probe: x.Probe, Control: honest}
		if through != "" {
			r.Holes = []frames.Try{{Step: x.Name, Got: through}}
		}
		all = append(all, r)
	}
	ways, err := p.probeWays(ctx)
	return append(all, ways...), err
}
