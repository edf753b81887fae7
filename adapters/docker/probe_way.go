package docker

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"interlock/agent"
	"interlock/agent/frames"
)

// wayProbe goes out by the proxy, in the ways that it must not, and in one that it
// may. Right are the answers that refuse.
type wayProbe struct {
	id     int
	name   string
	right  []string
	asks   []frames.Ask
	honest frames.Ask
}

var (
	forbidden = []string{"403"}
	cutOff    = []string{"403", "400", "cut"}

	plainly = get("http://open.example.com/", "open.example.com", "")
	hidden  = frames.Ask{Tunnel: "open.example.com:443", Name: "open.example.com", Text: "GET / HTTP/1.1\r\nHost: open.example.com\r\n\r\n"}
	owned   = frames.Ask{Tunnel: "path.example.com:443", Name: "path.example.com", Text: "GET /own/x HTTP/1.1\r\nHost: path.example.com\r\n\r\n"}
)

func get(url, host, more string) frames.Ask {
	return frames.Ask{Text: "GET " + url + " HTTP/1.1\r\nHost: " + host + "\r\nProxy-Authorization: Bearer {token}\r\n" + more + "\r\n"}
}

// gets asks for the roots of hosts.
func gets(hosts ...string) (all []frames.Ask) {
	for _, h := range hosts {
		all = append(all, get("http://"+h+"/", h, ""))
	}
	return all
}

func tunnels(to ...string) (all []frames.Ask) {
	for _, t := range to {
		all = append(all, frames.Ask{Tunnel: t})
	}
	return all
}

