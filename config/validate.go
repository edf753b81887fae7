package config

import (
	"maps"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// word is what a name may be: it stands in file names, rules and messages.
var word = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)

var (
	tiers     = []string{"observe", "recommend", "draft", "sandbox", "gated"}
	roles     = []string{"viewer", "operator", "approver", "admin", "breakglass"}
	effects   = []string{"read", "edit", "propose", "execute", "change", "destroy"}
	acts      = append([]string{"*", "ask", "answer", "stop", "freeze", "thaw", "approve", "break"}, effects...)
	kinds     = []string{"drift", "compliance", "digest", "prompt", "command"}
	providers = []string{"scripted", "anthropic", "bedrock", "vertex", "openai", "langchain"}
	levels    = []string{"debug", "info", "warn", "error"}
	formats   = []string{"text", "json"}
)

// Bounds of approvals.expiry: a card that nobody can reach in time helps
// nobody, and one that stays for days is forgotten when it is pressed.
const (
	shortest = time.Minute
	longest  = 24 * time.Hour
)

// Validate checks a Config that was made without a file. It reports all at
// once, as Load does.
func (c *Config) Validate() (warnings Problems, err error) {
	at := &places{}
	twice := c.expand(at)
	warnings, wrong := c.check(at)
	return warnings.sorted(), append(wrong, twice...).sorted().err()
}

// checker collects what is wrong.
type checker struct {
	*places
	wrong, warnings Problems
}

func (c *checker) report(key, format string, args ...any) {
	c.wrong = append(c.wrong, c.problem(key, format, args...))
}

func (c *checker) warn(key, format string, args ...any) {
	c.warnings = append(c.warnings, c.problem(key, format, args...))
}

// oneOf reports a value that is not among those known. Empty is left to others.
func (c *checker) oneOf(key, what, value string, known []string) {
	if value != "" && !slices.Contains(known, value) {
		c.report(key, "no %s %s; known: %s", what, strconv.Quote(value), list(known))
	}
}

func (c *checker) name(key, what, name string) {
	if !word.MatchString(name) {
		c.report(key, "the name of %s must be of a-z, 0-9, dot, dash and underscore and begin with a letter or digit", what)
	}
}

func (c *checker) positive(key string, ok bool) {
	if !ok {
		c.report(key, "must be more than 0")
	}
}

func list(known []string) string {
	if len(known) == 0 {
		return "none"
	}
	return strings.Join(known, ", ")
}

func names[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func (c *Config) check(at *places) (warnings, wrong Problems) {
	k := &checker{places: at}
	if c.DataDir == "" {
		k.report("data_dir", "must name a folder")
	}
	k.address(c.HTTP.Addr, c.Console.Remote)
	if c.HTTP.Public != "" {
		k.port("http.public", c.HTTP.Public)
	}
	if c.Redis.URL.Set() {
		k.warn("redis.url", "is not used by this version")
	}
	k.console(c.Console, c.Orgs)
	k.model(c.Model)
	k.oneOf("log.level", "level", c.Log.Level, levels)
	k.oneOf("log.format", "format", c.Log.Format, formats)
	k.sandbox(c.Sandbox, len(c.Orgs))
	for _, name := range names(c.Orgs) {
		key := join("orgs", shown(name))
		k.name(key, "an organisation", name)
		k.org(key, c.Orgs[name])
	}
	k.workspaces(c.Orgs)
	return k.warnings, k.wrong
}

// console wants to know whose page it is: another organisation may be the first tomorrow.
func (c *checker) console(page Console, orgs map[string]Org) {
	if page.Org != "" {
		known(c, "console.org", "organisation", page.Org, orgs)
	} else if !page.Off && len(orgs) > 1 {
		c.warn("console.org", "the page is that of %s, the first of %d organisations by name: name one here", shown(names(orgs)[0]), len(orgs))
	}
}

// address keeps the local pages on this machine unless somebody said otherwise.
func (c *checker) address(addr string, remote bool) {
	host, ok := c.port("http.addr", addr)
	if !ok {
		return
	}
	ip, err := netip.ParseAddr(host)
	if !remote && host != "localhost" && (err != nil || !ip.IsLoopback()) {
		c.report("http.addr", "%s can be reached from other machines; set console.remote to allow that", shown(addr))
	}
}

// port wants a host, which may be empty, and a port.
func (c *checker) port(key, addr string) (host string, ok bool) {
	host, port, err := net.SplitHostPort(addr)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n > 65535 {
		c.report(key, "must be HOST:PORT, for example 127.0.0.1:8080")
		return host, false
	}
	return host, true
}

// leastPids is what a runner and one command need, threads included.
const leastPids = 16

// leastDisk is what a file system is worth making for, in bytes.
const leastDisk = 16 << 20

func (c *checker) sandbox(s Sandbox, orgs int) {
	if s.Image == "" {
		c.report("sandbox.image", "must name an image")
	}
	c.positive("sandbox.memory", s.Memory > 0)
	c.positive("sandbox.cpus", s.CPUs > 0 && s.CPUs <= 1024)
	if s.Pids < leastPids {
		c.report("sandbox.pids", "must be at least %d", leastPids)
	}
	if orgs > 1 && (s.Runtime == "" || s.Runtime == "runc") && !s.SharedHost {
		c.report("sandbox.runtime", "%d organisations would share one kernel: set a runtime that keeps them apart, such as runsc, or sandbox.shared_kernel: true when they trust each other", orgs)
	}
	if s.Disk != 0 && s.Disk < leastDisk {
		c.report("sandbox.disk", "must be at least %d bytes, or 0 for no bound", leastDisk)
	}
	c.positive("sandbox.file_size", s.FileSize > 0)
	c.positive("sandbox.output_limit", s.OutputLimit > 0)
	c.positive("sandbox.parallel", s.Parallel > 0)
	if s.Spares < 0 || s.Spares > 8 {
		c.report("sandbox.spares", "must be between 0 and 8")
	}
	c.positive("sandbox.limit", s.Limit > 0)
	c.positive("sandbox.grace", s.Grace > 0)
}
