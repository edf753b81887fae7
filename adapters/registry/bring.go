package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// newDir is the verified folder, below a temporary one.
const newDir = "provider"

// brought is a provider that was downloaded, verified and unpacked.
type brought struct{ hash, signer string }

// bring downloads a provider below tmp. Each check that fails ends it: the
// registry's checksum, the published list of them and its signature, and last what
// the lock file says, for which alone the reviewed repository vouches.
func (m *Mirror) bring(ctx context.Context, l Locked, tmp string) (b brought, err error) {
	r, err := m.client.release(ctx, l, m.Platform)
	if err != nil {
		return b, err
	}
	if b.signer, err = m.client.vouch(ctx, r); err != nil {
		return b, err
	}
	f, err := os.OpenFile(filepath.Join(tmp, "archive"), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return b, fmt.Errorf("make file: %w", err)
	}
	defer func() { _ = f.Close() }()
	size, sum, err := m.download(ctx, r, f)
	if err != nil {
		return b, err
	}
	if sum != r.Sum {
		return b, refuse("the archive is not what the registry says: its SHA-256 is %s", sum)
	}
	dir := filepath.Join(tmp, newDir)
	if err := m.unpack(f, size, dir, l.Provider); err != nil {
		return b, err
	}
	if b.hash, err = hashOf(dir); err != nil {
		return b, err
	}
	if !l.has("zh:"+sum) && !l.has(b.hash) {
		return b, refuse("it is not what the lock file says: neither zh:%s nor %s is there", sum, b.hash)
	}
	return b, nil
}

// download writes the archive, and gives its size and its SHA-256 in hex.
func (m *Mirror) download(ctx context.Context, r release, to io.Writer) (size int64, sum string, err error) {
	u, err := r.link(r.Archive)
	if err != nil {
		return 0, "", err
	}
	resp, err := m.client.open(ctx, u)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.ContentLength > m.Most {
		return 0, "", refuse("the archive is larger than %d bytes", m.Most)
	}
	h := sha256.New()
	size, err = io.Copy(io.MultiWriter(to, h), io.LimitReader(resp.Body, m.Most+1))
	if err != nil {
		return 0, "", fmt.Errorf("read from %s: %w", u.Host, plain(err))
	}
	if size > m.Most {
		return 0, "", refuse("the archive is larger than %d bytes", m.Most)
	}
	return size, hex.EncodeToString(h.Sum(nil)), nil
}

// unpack fills a new folder. Its folders can be read by everybody, whatever the
// process's mask is.
func (m *Mirror) unpack(f *os.File, size int64, dir string, p Provider) (err error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open folder: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	if err := unpack(f, size, root, p, m.Most); err != nil {
		return err
	}
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = root.Chmod(name, 0o755)
		}
		return err
	})
}
