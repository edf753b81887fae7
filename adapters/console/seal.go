package console

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

var errSeal = errors.New("what was sealed is not ours or has ended")

// signer is the key of a console, which every process that serves it has.
type signer []byte

// mac signs the parts for one purpose. The length before each part keeps two
// different lists from ever giving the same bytes.
func (k signer) mac(purpose string, parts ...string) string {
	m := hmac.New(sha256.New, k)
	for _, s := range append([]string{purpose}, parts...) {
		var n [8]byte
		for i, l := 0, len(s); i < len(n); i, l = i+1, l>>8 {
			n[i] = byte(l)
		}
		m.Write(n[:])
		m.Write([]byte(s))
	}
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

func same(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }

// seal writes a session, signed for one purpose: what is sealed for another one does
// not open.
func (k signer) seal(purpose string, s session) string {
	b, err := json.Marshal(s)
	if err != nil {
		return "" // two strings and a time of this era always marshal
	}
	body := base64.RawURLEncoding.EncodeToString(b)
	return body + "." + k.mac(purpose, body)
}

func (k signer) unseal(purpose, value string, now time.Time) (s session, err error) {
	body, sum, _ := strings.Cut(value, ".")
	if !same(sum, k.mac(purpose, body)) {
		return s, errSeal
	}
	b, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return s, errSeal
	}
	if err := json.Unmarshal(b, &s); err != nil || !now.Before(s.Ends) {
		return session{}, errSeal
	}
	return s, nil
}
