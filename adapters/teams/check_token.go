package teams

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// said is what stands in a token of ours. Microsoft vouches for none of it to us:
// it is read to tell people what is wrong, and decides nothing.
type said struct {
	Audience string   `json:"aud"`
	App      string   `json:"appid"`
	Newer    string   `json:"azp"` // the same, in tokens of the second version
	Tenant   string   `json:"tid"`
	Roles    []string `json:"roles"`
}

// saidBy reads a token, unless it cannot be read: Microsoft promises no form.
func saidBy(token string) (s said, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return said{}, false
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(b, &s) != nil {
		return said{}, false
	}
	return s, true
}

// checkToken compares whose token it is with the configuration.
func checkToken(conf Config, token string) Check {
	c := Check{Name: "teams token", Fix: "take app_id, app_password and tenant_id from the same registration"}
	s, ok := saidBy(token)
	app, audience := first(s.App, s.Newer), strings.TrimSuffix(conf.Scope, "/.default")
	switch {
	case !ok:
		c.Found = "it cannot be read, and was not compared"
	case !strings.EqualFold(app, conf.AppID):
		c.Err = fmt.Errorf("the token is of the app %q, teams.app_id is %s", clip(app, 40), conf.AppID)
	case conf.TenantID != "" && !strings.EqualFold(s.Tenant, conf.TenantID):
		c.Err = fmt.Errorf("the token is of the tenant %q, teams.tenant_id is %s", clip(s.Tenant, 40), conf.TenantID)
	case strings.TrimSuffix(s.Audience, "/") != audience:
		c.Err = Warning(fmt.Sprintf("the token is for %q, teams.scope is for %s: Teams may not take it", clip(s.Audience, 80), audience))
		c.Fix = "leave scope out, unless your cloud has another one"
	default:
		c.Found = "for " + audience
	}
	return c
}

// installing are the permissions with which an app may add itself for a person; the
// first is the smallest.
var installing = []string{"TeamsAppInstallation.ReadWriteSelfForUser.All", "TeamsAppInstallation.ReadWriteForUser.All"}

// checkInstalling tells whether the app may be installed for people who do not have
// it. Whether catalog_id is the app in the catalog, only an administrator can see.
func checkInstalling(token string) Check {
	c := Check{
		Name: "teams catalog", Found: "it may install itself for people",
		Fix: "in Entra, API permissions, Microsoft Graph, Application: add " + installing[0] + " and grant consent; or leave catalog_id out",
	}
	s, ok := saidBy(token)
	switch {
	case !ok:
		c.Err = Warning("the token cannot be read: whether it may install itself for people shows when it does")
	case !slices.ContainsFunc(s.Roles, func(r string) bool { return slices.Contains(installing, r) }):
		c.Err = errors.New("teams.catalog_id is set, and the app may not install itself for people: those who did not add it are not reached")
	}
	return c
}
