package teams

import (
	"archive/zip"
	"bytes"
	"fmt"
	"time"
)

// The files of the package, all at its root.
const (
	manifestFile = "manifest.json"
	colorFile    = "color.png"
	outlineFile  = "outline.png"
)

// packed is the time of every file, so that the same options give the same bytes.
var packed = time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC)

// Package is the app package that Teams takes: a zip of the manifest and both
// icons. The error says what is wrong with the options.
func Package(o ManifestOptions) ([]byte, error) {
	manifest, err := Manifest(o)
	if err != nil {
		return nil, err
	}
	full, err := colorIcon()
	if err != nil {
		return nil, err
	}
	outline, err := outlineIcon()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range []struct {
		name string
		data []byte
	}{{manifestFile, manifest}, {colorFile, full}, {outlineFile, outline}} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: packed})
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.name, err)
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.name, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("pack the app: %w", err)
	}
	return b.Bytes(), nil
}
