package teams

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// lastSecond is of the year 9999: beyond it seconds are no time.
const lastSecond = 253402300799

// claims are those of a token that are looked at. They are jwt.Claims.
type claims struct {
	issuer, audience, service  string
	expires, notBefore, issued *jwt.NumericDate
}

var _ jwt.Claims = claims{}

// UnmarshalJSON takes names in their exact case, each once, and values of the
// right type alone. An error never repeats what stands there.
func (c *claims) UnmarshalJSON(data []byte) (err error) {
	all, err := object(data)
	if err != nil {
		return fmt.Errorf("the token's claims: %w", err)
	}
	*c = claims{}
	var ok bool
	if c.issuer, ok = claimText(all["iss"]); !ok {
		return errors.New("the claim iss is no text")
	}
	if c.audience, ok = oneAudience(all["aud"]); !ok {
		return errors.New("the claim aud is not one text")
	}
	if c.service, ok = claimText(all["serviceurl"]); !ok || c.service == "" {
		return errors.New("the claim serviceurl is no text")
	}
	for name, at := range map[string]**jwt.NumericDate{"exp": &c.expires, "nbf": &c.notBefore, "iat": &c.issued} {
		if raw, there := all[name]; there {
			if *at, ok = claimTime(raw); !ok {
				return fmt.Errorf("the claim %s is no time", name)
			}
		}
	}
	return nil
}

// GetExpirationTime is nil where there is none; the rules want one.
func (c claims) GetExpirationTime() (*jwt.NumericDate, error) { return c.expires, nil }

// GetNotBefore is nil where there is none.
func (c claims) GetNotBefore() (*jwt.NumericDate, error) { return c.notBefore, nil }

// GetIssuedAt is nil where there is none.
func (c claims) GetIssuedAt() (*jwt.NumericDate, error) { return c.issued, nil }

// GetIssuer is never looked up, only compared.
func (c claims) GetIssuer() (string, error) { return c.issuer, nil }

// GetSubject is empty: the connector's tokens have none.
func (claims) GetSubject() (string, error) { return "", nil }

// GetAudience is always one.
func (c claims) GetAudience() (jwt.ClaimStrings, error) { return jwt.ClaimStrings{c.audience}, nil }

// oneAudience takes a list of one, which says the same as a text. A token for us and
// for somebody else is refused: the other could pass it on to us as its own.
func oneAudience(raw json.RawMessage) (string, bool) {
	if one, ok := claimText(raw); ok {
		return one, true
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || len(list) != 1 {
		return "", false
	}
	return claimText(list[0])
}

func claimText(raw json.RawMessage) (s string, ok bool) {
	return s, len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &s) == nil
}

// claimTime reads seconds since 1970. A text that looks like a number is none.
func claimTime(raw json.RawMessage) (*jwt.NumericDate, bool) {
	secs, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || !(secs >= 0 && secs <= lastSecond) {
		return nil, false
	}
	return jwt.NewNumericDate(time.Unix(int64(secs), 0)), true
}
