package teams

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/infracloudio/msbotbuilder-go/connector/auth"
	"github.com/infracloudio/msbotbuilder-go/core"
	"github.com/infracloudio/msbotbuilder-go/schema"
)

// In the library's adapter our check stands in the place of its own, which takes
// everything when there is no app id.
func TestTheLibraryAsksUs(t *testing.T) {
	body := asJSON(map[string]any{"type": "message", "serviceUrl": testService, "channelId": channelTeams, "id": "1"})
	for name, c := range map[string]struct {
		by     *verifier
		header string
		want   error
	}{
		"good":               {newAuthority().verifier(), "Bearer " + goodToken(), nil},
		"junk":               {newAuthority().verifier(), "junk", errUnauthorized},
		"junk and no app id": {&verifier{}, "junk", errUnauthorized},
		"another audience": {newAuthority().verifier(), "Bearer " + mint(func(_, body map[string]any) {
			body["aud"] = []string{"somebody", testApp}
		}), errUnauthorized},
		"another service": {newAuthority().verifier(), "Bearer " + mint(func(_, body map[string]any) { body["serviceurl"] = "https://evil.example/" }), errForbidden},
	} {
		shell := core.BotFrameworkAdapter{TokenValidator: c.by, AdapterSetting: core.AdapterSetting{CredentialProvider: auth.SimpleCredentialProvider{}}}
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/api/messages", strings.NewReader(body))
		r.Header.Set("Authorization", c.header)
		if _, err := shell.ParseRequest(t.Context(), r); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIdentity(t *testing.T) {
	activity := schema.Activity{ServiceURL: testService, ChannelID: channelTeams}
	id, err := newAuthority().verifier().AuthenticateRequest(t.Context(), activity, "Bearer "+goodToken(), nil, "")
	if err != nil || !id.IsAuthenticated() || id.GetClaimValue(auth.AudienceClaim) != testApp || id.GetClaimValue("absent") != "" {
		t.Errorf("%v, %v", id, err)
	}
	if identity(nil).IsAuthenticated() {
		t.Error("the zero value is somebody")
	}
}
