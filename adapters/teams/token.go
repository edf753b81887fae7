package teams

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// leeway is how far the clock of who signs may be from ours, both ways; the Bot
// Framework's documentation names five minutes.
const leeway = 5 * time.Minute

// The channels that are answered, as activities name them: Teams itself, and
// Microsoft's test tools. An activity without one is refused, though Microsoft's
// SDK takes it: no key can be endorsed for what has no name.
const (
	channelTeams    = "msteams"
	channelEmulator = "emulator"
)

// Why a request is refused; what it wraps says more, but never the token's text.
var (
	errUnauthorized = errors.New("unauthorized") // 401: no token, or not one of the Bot Framework's for us
	errForbidden    = errors.New("forbidden")    // 403: a good token, but not for this activity
)

// verifier tells whether an activity was sent by the Bot Framework to this app.
// The zero value refuses everything. It is safe for concurrent use.
type verifier struct {
	rules  *jwt.Validator
	parser *jwt.Parser
	keys   *keys
}

// newVerifier asks nothing yet. Without an app id, an issuer or the address of its
// metadata it refuses everything: the library takes an empty one for "any".
func newVerifier(c Config, client *http.Client, now func() time.Time) *verifier {
	if c.AppID == "" || c.Issuer == "" || c.OpenIDURL == "" {
		return &verifier{}
	}
	rules := []jwt.ParserOption{
		jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}), jwt.WithStrictDecoding(),
		jwt.WithIssuer(c.Issuer), jwt.WithAudience(c.AppID),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway), jwt.WithTimeFunc(now),
	}
	return &verifier{jwt.NewValidator(rules...), jwt.NewParser(rules...), newKeys(c.OpenIDURL, client, now)}
}

// verify checks the header Authorization of an activity. The error is
// errUnauthorized or errForbidden; any other means that it could not be told, as
// when the signing keys cannot be had.
func (v *verifier) verify(ctx context.Context, header, serviceURL, channelID string) error {
	_, err := v.check(ctx, header, serviceURL, channelID)
	return err
}

// check reads the claims twice: unverified, because what is refused anyway must
// not make us ask for keys, and then again by their signature.
func (v *verifier) check(ctx context.Context, header, serviceURL, channelID string) (claims, error) {
	if v.keys == nil {
		return claims{}, fmt.Errorf("%w: no app id is configured", errUnauthorized)
	}
	token, err := bearer(header)
	if err != nil {
		return claims{}, unauthorized(err)
	}
	kid, said, err := readToken(token)
	if err != nil {
		return claims{}, unauthorized(err)
	}
	if err := v.rules.Validate(said); err != nil {
		return claims{}, unauthorized(err)
	}
	by, err := v.keys.find(ctx, kid)
	if err != nil {
		return claims{}, err
	}
	var signed claims
	if _, err := v.parser.ParseWithClaims(token, &signed, func(*jwt.Token) (any, error) { return by.public, nil }); err != nil {
		return claims{}, unauthorized(err)
	}
	return signed, by.allows(signed, serviceURL, channelID)
}

// allows compares what a token is for with what came with it.
func (k signingKey) allows(c claims, serviceURL, channelID string) error {
	switch {
	case !sameService(c.service, serviceURL):
		return fmt.Errorf("%w: the token is for another service URL", errForbidden)
	case channelID != channelTeams && channelID != channelEmulator:
		return fmt.Errorf("%w: the activity is of a channel that is not answered", errForbidden)
	case !slices.Contains(k.endorsed, channelID):
		return fmt.Errorf("%w: the token's key is not endorsed for the activity's channel", errForbidden)
	}
	return nil
}

func unauthorized(why error) error { return fmt.Errorf("%w: %w", errUnauthorized, why) }
