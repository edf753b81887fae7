package config

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

func (c *checker) stack(key string, s Stack, o Org) {
	apart := o.PolicyFrom != "" // then the policy is checked against the stack, where it stands
	switch {
	case s.Environment == "":
		c.report(join(key, "environment"), "must name an environment; known: %s", list(names(o.Environments)))
	case !apart:
		known(c, join(key, "environment"), "environment", s.Environment, o.Environments)
	}
	c.source(key, s)
	if len(s.Rooms()) == 0 {
		c.report(join(key, "channel"), "must name the channel where its details may be shown")
	}
	if s.Channel != "" {
		c.stackRoom(join(key, "channel"), s.Channel, o)
	}
	for _, room := range s.Channels {
		c.stackRoom(join(key, "channels"), room, o)
	}
	for _, owner := range s.Owners {
		if !apart {
			known(c, join(key, "owners"), "person", owner, o.People)
		}
	}
	c.scope(join(key, "scope"), s.Scope, o)
	c.folder(join(key, "state"), s.State, false)
	c.workspace(join(key, "workspace"), s)
	for _, m := range s.Mounts {
		if m.From == "" || !path.IsAbs(m.To) || path.Clean(m.To) == "/" {
			c.report(join(key, "mounts"), "needs from, a folder of this machine, and to, an absolute path in the sandbox")
		}
	}
	c.ignore(join(key, "ignore"), s.Ignore)
	if s.Team != "" {
		c.name(join(key, "team"), "a team", s.Team)
	}
	c.varFile(join(key, "var_file"), s)
	for _, p := range s.Providers {
		if strings.Count(p, "/") != 2 || strings.ContainsAny(p, " :@") {
			c.report(join(key, "providers"), "%s must be a source address such as registry.opentofu.org/hashicorp/local", shown(p))
		}
	}
}

func (c *checker) ignore(key string, rules []string) {
	for i, rule := range rules {
		if _, _, err := ParseIgnore(rule); err != nil {
			c.report(join(key, strconv.Itoa(i)), "%s %v", shown(rule), err)
		}
	}
}

// workspaceName is narrower than OpenTofu's own rule, and always the name of one folder.
var workspaceName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,89}$`)

func (c *checker) workspace(key string, s Stack) {
	switch {
	case s.Workspace == "":
	case !workspaceName.MatchString(s.Workspace):
		c.report(key, "%s must be of letters, digits, dot, dash and underscore, at most 90, and not begin with a dot or dash", shown(s.Workspace))
	case s.State == "":
		c.report(key, "needs state, the folder below which the workspaces keep theirs")
	}
}

// varFile keeps a file of variables in the reviewed code: an approval binds to that.
func (c *checker) varFile(key string, s Stack) {
	below := path.Join(s.Directory, s.VarFile)
	switch {
	case s.VarFile == "":
	case path.IsAbs(s.VarFile) || !filepath.IsLocal(filepath.FromSlash(below)):
		c.report(key, "%s must stay below repository or path", shown(s.VarFile))
	case !strings.HasSuffix(s.VarFile, ".tfvars") && !strings.HasSuffix(s.VarFile, ".tfvars.json"):
		c.report(key, "%s must end in .tfvars or .tfvars.json", shown(s.VarFile))
	}
}

// stackRoom warns of a room that nobody configured: all it allows is reading.
func (c *checker) stackRoom(key, room string, o Org) {
	c.room(key, room)
	if _, there := o.Channels[room]; !there && o.PolicyFrom == "" {
		c.warn(key, "%s is not in channels, so it is at tier observe", shown(room))
	}
}

// source checks where the code is: one of repository and path, and below it.
func (c *checker) source(key string, s Stack) {
	if (s.Repository == "") == (s.Path == "") {
		c.report(key, "needs one of repository, a Git repository of this machine, and path, a folder")
		return
	}
	if s.Directory != "" && !filepath.IsLocal(filepath.FromSlash(s.Directory)) {
		c.report(join(key, "directory"), "%s must stay below repository or path", shown(s.Directory))
		return
	}
	if s.Repository != "" {
		c.folder(join(key, "repository"), s.Repository, true)
		return // what is below it depends on the commit
	}
	if c.folder(join(key, "path"), s.Path, true) && s.Directory != "" {
		c.below(join(key, "directory"), s.Path, s.Directory)
	}
}

// below follows links, so that a folder that looks inside is inside.
func (c *checker) below(key, root, dir string) {
	full := filepath.Join(root, filepath.FromSlash(dir))
	if !c.folder(key, full, true) {
		return
	}
	target, err := filepath.EvalSymlinks(full)
	base, errBase := filepath.EvalSymlinks(root)
	if err != nil || errBase != nil {
		c.report(key, "cannot be followed")
		return
	}
	if rel, err := filepath.Rel(base, target); err != nil || !filepath.IsLocal(rel) {
		c.report(key, "%s leads out of path", shown(dir))
	}
}

// folder reports what is not a folder; it may be missing unless it must be there.
func (c *checker) folder(key, name string, must bool) bool {
	if name == "" {
		return true
	}
	info, err := os.Stat(name)
	switch {
	case os.IsNotExist(err) && !must:
		return true
	case err != nil:
		c.report(key, "no folder %s", shown(name))
	case !info.IsDir():
		c.report(key, "%s is not a folder", shown(name))
	}
	return err == nil && info.IsDir()
}
