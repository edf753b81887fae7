package teams

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"net/http"
	"net/url"

	"github.com/golang-jwt/jwt/v5"
)

// Limits of what a server of keys may answer.
const (
	longestKeys  = 1 << 20 // bytes of the metadata, and of the set
	weakestKey   = 2048    // bits
	strongestKey = 8192    // bits; each check of a larger one costs too much
	keyHops      = 3       // redirects, on the same host
)

var errRedirect = errors.New("it redirects to another host")

// signingKey is one that signs, for the channels that endorse it.
type signingKey struct {
	public   *rsa.PublicKey
	endorsed []string
}

// wireKey is a key as the set has it. A chain of certificates beside it (x5c) is
// not looked at: the TLS connection vouches for the set.
type wireKey struct {
	Kty          string   `json:"kty"`
	Use          string   `json:"use"`
	Alg          string   `json:"alg"`
	Kid          string   `json:"kid"`
	N            string   `json:"n"`
	E            string   `json:"e"`
	Endorsements []string `json:"endorsements"`
}

// within is a client that stays on the host it was sent to.
func within(client *http.Client) *http.Client {
	c := *client
	c.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if len(via) > keyHops || !sameOrigin(r.URL, via[0].URL) {
			return errRedirect
		}
		return nil
	}
	return &c
}

// fetchKeys reads the metadata, and the set that it names: on the same host, or
// both on loopback.
func fetchKeys(ctx context.Context, client *http.Client, metadata string) (map[string]signingKey, error) {
	from, err := url.Parse(metadata)
	if err != nil || !guarded(from) {
		return nil, errors.New("fetch signing keys: teams.openid_url is no https address")
	}
	var doc struct {
		JWKS string `json:"jwks_uri"`
	}
	if err := fetchJSON(ctx, client, from, &doc); err != nil {
		return nil, fmt.Errorf("fetch metadata: %w", err)
	}
	at, err := url.Parse(doc.JWKS)
	if err != nil || !guarded(at) || !sameOrigin(at, from) && (!loopback(at) || !loopback(from)) {
		return nil, errors.New("fetch signing keys: the metadata names a set on another host")
	}
	var list struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := fetchJSON(ctx, client, at, &list); err != nil {
		return nil, fmt.Errorf("fetch signing keys: %w", err)
	}
	set := keySet(list.Keys)
	if len(set) == 0 {
		return nil, errors.New("fetch signing keys: the set has no key that can be used")
	}
	return set, nil
}

// keySet leaves out what cannot be used. Of two keys with one id the first counts,
// as in Microsoft's SDK.
func keySet(list []json.RawMessage) map[string]signingKey {
	set := map[string]signingKey{}
	for _, raw := range list {
		var w wireKey
		if json.Unmarshal(raw, &w) != nil {
			continue
		}
		_, twice := set[w.Kid]
		if k, ok := w.key(); ok && !twice {
			set[w.Kid] = k
		}
	}
	return set
}

func (w wireKey) key() (signingKey, bool) {
	signs := w.Kty == "RSA" && (w.Use == "" || w.Use == "sig") && (w.Alg == "" || w.Alg == jwt.SigningMethodRS256.Alg())
	if !signs || w.Kid == "" || len(w.Kid) > longestKeyID {
		return signingKey{}, false
	}
	n, err := base64.RawURLEncoding.DecodeString(w.N)
	if err != nil {
		return signingKey{}, false
	}
	e, err := base64.RawURLEncoding.DecodeString(w.E)
	if err != nil || len(e) > 4 {
		return signingKey{}, false
	}
	modulus, exponent := new(big.Int).SetBytes(n), new(big.Int).SetBytes(e).Int64()
	if bits := modulus.BitLen(); bits < weakestKey || bits > strongestKey || modulus.Bit(0) == 0 {
		return signingKey{}, false
	}
	if exponent < 3 || exponent > math.MaxInt32 || exponent%2 == 0 {
		return signingKey{}, false
	}
	return signingKey{&rsa.PublicKey{N: modulus, E: int(exponent)}, w.Endorsements}, true
}

// fetchJSON reads a document of JSON.
func fetchJSON(ctx context.Context, client *http.Client, from *url.URL, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, from.String(), nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "application/json")
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // only read
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %d", from.Host, resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, longestKeys+1))
	if err != nil {
		return fmt.Errorf("read from %s: %w", from.Host, err)
	}
	if len(body) > longestKeys {
		return fmt.Errorf("%s answers with more than %d bytes", from.Host, longestKeys)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("read from %s: %w", from.Host, err)
	}
	return nil
}
