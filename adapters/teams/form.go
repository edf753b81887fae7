package teams

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
)

// Limits of a token. The Bot Framework's are about 1 KiB.
const (
	longestHeader = 16 << 10 // bytes of the header Authorization
	longestKeyID  = 256
)

// bearer takes the token out of the header Authorization: one scheme, one space,
// three parts of base64url. It reads nothing in it.
func bearer(header string) (string, error) {
	if len(header) > longestHeader {
		return "", errors.New("the header Authorization is too long")
	}
	scheme, token, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return "", errors.New("no bearer token")
	}
	if strings.Count(token, ".") != 2 || strings.ContainsFunc(token, unspelt) {
		return "", errors.New("the bearer token is no signed token")
	}
	return token, nil
}

// unspelt finds what is not of base64url: Go's decoder skips line ends, and a
// token must have one spelling.
func unspelt(r rune) bool {
	return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
}

// readToken gives a token's key id and claims without believing them: it finds what
// need not be verified, because it is refused anyway.
func readToken(token string) (kid string, c claims, err error) {
	parts := strings.Split(token, ".")
	head, err := base64.RawURLEncoding.Strict().DecodeString(parts[0])
	if err != nil {
		return "", c, errors.New("the token's header is not base64url")
	}
	if kid, err = keyID(head); err != nil {
		return "", c, err
	}
	body, err := base64.RawURLEncoding.Strict().DecodeString(parts[1])
	if err != nil {
		return "", c, errors.New("the token's claims are not base64url")
	}
	return kid, c, c.UnmarshalJSON(body)
}

// keyID reads a token's header. Where else keys could be had (jku, x5u, jwk,
// x5c) is not even looked at.
func keyID(head []byte) (string, error) {
	all, err := object(head)
	if err != nil {
		return "", fmt.Errorf("the token's header: %w", err)
	}
	if alg, _ := claimText(all["alg"]); alg != jwt.SigningMethodRS256.Alg() {
		return "", errors.New("the token is not signed with RS256")
	}
	if _, ok := all["crit"]; ok {
		return "", errors.New("the token's header has something critical that is not understood")
	}
	if typ, ok := claimText(all["typ"]); all["typ"] != nil && (!ok || !strings.EqualFold(typ, "JWT")) {
		return "", errors.New("the token is not a JWT")
	}
	kid, _ := claimText(all["kid"])
	if kid == "" || len(kid) > longestKeyID {
		return "", errors.New("the token names no key")
	}
	return kid, nil
}

// object reads one JSON object with each name once, and nothing behind it: two
// readers must not see two different tokens.
func object(data []byte) (map[string]json.RawMessage, error) {
	broken := errors.New("not one JSON object")
	dec := json.NewDecoder(bytes.NewReader(data))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') || !utf8.Valid(data) {
		return nil, broken
	}
	all := map[string]json.RawMessage{}
	for dec.More() {
		name, err := dec.Token()
		key, ok := name.(string)
		if err != nil || !ok {
			return nil, broken
		}
		var value json.RawMessage
		if dec.Decode(&value) != nil {
			return nil, broken
		}
		if _, twice := all[key]; twice {
			return nil, errors.New("a name that stands there twice")
		}
		all[key] = value
	}
	if _, err := dec.Token(); err != nil { // the closing brace
		return nil, broken
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, broken
	}
	return all, nil
}
