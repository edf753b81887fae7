package egress

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// Injector puts a credential into a request that was already allowed.
type Injector interface {
	// Inject sets the secret of scope on r, or fails; then r is not sent.
	Inject(ctx context.Context, scope string, r *http.Request) error
}

// BearerFile injects the content of a file, read at each use.
type BearerFile struct{ Scope, Path string }

// Inject implements Injector.
func (b BearerFile) Inject(_ context.Context, scope string, r *http.Request) error {
	secret, err := secretFor(b.Scope, scope, b.Path)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+secret)
	return nil
}

// BasicFile injects a user and the password that a file holds at each use.
type BasicFile struct{ Scope, User, Path string }

// Inject implements Injector.
func (b BasicFile) Inject(_ context.Context, scope string, r *http.Request) error {
	secret, err := secretFor(b.Scope, scope, b.Path)
	if err != nil {
		return err
	}
	r.SetBasicAuth(b.User, secret)
	return nil
}

func secretFor(own, asked, path string) (string, error) {
	if own != asked {
		return "", fmt.Errorf("no secret for scope %q", asked)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the secret of scope %q: %w", asked, err)
	}
	secret := strings.TrimSpace(string(raw))
	if secret == "" || !plainText(secret) {
		return "", fmt.Errorf("the secret of scope %q is empty or not plain text", asked)
	}
	return secret, nil
}
