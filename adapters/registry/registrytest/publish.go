package registrytest

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"golang.org/x/mod/sumdb/dirhash"

	"interlock/adapters/registry"
)

// Member is one file of an archive.
type Member struct {
	Name string
	Body string
	Mode fs.FileMode // 0 is a plain file of mode 0644
}

// Zip packs members as they are told, however wrong that is.
func Zip(t testing.TB, members ...Member) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.Name, Method: zip.Deflate}
		if m.Mode == 0 {
			m.Mode = 0o644
		}
		h.SetMode(m.Mode)
		w, err := z.CreateHeader(h)
		if err == nil && !strings.HasSuffix(m.Name, "/") {
			_, err = w.Write([]byte(m.Body))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Hashes are those that a lock file would have of an archive.
func Hashes(t testing.TB, archive []byte) (zh, h1 string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.zip")
	if err := os.WriteFile(name, archive, 0o600); err != nil {
		t.Fatal(err)
	}
	h1, err := dirhash.HashZip(name, dirhash.Hash1)
	if err != nil {
		t.Fatal(err)
	}
	return "zh:" + sum(archive), h1
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// Lock is the lock file of one provider.
func Lock(p registry.Provider, version string, hashes ...string) string {
	return fmt.Sprintf("# Kept by tofu init.\n\nprovider %q {\n  version     = %q\n  constraints = %q\n  hashes = [\n    %s,\n  ]\n}\n",
		p.String(), version, version, `"`+strings.Join(hashes, "\",\n    \"")+`"`)
}

// Release is the registry's answer about one version; a test can spoil it.
type Release struct {
	OS       string         `json:"os"`
	Arch     string         `json:"arch"`
	Filename string         `json:"filename"`
	Archive  string         `json:"download_url"`
	Sum      string         `json:"shasum"`
	Sums     string         `json:"shasums_url"`
	Sign     string         `json:"shasums_signature_url"`
	Keys     map[string]any `json:"signing_keys"`
}

// Publish makes the provider's host a registry that has it; the archive is at
// another host, files.HOST. Spoil may change the answer before it is made.
func (w *World) Publish(t testing.TB, p registry.Provider, version, platform string, archive []byte, spoil func(*Release)) {
	t.Helper()
	system, arch, _ := strings.Cut(platform, "_")
	file := fmt.Sprintf("terraform-provider-%s_%s_%s.zip", p.Type, version, platform)
	r := Release{
		OS: system, Arch: arch, Filename: file, Sum: sum(archive), Keys: w.keys(t),
		Archive: "https://files." + p.Host + "/" + file, Sums: "/sums", Sign: "/sums.sig",
	}
	if spoil != nil {
		spoil(&r)
	}
	sums := []byte(sum([]byte("another")) + "  another.zip\n" + r.Sum + "  " + file + "\n")
	w.Answers[p.Host+"/.well-known/terraform.json"] = Answer(`{"modules.v1":"/m/","providers.v1":"/v1/providers/"}`)
	w.Answers[fmt.Sprintf("%s/v1/providers/%s/%s/%s/download/%s/%s", p.Host, p.Namespace, p.Type, version, system, arch)] = Answer(text(t, r))
	w.Answers[p.Host+"/sums"], w.Answers[p.Host+"/sums.sig"] = Answer(string(sums)), Answer(w.sign(t, sums))
	w.Answers["files."+p.Host+"/"+file] = Answer(string(archive))
}

// Answer says the same to everybody.
func Answer(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
}

func (w *World) keys(t testing.TB) map[string]any {
	t.Helper()
	if w.Key == nil {
		return map[string]any{"gpg_public_keys": []any{}}
	}
	var b bytes.Buffer
	a, err := armor.Encode(&b, openpgp.PublicKeyType, nil)
	if err == nil {
		err = w.Key.Serialize(a)
	}
	if err == nil {
		err = a.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{"gpg_public_keys": []any{map[string]any{"key_id": w.Key.PrimaryKey.KeyIdString(), "ascii_armor": b.String()}}}
}

func (w *World) sign(t testing.TB, sums []byte) string {
	t.Helper()
	var b bytes.Buffer
	if w.Key == nil {
		return ""
	}
	if err := openpgp.DetachSign(&b, w.Key, bytes.NewReader(sums), nil); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func text(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
