package teams

import (
	"context"

	"github.com/infracloudio/msbotbuilder-go/connector/auth"
	"github.com/infracloudio/msbotbuilder-go/schema"
)

var _ auth.TokenValidator = (*verifier)(nil)

// AuthenticateRequest is verify in the place of the library's own check, which
// takes everything when the app id is empty. What the library knows of the
// credentials is not asked.
func (v *verifier) AuthenticateRequest(ctx context.Context, a schema.Activity, header string, _ auth.CredentialProvider, _ string) (auth.ClaimsIdentity, error) {
	c, err := v.check(ctx, header, a.ServiceURL, a.ChannelID)
	if err != nil {
		return nil, err
	}
	return identity{auth.IssuerClaim: c.issuer, auth.AudienceClaim: c.audience, auth.ServiceURLClaim: c.service}, nil
}

// identity is made of verified claims only.
type identity map[string]string

// GetClaimValue is empty for a claim that was not checked.
func (i identity) GetClaimValue(name string) string { return i[name] }

// IsAuthenticated is false for the zero value.
func (i identity) IsAuthenticated() bool { return len(i) > 0 }