var wayProbes = []wayProbe{
	{38, "the clouds' metadata", forbidden, slices.Concat(
		gets("169.254.169.254", "[fd00:ec2::254]", "100.100.100.200", "metadata.google.internal", "meta.inside.example.net", "meta6.inside.example.net"),
		tunnels("169.254.169.254:443", "meta.inside.example.net:443")), plainly},
	{39, "private addresses in any spelling", forbidden, slices.Concat(
		gets("10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "127.0.0.1", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433", "0177.0.0.1", "localhost"),
		gets("ten.inside.example.net", "cgnat.inside.example.net", "self.inside.example.net", "mapped.inside.example.net")), plainly},
	{42, "a name that also leads home", forbidden, slices.Concat(gets("rebind.inside.example.net"), tunnels("rebind.inside.example.net:443")), plainly},
	{43, "TLS for another name than the tunnel's", cutOff, []frames.Ask{
		{Tunnel: "open.example.com:443", Name: "path.example.com"}, {Tunnel: "path.example.com:443", Name: "open.example.com"},
	}, hidden},
	{44, "another host in the request than in the tunnel", cutOff, []frames.Ask{
		{Tunnel: "path.example.com:443", Name: "path.example.com", Text: "GET /own HTTP/1.1\r\nHost: open.example.com\r\n\r\n"},
		get("http://open.example.com/", "path.example.com", ""),
	}, owned},
	{45, "other ports", forbidden, tunnels("open.example.com:22", "open.example.com:6379", "path.example.com:80"), hidden},
	{46, "a tunnel by the relay to what no rule lets out", cutOff, append(tunnels("evil.example.net:443"),
		frames.Ask{Tunnel: "path.example.com:443", Name: "path.example.com", Text: "CONNECT evil.example.net:443 HTTP/1.1\r\nHost: evil.example.net:443\r\n\r\n"}), hidden},
	{47, "the token of another session", []string{"407"}, []frames.Ask{
		{Text: strings.ReplaceAll(plainly.Text, "{token}", "token-of-another-session")}, {Text: "GET http://open.example.com/ HTTP/1.1\r\nHost: open.example.com\r\n\r\n"},
	}, plainly},
	{49, "another account on a host that is let through", forbidden, []frames.Ask{
		{Tunnel: "path.example.com:443", Name: "path.example.com", Text: "GET /other/x HTTP/1.1\r\nHost: path.example.com\r\n\r\n"},
		{Tunnel: "path.example.com:443", Name: "path.example.com", Text: "GET /own/../other HTTP/1.1\r\nHost: path.example.com\r\n\r\n"},
		{Tunnel: "path.example.com:443", Name: "path.example.com", Text: "POST /own/x HTTP/1.1\r\nHost: path.example.com\r\nContent-Length: 0\r\n\r\n"},
	}, owned},
	{50, "send 200 MB", []string{"413", "cut"}, []frames.Ask{
		{Text: "POST http://open.example.com/ HTTP/1.1\r\nHost: open.example.com\r\nProxy-Authorization: Bearer {token}\r\nContent-Length: 209715200\r\n\r\n", Fill: 200 << 20},
	}, plainly},
	{51, "follow a redirect out", forbidden, gets("evil.example.net"), frames.Ask{Text: strings.ReplaceAll(plainly.Text, ".com/ ", ".com/away ")}},
	{52, "another protocol in the connection", cutOff, []frames.Ask{
		get("http://open.example.com/", "open.example.com", "Connection: Upgrade\r\nUpgrade: websocket\r\n"),
		get("http://open.example.com/", "open.example.com", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
		{Tunnel: "path.example.com:443", Name: "path.example.com", Text: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
	}, owned},
}

// watched is a run that may act, until it may not.
type watched struct {
	over    atomic.Bool
	allowed atomic.Int64
	refused atomic.Int64
}

// Alive implements agent.Watch.
func (w *watched) Alive(context.Context) bool { return !w.over.Load() }

// Pass implements agent.Watch.
func (w *watched) Pass(_ context.Context, p agent.Passage) error {
	if p.Allowed {
		w.allowed.Add(1)
	} else {
		w.refused.Add(1)
	}
	return nil
}

// say lets a session's container ask, by a way of its own.
func (p *prober) say(ctx context.Context, out agent.Outlet, w agent.Watch, a frames.Ask) (string, error) {
	c := p.part("ask", agent.InSession)
	c.Profile = probeProfile
	var err error
	if c.Stdin, err = json.Marshal(a); err != nil {
		return "", err
	}
	if out != nil {
		way, closed, err := out.Open(ctx, c, w)
		if err != nil {
			return "", err
		}
		defer closed()
		c.Way = way
	}
	got, err := p.Exec(ctx, c)
	return strings.TrimSpace(string(got.Stdout)), err
}

// probeWays tries the way out. Everything that it is allowed to reach is a server
// of this process.
func (p *prober) probeWays(ctx context.Context) (all []ProbeResult, err error) {
	w, err := openWorld(ctx, p.o.Egress)
	if err != nil {
		return nil, fmt.Errorf("make servers: %w", err)
	}
	defer w.close()
	for _, x := range wayProbes {
		r := ProbeResult{Probe: Probe{x.id, x.name, x.right}}
		seen := &watched{}
		for _, a := range x.asks {
			got, err := p.say(ctx, w, seen, a)
			if err != nil {
				return nil, fmt.Errorf("probe %d: %w", x.id, err)
			}
			if !slices.Contains(x.right, got) {
				r.Holes = append(r.Holes, frames.Try{Step: step(a), Got: got})
			}
		}
		before := seen.allowed.Load()
		got, err := p.say(ctx, w, seen, x.honest)
		if err != nil {
			return nil, fmt.Errorf("probe %d: %w", x.id, err)
		}
		r.Control = (got == "200" || got == "302") && seen.allowed.Load() > before
		all = append(all, r)
	}
	more, err := p.probeEnds(ctx, w)
	return append(all, more...), err
}

// step names what was asked.
func step(a frames.Ask) string {
	first, _, _ := strings.Cut(a.Text, "\r\n")
	return strings.TrimSpace(a.Tunnel + " " + a.Name + " " + first)
}

// probeEnds tries what the way out stands on, and whether it is gone when it must be.
func (p *prober) probeEnds(ctx context.Context, w *world) (all []ProbeResult, err error) {
	seen := &watched{}
	spoil := p.part("spoil", agent.InSession)
	spoil.Profile = probeProfile
	way, closed, err := w.Open(ctx, spoil, seen)
	if err != nil {
		return nil, err
	}
	spoil.Way = way
	out, err := p.Exec(ctx, spoil)
	closed()
	if err != nil {
		return nil, err
	}
	after, err := p.say(ctx, w, seen, hidden)
	if err != nil {
		return nil, err
	}
	r := ProbeResult{Probe: Probe{61, "change the authorities, the sockets or the relay", none}, Control: after == "200"}
	if out.Code != 0 && out.Code != killedCode { // gVisor lets a command end its own container
		r.Holes = []frames.Try{{Step: "spoil", Got: fmt.Sprintf("code %d", out.Code)}}
	}
	all = append(all, r)

	r = ProbeResult{Probe: Probe{62, "go out when the way is over, or the run is", []string{"none", "403", "cut"}}, Control: after == "200"}
	without, err := p.say(ctx, nil, nil, plainly)
	if err != nil {
		return nil, err
	}
	fenced := &watched{}
	fenced.over.Store(true)
	late, err := p.say(ctx, w, fenced, plainly)
	if err != nil {
		return nil, err
	}
	for name, got := range map[string]string{"without a way": without, "fenced out": late} {
		if !slices.Contains(r.Refused, got) {
			r.Holes = append(r.Holes, frames.Try{Step: name, Got: got})
		}
	}
	return append(all, r), nil
}

const (
	probeProfile = "probe"
	worldLimit   = 10 * time.Second
)
