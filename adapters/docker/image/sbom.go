package image

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// bom is a list of parts in the form of CycloneDX 1.6. It needs no time of making
// and no random id, unlike SPDX: the same image has the same list.
type bom struct {
	Format     string      `json:"bomFormat"`
	Spec       string      `json:"specVersion"`
	Version    int         `json:"version"`
	Metadata   metadata    `json:"metadata"`
	Components []component `json:"components"`
}

type metadata struct {
	Component component `json:"component"`
}

type component struct {
	Type       string      `json:"type"`
	Ref        string      `json:"bom-ref"`
	Name       string      `json:"name"`
	Version    string      `json:"version,omitempty"`
	Hashes     []hash      `json:"hashes,omitempty"`
	Licenses   []license   `json:"licenses,omitempty"`
	PURL       string      `json:"purl,omitempty"`
	Properties []property  `json:"properties,omitempty"`
	Components []component `json:"components,omitempty"`
}

type hash struct {
	Alg     string `json:"alg"`
	Content string `json:"content"`
}

type license struct {
	License licenseName `json:"license"`
}

// licenseName is an SPDX identifier, or what else a licence is called.
type licenseName struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// spdx takes for an identifier only what is known to be one; CycloneDX allows no
// other there.
func spdx(name string) licenseName {
	switch name {
	case "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BUSL-1.1", "GPL-2.0-only", "GPL-3.0-only", "GPL-3.0-or-later", "ISC", "MIT", "MPL-2.0":
		return licenseName{ID: name}
	}
	return licenseName{Name: name}
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func sha256Of(sum string) []hash {
	if sum == "" {
		return nil
	}
	return []hash{{Alg: "SHA-256", Content: sum}}
}

// bom lists what is in the tree: Debian's packages by the tree's own record, every
// Go program by what it tells of itself, and the parts that were put in otherwise.
func (t *tree) bom(parts []Part) ([]byte, error) {
	all, err := t.debianComponents(parts)
	if err != nil {
		return nil, err
	}
	for _, name := range t.sorted() {
		if n := t.nodes[name]; n.kind == tar.TypeReg && n.exec {
			if c, ok := goComponent(name, n.data); ok {
				all = append(all, described(c, name, parts))
			}
		}
	}
	for _, p := range parts {
		if p.at == "" && !p.Debian {
			all = append(all, component{Type: "container", Ref: "base", Name: p.Name, Version: p.Version, Hashes: sha256Of(p.SHA256)})
			continue
		}
		if !p.Debian && !slices.ContainsFunc(all, func(c component) bool { return c.Ref == "file:/"+p.at }) {
			all = append(all, described(component{Type: "application", Ref: "file:/" + p.at, Name: p.Name, Version: p.Version, Hashes: sha256Of(p.SHA256)}, p.at, parts))
		}
	}
	b, err := json.MarshalIndent(bom{
		Format: "CycloneDX", Spec: "1.6", Version: 1, Components: all,
		Metadata: metadata{component{Type: "container", Ref: "image", Name: "interlock-sandbox"}},
	}, "", " ")
	if err != nil {
		return nil, fmt.Errorf("write list of parts: %w", err)
	}
	return append(b, '\n'), nil
}

// described adds what the table knows of a tool, and the program may not.
func described(c component, at string, parts []Part) component {
	for _, p := range parts {
		if p.at != at {
			continue
		}
		if p.License != "" {
			c.Licenses = []license{{spdx(p.License)}}
		}
		if p.module != "" {
			c.Name, c.Version, c.PURL = p.module, p.Version, golang(p.module, p.Version)
		}
	}
	return c
}

func (t *tree) debianComponents(parts []Part) (all []component, err error) {
	list, err := t.installed()
	if err != nil {
		return nil, err
	}
	sums := map[string]string{}
	for _, p := range parts {
		if p.Debian {
			sums[p.Name+"="+p.Version] = p.SHA256
		}
	}
	for _, s := range list {
		name, version := s["Package"], s["Version"]
		purl := "pkg:deb/debian/" + url.PathEscape(name) + "@" + strings.ReplaceAll(url.PathEscape(version), ":", "%3A") + "?arch=" + url.QueryEscape(s["Architecture"])
		c := component{Type: "library", Ref: purl, Name: name, Version: version, PURL: purl, Hashes: sha256Of(sums[name+"="+version])}
		if l := t.license(name); l != "" {
			c.Licenses = []license{{licenseName{Name: l}}}
		}
		if !slices.ContainsFunc(all, func(o component) bool { return o.Ref == c.Ref }) {
			all = append(all, c)
		}
	}
	return all, nil
}
