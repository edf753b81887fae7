package prompts

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

// largestPolicy is the most bytes of one file: a model follows few rules better
// than many.
const largestPolicy = 8 << 10

// policy is one file of plain-language rules. Its version is the beginning of
// the hash of the file's bytes.
type policy struct{ text, version string }

// known is what a file of policies may be called; names are as in configuration.
var known = regexp.MustCompile(`^(org|environments/[a-z0-9][a-z0-9._-]*|stacks/[a-z0-9][a-z0-9._-]*)\.md$`)

// readPolicies reads a folder of policies by their paths. What begins with a dot
// is skipped, as a mounted folder may hold such files, and so is a README.md. The
// folder's name is for errors.
func readPolicies(fsys fs.FS, dir string) (map[string]policy, error) {
	all := map[string]policy{}
	var errs []error
	err := fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir(), d.Name() == "README.md":
			return nil
		}
		p, err := readPolicy(fsys, path)
		if err != nil {
			errs = append(errs, fmt.Errorf("policy %s: %w", filepath.Join(dir, path), err))
			return nil
		}
		all[path] = p
		return nil
	})
	if err != nil {
		errs = append(errs, fmt.Errorf("read policies of %s: %w", dir, err))
	}
	return all, errors.Join(errs...)
}

func readPolicy(fsys fs.FS, path string) (policy, error) {
	if !known.MatchString(path) {
		return policy{}, errors.New("is of no known name: known are org.md, environments/NAME.md and stacks/NAME.md")
	}
	f, err := fsys.Open(path)
	if err != nil {
		return policy{}, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	info, err := f.Stat()
	if err != nil {
		return policy{}, err
	}
	if !info.Mode().IsRegular() {
		return policy{}, errors.New("is no regular file")
	}
	if info.Size() > largestPolicy {
		return policy{}, fmt.Errorf("has %d bytes, at most %d are read: shorten it, a model follows few rules better than many", info.Size(), largestPolicy)
	}
	text, err := io.ReadAll(io.LimitReader(f, largestPolicy))
	if err != nil {
		return policy{}, err
	}
	return parsePolicy(text)
}

// parsePolicy takes plain text only, and gives it with one kind of line end.
func parsePolicy(text []byte) (policy, error) {
	if !utf8.Valid(text) || strings.ContainsRune(string(text), 0) {
		return policy{}, errors.New("is no plain text in UTF-8")
	}
	sum := sha256.Sum256(text)
	plain := strings.ReplaceAll(strings.TrimPrefix(string(text), "\ufeff"), "\r\n", "\n")
	return policy{strings.TrimSpace(plain), hex.EncodeToString(sum[:4])}, nil
}
