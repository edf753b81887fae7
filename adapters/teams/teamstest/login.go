package teamstest

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

const (
	connectorScope = "https://api.botframework.com/.default"
	graphScope     = "https://graph.microsoft.com/.default"
	anyTenant      = "botframework.com"
)

// grant is a token that the login gave out.
type grant struct {
	scope string
	until time.Time
}

// login gives out a token for client credentials, or says in Entra's words why
// it does not.
func (s *Server) login(c *call) (int, any, error) {
	form, err := url.ParseQuery(string(c.body))
	if err != nil {
		return 0, nil, denied(http.StatusBadRequest, "invalid_request", 900144, "The request body is no form.")
	}
	c.args = map[string]string{"tenant": c.path("tenant")}
	for k := range form {
		if k != "client_secret" {
			c.args[k] = form.Get(k)
		}
	}
	if err := s.credentials(c.path("tenant"), form); err != nil {
		return 0, nil, err
	}
	token := "issued-" + rand.Text()
	s.grants[token] = grant{scope: form.Get("scope"), until: time.Now().Add(s.opts.TokenLife)}
	life := int(s.opts.TokenLife / time.Second)
	return http.StatusOK, object{"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token}, nil
}

// credentials checks who asks, in the order in which Entra does.
func (s *Server) credentials(tenant string, form url.Values) error {
	known := tenant == s.opts.TenantID || s.opts.AnyTenant && tenant == anyTenant
	switch scope := form.Get("scope"); {
	case !known:
		return denied(http.StatusBadRequest, "invalid_request", 90002, "Tenant '"+tenant+"' not found.")
	case form.Get("grant_type") != "client_credentials":
		return denied(http.StatusBadRequest, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
	case form.Get("client_id") != s.opts.AppID:
		return denied(http.StatusBadRequest, "unauthorized_client", 700016,
			"Application with identifier '"+form.Get("client_id")+"' was not found in the directory.")
	case form.Get("client_secret") != s.opts.AppPassword:
		return denied(http.StatusUnauthorized, "invalid_client", 7000215,
			"Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.")
	case scope != connectorScope && scope != graphScope:
		return denied(http.StatusBadRequest, "invalid_scope", 70011, "The provided request must include a 'scope' input parameter.")
	}
	return nil
}

// denied is a refusal of the login.
func denied(status int, name string, code int, text string) error {
	text = fmt.Sprintf("AADSTS%d: %s", code, text)
	return &refusal{status: status, code: name, text: text, body: object{
		"error": name, "error_description": text, "error_codes": []int{code},
		"timestamp": time.Now().UTC().Format("2006-01-02 15:04:05Z"), "trace_id": guid(rand.Text()), "correlation_id": guid(rand.Text()),
	}}
}

// Expire makes all tokens that the login gave out too old.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.grants)
}

// bearer checks the token of a call. One that is missing is a mistake of the
// client's; one that is too old can happen to everybody.
func (s *Server) bearer(c *call) error {
	g, known := s.grants[c.token]
	text := "Authorization has been denied for this request."
	switch {
	case c.token == "":
		s.problem(ruleToken, "%s came without a token", c.method)
	case known && g.scope != c.scope:
		s.problem(ruleToken, "%s came with a token for %s", c.method, g.scope)
	case known && time.Now().Before(g.until):
		return nil
	}
	return &refusal{status: http.StatusUnauthorized, code: "Unauthorized", text: text, body: object{"message": text}}
}
