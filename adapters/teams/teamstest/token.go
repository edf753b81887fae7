package teamstest

import (
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Forgery says how a token is different from a good one. The zero value is a
// good one.
type Forgery struct {
	Header map[string]any    // parts of its header; a nil value takes one away
	Claims map[string]any    // parts of its body; a nil value takes one away
	Method jwt.SigningMethod // nil is RS256
	Key    any               // what Method signs with; nil is the key that signs now
}

// lifeOfSent is how long a token lives that Teams sends.
const lifeOfSent = time.Hour

// Token is a token as Teams sends it with an activity, or a forgery. One that
// cannot be made is noted as misuse and is empty.
func (s *Server) Token(f Forgery) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sign(s.ServiceURL(), f)
}

// sign makes a token for a connector. The lock is held.
func (s *Server) sign(service string, f Forgery) string {
	now, k := time.Now(), s.signing()
	claims := jwt.MapClaims{
		"iss": s.Issuer(), "aud": s.opts.AppID, "serviceurl": service,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(lifeOfSent).Unix(),
	}
	var method jwt.SigningMethod = jwt.SigningMethodRS256
	var key any = k.private
	if f.Method != nil {
		method = f.Method
	}
	if f.Key != nil {
		key = f.Key
	}
	t := jwt.NewWithClaims(method, claims)
	t.Header["kid"], t.Header["x5t"] = k.id, k.id
	replace(claims, f.Claims)
	replace(t.Header, f.Header)
	text, err := t.SignedString(key)
	if err != nil {
		s.problem(ruleMisuse, "Token: %v", err)
	}
	return text
}

// replace puts what is different into a map.
func replace(m, with map[string]any) {
	for k, v := range with {
		if v == nil {
			delete(m, k)
			continue
		}
		m[k] = v
	}
}

// seal is a token that was made for a connector. Teams uses one for a while, and
// so does this: signing is the slowest thing that happens here.
type seal struct {
	key, token string
	until      time.Time
}

// sealed is a good token for a connector. The lock is held.
func (s *Server) sealed(service string) string {
	k, now := s.signing(), time.Now()
	if old, ok := s.seals[service]; ok && old.key == k.id && now.Before(old.until) {
		return old.token
	}
	token := s.sign(service, Forgery{})
	s.seals[service] = seal{key: k.id, token: token, until: now.Add(lifeOfSent / 2)}
	return token
}
