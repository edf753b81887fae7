package scripted

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

//go:embed trajectories/*.txtar
var builtin embed.FS

// Builtin plays the trajectories of the demo.
func Builtin() (*Model, error) { return load(builtin, "trajectories", "") }

// Load plays the trajectories of a file, or of the .txtar files in a folder,
// in the order of their names. The error names each fault with file and line.
func Load(path string) (*Model, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read trajectories: %w", err)
	}
	if !info.IsDir() {
		return load(os.DirFS(filepath.Dir(path)), ".", filepath.Base(path))
	}
	return load(os.DirFS(path), ".", "")
}

// load reads one file of a folder, or all when only is empty.
func load(fsys fs.FS, dir, only string) (*Model, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("read trajectories: %w", err)
	}
	m := &Model{}
	var errs []error
	for _, e := range entries {
		if e.IsDir() || only == "" && !strings.HasSuffix(e.Name(), ".txtar") || only != "" && e.Name() != only {
			continue
		}
		data, err := fs.ReadFile(fsys, strings.TrimPrefix(dir+"/"+e.Name(), "./"))
		if err != nil {
			return nil, fmt.Errorf("read trajectories: %w", err)
		}
		t, err := parse(e.Name(), data)
		errs = append(errs, err)
		m.all = append(m.all, t)
	}
	if len(m.all) == 0 {
		errs = append(errs, errors.New("read trajectories: the folder holds no .txtar file"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return m, nil
}
