package image

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// header is the start of a 64-bit program, with an optional loader behind it.
func header(kind elf.Type, m elf.Machine, entry uint64, loader string) []byte {
	h := elf.Header64{
		Type: uint16(kind), Machine: uint16(m), Version: 1, Entry: entry, Ehsize: 64, Phentsize: 56, Shentsize: 64,
	}
	copy(h.Ident[:], "\x7fELF\x02\x01\x01")
	var b bytes.Buffer
	if loader != "" {
		h.Phoff, h.Phnum = 64, 1
	}
	_ = binary.Write(&b, binary.LittleEndian, h)
	if loader != "" {
		size := uint64(len(loader) + 1)
		_ = binary.Write(&b, binary.LittleEndian, elf.Prog64{Type: uint32(elf.PT_INTERP), Off: 120, Filesz: size, Memsz: size})
		b.WriteString(loader + "\x00")
	}
	return b.Bytes()
}

func TestProgram(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in     []byte
		loader string
		ok     bool
	}{
		"static":          {header(elf.ET_EXEC, elf.EM_X86_64, 1, ""), "", true},
		"static pie":      {header(elf.ET_DYN, elf.EM_X86_64, 1, ""), "", true},
		"dynamic":         {header(elf.ET_DYN, elf.EM_X86_64, 1, "/lib64/ld.so"), "/lib64/ld.so", true},
		"a library":       {header(elf.ET_DYN, elf.EM_X86_64, 0, ""), "", false},
		"an object":       {header(elf.ET_REL, elf.EM_X86_64, 0, ""), "", false},
		"another arch":    {header(elf.ET_EXEC, elf.EM_AARCH64, 1, ""), "", false},
		"a script":        {[]byte("#!/bin/sh\n"), "", false},
		"of Windows":      {[]byte("MZ\x90\x00"), "", false},
		"of a Mac":        {[]byte("\xcf\xfa\xed\xfe\x07\x00\x00\x01"), "", false},
		"nothing":         {nil, "", false},
		"cut":             {header(elf.ET_EXEC, elf.EM_X86_64, 1, "/lib64/ld.so")[:70], "", false},
		"of another Unix": {slices.Replace(header(elf.ET_EXEC, elf.EM_X86_64, 1, ""), 7, 8, byte(elf.ELFOSABI_FREEBSD)), "", false},
	} {
		loader, err := program(bytes.NewReader(c.in), "amd64")
		if (err == nil) != c.ok || loader != c.loader {
			t.Errorf("%s: %q, %v", name, loader, err)
		}
	}
}

func FuzzProgram(f *testing.F) {
	f.Add(header(elf.ET_DYN, elf.EM_X86_64, 1, "/lib64/ld.so"))
	f.Add([]byte("#!/bin/sh\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if loader, err := program(bytes.NewReader(in), "amd64"); err == nil && len(loader) > 4096 {
			t.Errorf("%d bytes of loader", len(loader))
		}
	})
}

// What a person names and cannot be used ends the build before there is an image.
func TestBuildRefuses(t *testing.T) {
	t.Parallel()
	e := testEngine(t)
	arch, err := e.arch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m, _ := machine(arch)
	dir := t.TempDir()
	file := func(name string, b []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, b, 0o700); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
		return p
	}
	script := file("script", []byte("#!/bin/sh\n"))
	dynamic := file("dynamic", header(elf.ET_DYN, m, 1, "/lib/ld-none.so"))
	for name, change := range map[string]func(*Options){
		"a script":          func(o *Options) { o.Spec.Tools[0].Path = script },
		"no file":           func(o *Options) { o.Spec.Tools[0].Path = filepath.Join(dir, "none") },
		"a folder":          func(o *Options) { o.Spec.Tools[0].Path = dir },
		"without libraries": func(o *Options) { o.Spec.Tools[0].Path = dynamic },
		"a path for a name": func(o *Options) { o.Spec.Tools[0].Name = "../../etc/tool" },
		"dots for a name":   func(o *Options) { o.Spec.Tools[0].Name = ".." },
		"another sum":       func(o *Options) { o.Spec.Tools[0].SHA256 = "00" },
		"a bad tag":         func(o *Options) { o.Tag = "Interlock:latest" },
		"a tag of options":  func(o *Options) { o.Tag = "--help" },
		"a file on folders": func(o *Options) { o.Spec.Files = []File{{From: script, To: "/usr/bin"}} },
		"a missing file":    func(o *Options) { o.Spec.Files = []File{{From: filepath.Join(dir, "none"), To: "/x"}} },
	} {
		o := options(t, e)
		change(&o)
		r, err := Build(t.Context(), o)
		if !refused(err) || r.ID != "" {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}
