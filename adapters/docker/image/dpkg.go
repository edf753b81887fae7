package image

import (
	"bufio"
	"bytes"
	"fmt"
	"path"
	"strings"
)

// statusPath is where Debian keeps what is installed.
const statusPath = "var/lib/dpkg/status"

// stanza is one paragraph of a Debian control file: fields by name, their further
// lines kept.
type stanza map[string]string

// stanzas reads a control file. What is no field is passed over: the files come
// from a package system, and nothing is decided by what they leave out.
func stanzas(b []byte) (all []stanza, err error) {
	in := bufio.NewScanner(bytes.NewReader(b))
	in.Buffer(nil, 1<<20)
	cur, last := stanza{}, ""
	for in.Scan() {
		line := in.Text()
		name, value, field := strings.Cut(line, ":")
		switch {
		case strings.TrimSpace(line) == "":
			if len(cur) > 0 {
				all = append(all, cur)
			}
			cur, last = stanza{}, ""
		case line[0] == ' ' || line[0] == '\t':
			if last != "" {
				cur[last] += "\n" + strings.TrimSpace(line)
			}
		case field:
			last = name
			cur[name] = strings.TrimSpace(value)
		}
	}
	if len(cur) > 0 {
		all = append(all, cur)
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("read control file: %w", err)
	}
	return all, nil
}

// installed are the Debian packages of a tree, by its own record.
func (t *tree) installed() (all []stanza, err error) {
	n := t.find(statusPath)
	if n == nil || n.data == nil {
		return nil, nil
	}
	b, err := n.data.atMost(64 << 20)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", statusPath, err)
	}
	list, err := stanzas(b)
	for _, p := range list {
		if p["Package"] != "" && p["Version"] != "" && strings.HasSuffix(p["Status"], " installed") {
			all = append(all, p)
		}
	}
	return all, err
}

// license is what a package's copyright file calls the licence of most of it, in
// Debian's own words. Files without a form that a program can read tell nothing.
func (t *tree) license(name string) string {
	n := t.find(path.Join("usr/share/doc", name, "copyright"))
	if n == nil || n.data == nil {
		return ""
	}
	b, err := n.data.atMost(4 << 20)
	if err != nil {
		return ""
	}
	list, err := stanzas(b)
	if err != nil || len(list) == 0 || list[0]["Format"] == "" {
		return ""
	}
	for _, s := range list {
		if first, _, _ := strings.Cut(s["License"], "\n"); s["Files"] == "*" {
			return first
		}
	}
	return ""
}
