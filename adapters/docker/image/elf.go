package image

import (
	"debug/elf"
	"fmt"
	"io"
	"regexp"
)

// RefusedError reports that something that a person named cannot be put into an
// image. Its text is one line and says why.
type RefusedError struct{ What, Why string }

// Error is one line for a person.
func (e *RefusedError) Error() string { return e.What + " is refused: " + e.Why }

// machines are what the engine's architectures are called in a program.
func machine(arch string) (elf.Machine, bool) {
	switch arch {
	case "amd64":
		return elf.EM_X86_64, true
	case "arm64":
		return elf.EM_AARCH64, true
	}
	return elf.EM_NONE, false
}

// program reports the loader that a program asks for, which a static one does not.
// What is no program for Linux on arch is an error that says what it is.
func program(r io.ReaderAt, arch string) (loader string, err error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return "", fmt.Errorf("it is no program for Linux: %w", err)
	}
	want, _ := machine(arch)
	switch {
	case f.OSABI != elf.ELFOSABI_NONE && f.OSABI != elf.ELFOSABI_LINUX:
		return "", fmt.Errorf("it is a program for %s, not for Linux", f.OSABI)
	case f.Type != elf.ET_EXEC && f.Type != elf.ET_DYN || f.Entry == 0:
		return "", fmt.Errorf("it cannot be run: it is %s", f.Type)
	case f.Machine != want:
		return "", fmt.Errorf("it is for %s, and the engine is %s", f.Machine, arch)
	}
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP || p.Filesz > 4096 {
			continue
		}
		b := make([]byte, p.Filesz)
		if _, err := p.ReadAt(b, 0); err != nil {
			return "", fmt.Errorf("read its loader: %w", err)
		}
		for len(b) > 0 && b[len(b)-1] == 0 {
			b = b[:len(b)-1]
		}
		return string(b), nil
	}
	return "", nil
}

// goodName is what a program may be called: one name, no path, no option.
var goodName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._+-]{0,63}$`)

func checkName(name string) error {
	if !goodName.MatchString(name) {
		return &RefusedError{What: fmt.Sprintf("the name %q", name), Why: "a tool is called by one word of letters, digits and . _ + -"}
	}
	return nil
}
