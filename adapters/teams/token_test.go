package teams

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	testApp     = "11111111-2222-4333-8444-555555555555"
	testIssuer  = "https://api.botframework.example"
	testService = "https://smba.trafficmanager.net/emea/"
	testKey     = "key-1"
)

// noon is when tests of tokens take place.
var noon = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// Making keys takes long, so all tests share these.
var (
	goodKey  = sync.OnceValue(func() *rsa.PrivateKey { return newKey(2048) })
	otherKey = sync.OnceValue(func() *rsa.PrivateKey { return newKey(2048) })
	weakKey  = sync.OnceValue(func() *rsa.PrivateKey { return newKey(1024) })
)

func TestVerifyTakes(t *testing.T) {
	claim := func(name string, value any) func(_, body map[string]any) {
		return func(_, body map[string]any) { body[name] = value }
	}
	for name, c := range map[string]struct {
		change           func(head, body map[string]any)
		scheme           string
		service, channel string
	}{
		"as it comes":                     {},
		"scheme in small letters":         {scheme: "bearer "},
		"scheme in capitals":              {scheme: "BEARER "},
		"no typ":                          {change: func(head, _ map[string]any) { delete(head, "typ") }},
		"typ in small letters":            {change: func(head, _ map[string]any) { head["typ"] = "jwt" }},
		"a list of one audience":          {change: claim("aud", []string{testApp})},
		"no nbf":                          {change: func(_, body map[string]any) { delete(body, "nbf") }},
		"expired 299 s ago":               {change: claim("exp", noon.Unix()-299)},
		"valid in 299 s":                  {change: claim("nbf", noon.Unix()+299)},
		"issued in 299 s":                 {change: claim("iat", noon.Unix()+299)},
		"a time with a fraction":          {change: claim("exp", float64(noon.Unix())+60.5)},
		"claims that are not known":       {change: claim("roles", []any{"a", 1, map[string]any{"b": nil}})},
		"activity without the last slash": {service: strings.TrimSuffix(testService, "/")},
		"activity with its host shouted":  {service: strings.Replace(testService, "smba", "SMBA", 1)},
		"claim with its host shouted":     {change: claim("serviceurl", strings.Replace(testService, "smba", "SMBA", 1))},
	} {
		t.Run(name, func(t *testing.T) {
			service, channel, scheme := testService, channelTeams, "Bearer "
			if c.service != "" {
				service = c.service
			}
			if c.scheme != "" {
				scheme = c.scheme
			}
			if err := newAuthority().verifier().verify(t.Context(), scheme+mint(c.change), service, channel); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTheEmulatorNeedsItsEndorsement(t *testing.T) {
	a := newAuthority()
	header := "Bearer " + goodToken()
	if err := a.verifier().verify(t.Context(), header, testService, channelEmulator); !errors.Is(err, errForbidden) {
		t.Errorf("without: %v", err)
	}
	a.keys = []map[string]any{jwk(testKey, &goodKey().PublicKey, channelEmulator)}
	if err := a.verifier().verify(t.Context(), header, testService, channelEmulator); err != nil {
		t.Errorf("with: %v", err)
	}
}

func TestHalfAConfigurationRefuses(t *testing.T) {
	header := "Bearer " + goodToken()
	for name, change := range map[string]func(*Config){
		"no app id":   func(c *Config) { c.AppID = "" },
		"no issuer":   func(c *Config) { c.Issuer = "" },
		"no metadata": func(c *Config) { c.OpenIDURL = "" },
		"nothing":     func(c *Config) { *c = Config{} },
	} {
		a := newAuthority()
		c := a.config()
		change(&c)
		v := newVerifier(c, &http.Client{Transport: a}, func() time.Time { return noon })
		for _, h := range []string{header, "", "Bearer ", "junk"} {
			if err := v.verify(t.Context(), h, testService, channelTeams); !errors.Is(err, errUnauthorized) {
				t.Errorf("%s, %.10q: %v", name, h, err)
			}
		}
		if n := a.asked.Load(); n != 0 {
			t.Errorf("%s: %d requests", name, n)
		}
	}
	if err := (&verifier{}).verify(t.Context(), header, testService, channelTeams); !errors.Is(err, errUnauthorized) {
		t.Errorf("the zero value: %v", err)
	}
}

func TestNobodyIsBelievedWithoutKeys(t *testing.T) {
	a := newAuthority()
	a.fail = true
	err := a.verifier().verify(t.Context(), "Bearer "+goodToken(), testService, channelTeams)
	if !errors.Is(err, errNoKeys) || errors.Is(err, errUnauthorized) || errors.Is(err, errForbidden) {
		t.Errorf("it is not the sender's fault: %v", err)
	}
}

func TestErrorsHideTheToken(t *testing.T) {
	v := newAuthority().verifier()
	token := mint(func(head, body map[string]any) {
		head["kid"], body["iss"], body["aud"], body["serviceurl"] = "kid-sentinel", testIssuer, testApp, "https://service-sentinel"
	})
	for _, h := range []string{token, "Bearer " + token, "Bearer " + token + "!", "Bearer " + token + ".x", "Bearer x" + token} {
		err := v.verify(context.Background(), h, testService, channelTeams)
		if err == nil || strings.Contains(err.Error(), "sentinel") || strings.Contains(err.Error(), token[:10]) {
			t.Errorf("%.20q: %v", h, err)
		}
	}
}

// Whatever stands in the header: only the one good token is taken, in any case of
// the scheme.
func FuzzVerify(f *testing.F) {
	good := goodToken()
	for _, h := range []string{
		"", "Bearer", "Bearer ", "Bearer " + good, "bearer " + good, "Bearer  " + good, " Bearer " + good, "Bearer " + good + "=", "Bearer " + good + "\n",
		"Bearer a.b.c", "Bearer ..", "Bearer " + good[:len(good)/2], "\ufeffBearer " + good, "Basic " + good,
		"Bearer " + assemble(`{"alg":"none"}`, `{}`, func(string) []byte { return nil }),
		"Bearer " + assemble(`null`, `null`, func(string) []byte { return nil }),
		"Bearer " + assemble(`{"alg":"RS256","kid":"`+testKey+`"}`, `null`, func(string) []byte { return nil }),
	} {
		f.Add(h)
	}
	a := newAuthority()
	v := a.verifier()
	f.Fuzz(func(t *testing.T, header string) {
		err := v.verify(t.Context(), header, testService, channelTeams)
		scheme, token, _ := strings.Cut(header, " ")
		if (err == nil) != (strings.EqualFold(scheme, "Bearer") && token == good) {
			t.Errorf("%q: %v", header, err)
		}
		if n := a.asked.Load(); n > 4 { // the set, and once for some unknown key
			t.Errorf("%d requests", n)
		}
	})
}

// Whatever the claims are: no panic, and what is read again is the same.
func FuzzClaims(f *testing.F) {
	_, body := facts()
	for _, s := range []string{
		asJSON(body), `{}`, `null`, `[]`, `{"iss":"a","aud":["b"],"serviceurl":"c","exp":1e300}`, `{"iss":"a","iss":"b"}`,
		`{"iss":"a","aud":"b","serviceurl":"c","exp":-1}`, `{"iss":1}`, `{"iss":"a"} x`, "{\"iss\":\"\xff\"}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var c, again claims
		if c.UnmarshalJSON([]byte(s)) != nil {
			return
		}
		if !json.Valid([]byte(s)) || c.service == "" {
			t.Errorf("taken: %q", s)
		}
		if err := json.Unmarshal([]byte(s), &again); err != nil || again.issuer != c.issuer || again.audience != c.audience || again.service != c.service {
			t.Errorf("%q read as %+v, then as %+v, %v", s, c, again, err)
		}
	})
}
