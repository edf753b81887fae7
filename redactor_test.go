package main

import (
	"encoding/base64"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"interlock/config"
)

// What the configuration holds is taken out of what tools tell, in any form.
func TestConfiguredSecretsAreKnown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	scope := filepath.Join(dir, "scope")
	if err := os.WriteFile(scope, []byte("wren-harbour-quartz-17\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "interlock.yaml")
	text := "model: {provider: openai, name: m, base_url: \"http://127.0.0.1:1\", api_key: env:KEY}\norgs: {acme: {scopes: {forge: {file: " + scope + "}}}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, _, err := config.Load(file, []string{"KEY=plover-lantern-basalt-42"})
	if err != nil {
		t.Fatal(err)
	}
	clean, err := redactor(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"plover-lantern-basalt-42", "wren-harbour-quartz-17"} {
		for _, said := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret))} {
			if got := clean("it is " + said + " here"); strings.Contains(got, said) || !strings.HasPrefix(got, "it is ") {
				t.Errorf("%q", got)
			}
		}
	}
}
