package image

import (
	"debug/buildinfo"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
)

// goComponent is a Go program with the modules that are compiled in.
func goComponent(name string, b *blob) (component, bool) {
	info, err := buildinfo.Read(b)
	if err != nil {
		return component{}, false
	}
	main := tool(info)
	c := component{
		Type: "application", Ref: "file:/" + name, Name: main.Path, Version: main.Version, Hashes: sha256Of(b.sha),
		Properties: []property{{"interlock:path", "/" + name}, {"interlock:go", info.GoVersion}},
	}
	if main.Version != "" {
		c.PURL = golang(main.Path, main.Version)
	}
	for _, m := range info.Deps {
		c.Components = append(c.Components, moduleComponent(c.Ref, m))
	}
	slices.SortFunc(c.Components, func(a, b component) int { return strings.Compare(a.Ref, b.Ref) })
	c.Components = slices.CompactFunc(c.Components, func(a, b component) bool { return a.Ref == b.Ref })
	return c, true
}

// tool is the module that a program is of. One that a throw-away module built is
// of the module that holds its main function.
func tool(info *debug.BuildInfo) debug.Module {
	best := debug.Module{Path: info.Main.Path, Version: released(info.Main.Version)}
	if best.Version != "" {
		return best
	}
	best.Path = info.Path
	longest := 0
	for _, m := range info.Deps {
		if (info.Path == m.Path || strings.HasPrefix(info.Path, m.Path+"/")) && len(m.Path) > longest {
			best, longest = debug.Module{Path: m.Path, Version: m.Version}, len(m.Path)
		}
	}
	return best
}

func released(v string) string {
	if v == "(devel)" {
		return ""
	}
	return v
}

func golang(path, version string) string {
	return "pkg:golang/" + strings.ReplaceAll(url.PathEscape(path), "%2F", "/") + "@" + url.PathEscape(version)
}

// moduleComponent is a module as it was compiled in: what stands in for another
// is named, but not a folder of the machine that built it.
func moduleComponent(in string, m *debug.Module) component {
	var props []property
	switch r := m.Replace; {
	case r != nil && r.Sum != "":
		props = append(props, property{"interlock:replaces", m.Path})
		m = r
	case r != nil:
		props = append(props, property{"interlock:changed", "built from a changed copy"})
	}
	if m.Sum != "" {
		props = append(props, property{"interlock:go-sum", m.Sum})
	}
	purl := golang(m.Path, m.Version)
	return component{Type: "library", Ref: in + "#" + purl, Name: m.Path, Version: m.Version, PURL: purl, Properties: props}
}
