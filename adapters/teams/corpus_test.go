package teams

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// broken makes a request for each rule of the corpus that must be refused.
func broken() map[string]forgery {
	all := map[string]forgery{}
	for _, f := range forgeries("http://127.0.0.1:1") {
		all[f.name] = f
	}
	return map[string]forgery{
		"no-authorization-header":   all["header empty"],
		"not-two-parts":             all["header scheme alone"],
		"not-a-jwt":                 {header: "Bearer not-a-jwt", want: errUnauthorized},
		"emulator-issuer":           all[`iss "https://sts.windows.net/99999999-2222-4333-8444-555555555555/"`],
		"no-audience":               all["aud missing"],
		"expired-beyond-5min":       all["exp 301 s ago"],
		"serviceurl-absent":         all["serviceurl missing"],
		"alg-none":                  all["alg none"],
		"alg-HS256-with-public-key": all["HS256 with the public key as PEM"],
		"kid-unknown":               all["kid unknown"],
		"bad-signature":             all["one bit of the signature"],
		"channelId-empty":           all["channel none"], // disputed: Microsoft's SDK takes it, we do not
	}
}

// Each line of the corpus is played against an authority of the test's own.
func TestCorpus(t *testing.T) {
	f, err := os.Open(filepath.Join("testdata", "auth", "auth_cases.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rules := broken()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var c struct {
			Kind, Name, Authorization string
			Accept, Disputed          bool
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		t.Run(c.Kind+" "+c.Name, func(t *testing.T) {
			rule, known := rules[c.Name]
			switch {
			case c.Kind == "real-header":
				forgery{header: c.Authorization, want: errUnauthorized}.try(t)
			case c.Name == "auth-disabled": // TestHalfAConfigurationRefuses has more of it
				if err := newVerifier(Config{}, nil, nil).verify(t.Context(), "", "", ""); !errors.Is(err, errUnauthorized) {
					t.Error(err)
				}
			case known && rule.want != nil && c.Accept == c.Disputed:
				rule.try(t)
			case c.Accept && (c.Name == "valid" || c.Name == "expired-within-5min"):
				token := mint(func(_, body map[string]any) {
					if c.Name != "valid" {
						body["exp"] = noon.Unix() - 299
					}
				})
				if err := newAuthority().verifier().verify(t.Context(), "Bearer "+token, testService, channelTeams); err != nil {
					t.Error(err)
				}
			default:
				t.Error("this test does not know the rule")
			}
		})
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}
