package teams

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func newKey(bits int) *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return k
}

// authority is a Bot Framework of the test's own: metadata and keys. It answers
// over a socket or, as a RoundTripper, without one.
type authority struct {
	url   string // without a slash at the end
	asked atomic.Int64

	mu   sync.Mutex
	keys []map[string]any
	jwks string // the whole answer in the place of keys
	link string // the jwks_uri, when not its own
	fail bool
	slow chan struct{} // when set, answers wait for it
}

func newAuthority() *authority {
	return &authority{url: "https://login.botframework.example", keys: []map[string]any{jwk(testKey, &goodKey().PublicKey, channelTeams, "skype")}}
}

// listen puts it on loopback.
func (a *authority) listen(t *testing.T) *authority {
	s := httptest.NewServer(a)
	t.Cleanup(s.Close)
	a.url = s.URL
	return a
}

func jwk(kid string, k *rsa.PublicKey, endorsements ...string) map[string]any {
	return map[string]any{
		"kty": "RSA", "use": "sig", "kid": kid, "x5t": kid, "endorsements": endorsements,
		"n": encode(k.N.Bytes()), "e": encode(big.NewInt(int64(k.E)).Bytes()),
	}
}

func (a *authority) set(change func(*authority)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(a)
}

func (a *authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.asked.Add(1)
	a.mu.Lock()
	fail, slow, link, answer := a.fail, a.slow, a.link, a.jwks
	if answer == "" {
		b, _ := json.Marshal(map[string]any{"keys": a.keys})
		answer = string(b)
	}
	a.mu.Unlock()
	if slow != nil {
		select {
		case <-slow:
		case <-r.Context().Done():
			return
		}
	}
	if link == "" {
		link = a.url + "/keys"
	}
	switch {
	case fail:
		http.Error(w, "down", http.StatusServiceUnavailable)
	case r.URL.Path == "/openid":
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": testIssuer, "jwks_uri": link})
	default:
		_, _ = w.Write([]byte(answer))
	}
}

// RoundTrip answers in the caller's goroutine: no socket, so time can be faked.
func (a *authority) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	rec := httptest.NewRecorder()
	a.ServeHTTP(rec, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	resp := rec.Result()
	resp.Request = r
	return resp, nil
}

func (a *authority) config() Config {
	return Config{AppID: testApp, Issuer: testIssuer, OpenIDURL: a.url + "/openid"}
}

// verifier is one at noon, that asks over a socket where the authority has one.
func (a *authority) verifier() *verifier {
	client := &http.Client{}
	if strings.HasPrefix(a.url, "https:") {
		client.Transport = a
	}
	return newVerifier(a.config(), client, func() time.Time { return noon })
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// facts are what a good token says, for a test to change.
func facts() (head, body map[string]any) {
	return map[string]any{"alg": "RS256", "typ": "JWT", "kid": testKey, "x5t": testKey},
		map[string]any{
			"iss": testIssuer, "aud": testApp, "serviceurl": testService,
			"nbf": noon.Add(-5 * time.Minute).Unix(), "exp": noon.Add(55 * time.Minute).Unix(),
		}
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// rs256 signs what stands before the last dot.
func rs256(k *rsa.PrivateKey) func(string) []byte {
	return func(input string) []byte {
		sum := sha256.Sum256([]byte(input))
		sig, err := rsa.SignPKCS1v15(nil, k, crypto.SHA256, sum[:])
		if err != nil {
			panic(err)
		}
		return sig
	}
}

// assemble makes a token of texts that need not be good JSON.
func assemble(head, body string, sign func(string) []byte) string {
	input := encode([]byte(head)) + "." + encode([]byte(body))
	return input + "." + encode(sign(input))
}

// goodToken is what all tests take for a good one at noon.
var goodToken = sync.OnceValue(func() string { return mint(nil) })

// mint is a token with some claims changed, well signed.
func mint(change func(head, body map[string]any)) string {
	head, body := facts()
	if change != nil {
		change(head, body)
	}
	return assemble(asJSON(head), asJSON(body), rs256(goodKey()))
}
