package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRedactCommand(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(file, []byte("correct-horse\nshort\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		in, out, log string
		code         int
	}{
		{"nothing here\n", "nothing here\n", "1 of 2 values: too plain", 0},
		{"a correct-horse\n", "a [redacted: known secret]\n", "redacted 1 known secret", exitFound},
		{"password=hunter22\n", "password=[redacted: assignment]\n", "redacted 1 assignment", exitFound},
	} {
		var out, log bytes.Buffer
		c := redactCommand()
		c.SilenceUsage, c.SilenceErrors = true, true
		c.SetIn(strings.NewReader(tc.in))
		c.SetOut(&out)
		c.SetErr(&log)
		c.SetArgs([]string{"--check", "--secrets", file})
		err, code := c.Execute(), 0
		if e := (*coded)(nil); errors.As(err, &e) {
			code = e.code
		}
		if out.String() != tc.out || !strings.Contains(log.String(), tc.log) || code != tc.code {
			t.Errorf("%q: %q, %q, code %d (%v)", tc.in, out.String(), log.String(), code, err)
		}
	}
}
