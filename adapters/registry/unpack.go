package registry

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"unicode"
)

// memberLimit is how many members an archive may have, folders included.
const memberLimit = 10_000

// unpack puts an archive's files below a folder, read-only: plain files and folders
// only, each once and below the root, at most so many bytes. Anything else refuses
// the whole. What it leaves behind then is for the caller to remove.
func unpack(archive io.ReaderAt, size int64, to *os.Root, p Provider, most int64) error {
	if err := bounded(archive, size); err != nil {
		return err
	}
	z, err := zip.NewReader(archive, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return &RefusedError{"the archive cannot be read", err}
	}
	if len(z.File) > memberLimit {
		return refuse("the archive has more than %d members", memberLimit)
	}
	program, left := false, most
	for _, f := range z.File {
		name, err := member(f)
		if err != nil {
			return err
		}
		if f.Mode().IsDir() {
			continue // what is in it makes it
		}
		if f.UncompressedSize64 > uint64(left) { //nolint:gosec // never below zero
			return refuse("the archive holds more than %d bytes", most)
		}
		left -= int64(f.UncompressedSize64) //nolint:gosec // at most left
		if err := extract(f, to, name, p); err != nil {
			return err
		}
		program = program || strings.HasPrefix(name, p.program())
	}
	if !program {
		return refuse("the archive holds no program %s*", p.program())
	}
	return nil
}

// directoryLimit is how many bytes the list of members may have: it is read into
// memory as a whole, and takes there several times as much.
const directoryLimit = 4 << 20

// The record that ends an archive without a comment, by PKWARE's APPNOTE 4.3.16.
const (
	endSize = 22
	endSign = "PK\x05\x06"
)

// bounded judges by the last record how long the list of members is, before any of
// it is read. An archive with more behind it than that record is refused.
func bounded(archive io.ReaderAt, size int64) error {
	end := make([]byte, endSize)
	if size < endSize {
		return refuse("the archive cannot be read")
	}
	if _, err := archive.ReadAt(end, size-endSize); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read archive: %w", err)
	}
	long, at := int64(binary.LittleEndian.Uint32(end[12:])), int64(binary.LittleEndian.Uint32(end[16:]))
	if string(end[:4]) != endSign || end[20] != 0 || end[21] != 0 || at+long != size-endSize {
		return refuse("the archive cannot be read: its list of members is not at its end")
	}
	if long > directoryLimit {
		return refuse("the archive has a list of members of more than %d bytes", directoryLimit)
	}
	return nil
}

// program is how the name of a provider's program begins.
func (p Provider) program() string { return "terraform-provider-" + p.Type }

// member judges one entry, before anything of it is read.
func member(f *zip.File) (string, error) {
	name := strings.TrimSuffix(f.Name, "/")
	bad := strings.ContainsFunc(name, func(r rune) bool { return r == '\\' || !unicode.IsPrint(r) })
	switch m := f.Mode(); {
	case bad || !fs.ValidPath(name) || name == "." || len(name) > 4*partLimit:
		return "", refuse("the archive has a member with a bad name, %.*q", partLimit, f.Name)
	case m.IsDir() != strings.HasSuffix(f.Name, "/"), !m.IsDir() && !m.IsRegular():
		return "", refuse("the archive has a member that is no plain file, %.*q", partLimit, f.Name)
	}
	return name, nil
}

// extract writes one file. Its size was promised: a byte more or less is an error.
func extract(f *zip.File, to *os.Root, name string, p Provider) error {
	if err := to.MkdirAll(path.Dir(name), 0o755); err != nil {
		return &RefusedError{"the archive has a file where it has a folder", err}
	}
	mode := fs.FileMode(0o444)
	if f.Mode()&0o111 != 0 || strings.HasPrefix(name, p.program()) {
		mode = 0o555
	}
	r, err := f.Open()
	if err != nil {
		return &RefusedError{"the archive cannot be read", err}
	}
	defer func() { _ = r.Close() }()
	w, err := to.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return refuse("the archive has a member twice, %.*q", partLimit, f.Name)
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(w, io.LimitReader(r, int64(f.UncompressedSize64)+1)) //nolint:gosec // at most a bound of ours
	if errors.Is(err, zip.ErrFormat) || errors.Is(err, zip.ErrChecksum) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = &RefusedError{"the archive is damaged", err}
	}
	return errors.Join(err, w.Chmod(mode), w.Close())
}
