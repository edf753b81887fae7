package image

import (
	"slices"
	"strings"
	"testing"
)

const record = `Package: git
Status: install ok installed
Version: 1:2.39.5-0+deb12u3
Architecture: amd64
Description: a thing
 of two lines
	and three

Package: gone
Status: deinstall ok config-files
Version: 1

nonsense
 hanging line
Package: jq
Status: install ok installed
Version: 1.6
`

func TestInstalled(t *testing.T) {
	t.Parallel()
	s, tr := testSpool(t), newTree()
	if got, err := tr.installed(); got != nil || err != nil {
		t.Errorf("an empty tree has %v, %v", got, err)
	}
	for name, text := range map[string]string{
		statusPath:                     record,
		"usr/share/doc/git/copyright":  "Format: https://example.test/1.0/\nUpstream-Name: git\n\nFiles: vendor/*\nLicense: ISC\n\nFiles: *\nCopyright: alice\nLicense: GPL-2\n all of it\n",
		"usr/share/doc/jq/copyright":   "This is free. Files: *\nLicense: MIT\n",
		"usr/share/doc/base/copyright": "Format: x\n\nFiles: *\nLicense: MIT or BSD\n",
	} {
		if err := tr.file(name, testText(t, s, text), false); err != nil {
			t.Fatal(err)
		}
	}
	if err := tr.symlink("usr/share/doc/lib", "base"); err != nil {
		t.Fatal(err)
	}
	list, err := tr.installed()
	if err != nil || len(list) != 2 || list[0]["Package"] != "git" || list[1]["Package"] != "jq" {
		t.Fatalf("%v, %v", list, err)
	}
	if d := list[0]["Description"]; d != "a thing\nof two lines\nand three" {
		t.Errorf("%q", d)
	}
	for name, want := range map[string]string{"git": "GPL-2", "jq": "", "lib": "MIT or BSD", "none": ""} {
		if got := tr.license(name); got != want {
			t.Errorf("the licence of %s is %q, want %q", name, got, want)
		}
	}
}

func TestStanzasRefusesLongLines(t *testing.T) {
	t.Parallel()
	if _, err := stanzas([]byte("A: " + strings.Repeat("x", 2<<20))); err == nil {
		t.Error("a line of 2 MiB is read")
	}
}

func FuzzStanzas(f *testing.F) {
	f.Add([]byte(record))
	f.Add([]byte(" x\nA:\n b\n\n\n:\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		list, err := stanzas(in)
		size := 0
		for _, s := range list {
			if len(s) == 0 {
				t.Fatal("an empty paragraph")
			}
			for k, v := range s {
				size += len(k) + len(v)
			}
		}
		if err == nil && size > 2*len(in)+1 {
			t.Fatalf("%d bytes became %d", len(in), size)
		}
	})
}

func TestURIs(t *testing.T) {
	t.Parallel()
	got, err := uris("'http://x/git_1%3a2.39_amd64.deb' git_1%3a2.39_amd64.deb 7264380 MD5Sum:8e7e\nReading lists\n'http://x/a.deb' ca-certificates_2025~deb12u2_all.deb 1 \n")
	if want := []string{"ca-certificates=2025~deb12u2", "git=1:2.39"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"'x' -o_1_all.deb 1", "'x' a%zz_1_all.deb 1", "'x' git.deb 1", "'x' git_$(id)_all.deb 1", "'x' git_1_2_all.deb 1"} {
		if got, err := uris(bad); err == nil {
			t.Errorf("%q is %q", bad, got)
		}
	}
}

// Whatever is read is given to a program again: it can be no option and no command.
func FuzzURIs(f *testing.F) {
	f.Add("'http://x/git_1%3a2.39_amd64.deb' git_1%3a2.39_amd64.deb 7264380 MD5Sum:8e7e")
	f.Add("'u' --help_-x_all.deb 1")
	f.Fuzz(func(t *testing.T, in string) {
		got, _ := uris(in)
		for _, v := range got {
			if strings.HasPrefix(v, "-") || strings.ContainsAny(v, " \t\n'\"$;/") || !strings.Contains(v, "=") {
				t.Errorf("%q", v)
			}
		}
	})
}
