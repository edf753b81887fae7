package tofu

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"
)

// What a workspace may hold. The model writes it, so that everything of it is bounded.
const (
	workspaceBytes = 16 << 20 // of all files
	workspaceFile  = 4 << 20  // of one file
	workspaceCount = 5000     // members, folders included
	pathLimit      = 512      // bytes of one path
)

// skipped are folders that a run never needs: what OpenTofu keeps for itself,
// where a provider could have been planted, and the history.
var skipped = []string{".terraform", ".git"}

// Unpack reads a workspace from a tar archive, also a gzipped one: plain files
// and folders only, each once and below the root. Anything else refuses the
// whole of it.
func Unpack(archive []byte) (map[string][]byte, error) {
	plain, err := inflated(archive)
	if err != nil {
		return nil, fmt.Errorf("read archive: %w", err)
	}
	files := map[string][]byte{}
	left := int64(workspaceBytes)
	r := tar.NewReader(plain)
	for n := 0; ; n++ {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read archive: %w", err)
		}
		if n == workspaceCount {
			return nil, fmt.Errorf("more than %d files", workspaceCount)
		}
		name, skip, err := member(h)
		if err != nil {
			return nil, err
		}
		if skip {
			continue
		}
		if _, twice := files[name]; twice {
			return nil, fmt.Errorf("%q is there twice", Line(name))
		}
		if left -= h.Size; left < 0 {
			return nil, fmt.Errorf("more than %d bytes", workspaceBytes)
		}
		b, err := io.ReadAll(io.LimitReader(r, workspaceFile))
		if err != nil {
			return nil, fmt.Errorf("read archive: %w", err)
		}
		if int64(len(b)) != h.Size {
			return nil, fmt.Errorf("%q is cut short", Line(name))
		}
		files[name] = b
	}
}

// inflated ends early when more comes out than any workspace may hold, also in
// folders that are skipped.
func inflated(archive []byte) (io.Reader, error) {
	if !bytes.HasPrefix(archive, []byte{0x1f, 0x8b}) {
		return bytes.NewReader(archive), nil
	}
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	return io.LimitReader(z, 2*workspaceBytes), nil
}

// member judges one entry: its clean name, and whether it holds nothing to read.
func member(h *tar.Header) (name string, skip bool, err error) {
	raw := strings.TrimSuffix(strings.TrimPrefix(h.Name, "./"), "/")
	if raw == "" || raw == "." {
		return "", true, nil
	}
	name = path.Clean(raw)
	switch {
	case len(raw) > pathLimit, !fs.ValidPath(raw), strings.ContainsFunc(raw, func(r rune) bool { return r == '\\' || !unicode.IsPrint(r) }):
		return "", false, fmt.Errorf("bad path %q", short(h.Name, valueLimit))
	case slices.ContainsFunc(strings.Split(name, "/"), func(p string) bool { return slices.Contains(skipped, p) }):
		return name, true, nil
	case h.Typeflag == tar.TypeDir:
		return name, true, nil
	case h.Typeflag != tar.TypeReg:
		return "", false, fmt.Errorf("%q is no plain file", Line(name))
	case h.Size > workspaceFile:
		return "", false, fmt.Errorf("%q is larger than %d bytes", Line(name), workspaceFile)
	}
	return name, false, nil
}
