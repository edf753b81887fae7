package teamstest

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/http"
	"slices"
)

const (
	metadataPath = "/v1/.well-known/openidconfiguration"
	keysPath     = "/v1/.well-known/keys"
	keyBits      = 2048
	exponent     = 65537
)

// issuer is who signs what Teams sends.
type issuer struct {
	keys     []*signer // the last one signs
	made     int
	metadata int // times fetched
	listed   int
	seals    map[string]seal // by connector
}

// signer is one key.
type signer struct {
	id           string
	n            *big.Int
	private      *rsa.PrivateKey // nil of a key that never signs
	endorsements []string        // channels that the key may speak for
}

// newIssuer has a set of two keys. The first one is a number whose factors nobody
// knows: to make a key takes long, and it never signs.
func newIssuer(private *rsa.PrivateKey) (issuer, error) {
	i := issuer{seals: map[string]seal{}}
	bits := make([]byte, keyBits/8)
	_, _ = rand.Read(bits) // it never fails
	bits[0] |= 0x80
	bits[len(bits)-1] |= 1
	i.add(new(big.Int).SetBytes(bits), nil)
	if private == nil {
		return i, i.turn()
	}
	i.add(private.N, private)
	return i, nil
}

// turn adds a new key, which signs from now on.
func (i *issuer) turn() error {
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	i.add(private.N, private)
	return nil
}

func (i *issuer) add(n *big.Int, private *rsa.PrivateKey) {
	i.made++
	i.keys = append(i.keys, &signer{
		id: fmt.Sprintf("key-%d", i.made), n: n, private: private, endorsements: []string{"msteams", "webchat"},
	})
}

// signing is the key that signs now.
func (i *issuer) signing() *signer { return i.keys[len(i.keys)-1] }

// Rotate signs with a new key from now on, and takes the oldest out of the set.
func (s *Server) Rotate() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.turn(); err != nil {
		return err
	}
	s.keys = s.keys[1:]
	s.changed()
	return nil
}

// Endorse says for which channels the key that signs now may speak. Without any
// its endorsements are an empty list.
func (s *Server) Endorse(channels ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signing().endorsements = slices.Clone(channels)
}

// Key is the key that signs now, and its id.
func (s *Server) Key() (private *rsa.PrivateKey, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.signing().private, s.signing().id
}

// Fetches tells how often the metadata and the set of keys were asked for.
func (s *Server) Fetches() (metadata, keys int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.metadata, s.listed
}

// openid answers with the metadata.
func (s *Server) openid(*call) (int, any, error) {
	s.metadata++
	return http.StatusOK, object{
		"issuer": s.Issuer(), "authorization_endpoint": "https://invalid.botframework.com", "jwks_uri": s.base + keysPath,
		"id_token_signing_alg_values_supported": []string{"RS256"}, "token_endpoint_auth_methods_supported": []string{"private_key_jwt"},
	}, nil
}

// jwks answers with the set of keys.
func (s *Server) jwks(*call) (int, any, error) {
	s.listed++
	list := make([]object, 0, len(s.keys))
	for _, k := range s.keys {
		list = append(list, object{
			"kty": "RSA", "use": "sig", "kid": k.id, "x5t": k.id, "endorsements": k.endorsements,
			"n": number(k.n), "e": number(big.NewInt(exponent)),
		})
	}
	return http.StatusOK, object{"keys": list}, nil
}

func number(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
