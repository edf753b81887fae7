package image

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"strings"
)

// sumOf is the SHA-256 of a file, in hex; "" is that it cannot be read.
func sumOf(file string) string {
	f, err := os.Open(file) //nolint:gosec // our own cache
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// run runs a program of this machine. Its error ends with the last words of it.
func run(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	c := osexec.CommandContext(ctx, name, args...) //nolint:gosec // fixed programs, checked arguments
	c.Dir = dir
	c.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		return out, fmt.Errorf("%s: %w: %s", name, err, lastLine(stderr.String()))
	}
	return out, nil
}

// lastLine is what a program said last, which is mostly why it ended.
func lastLine(text string) string {
	text = strings.TrimSpace(text)
	if i := strings.LastIndexByte(text, '\n'); i >= 0 {
		text = strings.TrimSpace(text[i:])
	}
	if len(text) > 300 {
		text = text[:300]
	}
	return text
}
