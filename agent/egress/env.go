package egress

import (
	"bytes"
	"net/url"
)

// CA returns the certificate of this session's authority as PEM.
func (s *Server) CA() []byte { return bytes.Clone(s.ca.pem) }

// Env returns the variables that a container needs: addr is where the relay
// listens inside, caPath where the CA lies inside. Most of the variables name
// a file that replaces the system's roots, so the file must hold those too
// when host-only rules let a tunnel through.
func (s *Server) Env(addr, caPath string) map[string]string {
	proxy := (&url.URL{Scheme: "http", Host: addr, User: url.UserPassword("session", s.Token)}).String()
	env := map[string]string{"NO_PROXY": "", "no_proxy": "", "NODE_USE_ENV_PROXY": "1"}
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
		env[name] = proxy
	}
	for _, name := range []string{
		"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO",
		"AWS_CA_BUNDLE", "PIP_CERT", "CARGO_HTTP_CAINFO", "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE", "DENO_CERT",
	} {
		env[name] = caPath
	}
	return env
}
