package keep

import (
	"bytes"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/diff"
	linediff "github.com/go-git/go-git/v5/utils/diff"
)

// patch is a unified diff of one file, as git apply takes it.
func patch(name string, before, after []byte) (string, error) {
	f := changed{from: version{name, before}, to: version{name, after}}
	for _, d := range linediff.Do(string(before), string(after)) {
		op := diff.Equal
		switch {
		case d.Type > 0:
			op = diff.Add
		case d.Type < 0:
			op = diff.Delete
		}
		f.chunks = append(f.chunks, chunk{d.Text, op})
	}
	var b bytes.Buffer
	if err := diff.NewUnifiedEncoder(&b, diff.DefaultContextLines).Encode(patchOf{f}); err != nil {
		return "", fmt.Errorf("write patch: %w", err)
	}
	return b.String(), nil
}

// patchOf, changed, version and chunk are what the encoder asks for.
type patchOf struct{ file changed }

func (p patchOf) FilePatches() []diff.FilePatch { return []diff.FilePatch{p.file} }
func (patchOf) Message() string                 { return "" }

type changed struct {
	from, to version
	chunks   []diff.Chunk
}

func (changed) IsBinary() bool                { return false }
func (c changed) Files() (from, to diff.File) { return c.from, c.to }
func (c changed) Chunks() []diff.Chunk        { return c.chunks }

type version struct {
	name  string
	bytes []byte
}

func (v version) Hash() plumbing.Hash   { return plumbing.ComputeHash(plumbing.BlobObject, v.bytes) }
func (version) Mode() filemode.FileMode { return filemode.Regular }
func (v version) Path() string          { return v.name }

type chunk struct {
	text string
	op   diff.Operation
}

func (c chunk) Content() string      { return c.text }
func (c chunk) Type() diff.Operation { return c.op }
