package teamstest

import (
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"math/big"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// published are the keys of the set, with their endorsements, as a bot reads
// them.
func (st *stage) published() (map[string]*rsa.PublicKey, map[string][]any) {
	st.t.Helper()
	_, meta, _ := st.request("GET", st.OpenIDURL(), "", "")
	if meta.text("issuer") != st.Issuer() {
		st.t.Errorf("metadata: %v", meta)
	}
	_, set, _ := st.request("GET", meta.text("jwks_uri"), "", "")
	keys, endorsed := map[string]*rsa.PublicKey{}, map[string][]any{}
	for _, k := range set.nodes("keys") {
		n, err := base64.RawURLEncoding.DecodeString(k.text("n"))
		if err != nil {
			st.t.Fatal(err)
		}
		e, _ := base64.RawURLEncoding.DecodeString(k.text("e"))
		keys[k.text("kid")] = &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
		endorsed[k.text("kid")] = k.list("endorsements")
	}
	return keys, endorsed
}

// read checks a token as a bot must.
func (st *stage) read(token string, keys map[string]*rsa.PublicKey) (jwt.MapClaims, error) {
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		if keys[id] == nil {
			return nil, errors.New("no such key")
		}
		return keys[id], nil
	}, jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer(st.Issuer()), jwt.WithAudience(st.Options().AppID), jwt.WithExpirationRequired())
	return claims, err
}

func TestTokens(t *testing.T) {
	st := start(t, Options{})
	keys, endorsed := st.published()
	_, kid := st.Key()
	if len(keys) != 2 || len(endorsed[kid]) == 0 || endorsed[kid][0] != "msteams" {
		t.Fatalf("keys: %v", endorsed)
	}
	other, err := New(Options{AppID: st.Options().AppID})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	strange, _ := other.Key()
	for name, c := range map[string]struct {
		f    Forgery
		good bool
	}{
		"good":          {Forgery{}, true},
		"audience":      {Forgery{Claims: object{"aud": "x"}}, false},
		"issuer":        {Forgery{Claims: object{"iss": "x"}}, false},
		"no expiry":     {Forgery{Claims: object{"exp": nil}}, false},
		"expired":       {Forgery{Claims: object{"exp": time.Now().Add(-time.Hour).Unix()}}, false},
		"another key":   {Forgery{Key: strange}, false},
		"unknown key":   {Forgery{Header: object{"kid": "x"}}, false},
		"none":          {Forgery{Method: jwt.SigningMethodNone, Key: jwt.UnsafeAllowNoneSignatureType}, false},
		"HS256":         {Forgery{Method: jwt.SigningMethodHS256, Key: []byte("public")}, false},
		"another claim": {Forgery{Claims: object{"extra": []string{"a"}}}, true},
	} {
		claims, err := st.read(st.Token(c.f), keys)
		if (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
		if name == "good" && claims["serviceurl"] != st.ServiceURL() {
			t.Errorf("claims: %v", claims)
		}
	}
	if st.Token(Forgery{Method: jwt.SigningMethodHS256}) != "" {
		t.Error("an RSA key signed HS256")
	}
	st.forgive(ruleMisuse)
}

func TestRotate(t *testing.T) {
	st := start(t, Options{})
	st.Personal(st.ann.ObjectID, "one")
	st.told(1)
	before, _ := st.published()
	for range 2 {
		if err := st.Rotate(); err != nil {
			t.Fatal(err)
		}
	}
	st.Endorse()
	st.Personal(st.ann.ObjectID, "two")
	st.told(2)
	st.bot.mu.Lock()
	first, second := st.bot.tokens[0], st.bot.tokens[1]
	st.bot.mu.Unlock()
	after, endorsed := st.published()
	for name, c := range map[string]struct {
		token string
		keys  map[string]*rsa.PublicKey
		good  bool
	}{
		"first, old set": {first, before, true}, "first, new set": {first, after, false},
		"second, old set": {second, before, false}, "second, new set": {second, after, true},
	} {
		if _, err := st.read(c.token, c.keys); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, kid := st.Key(); len(endorsed[kid]) != 0 {
		t.Errorf("endorsed: %v", endorsed)
	}
	if m, k := st.Fetches(); m != 2 || k != 2 {
		t.Errorf("fetched %d and %d times", m, k)
	}
}

func TestLogin(t *testing.T) {
	st := start(t, Options{TokenLife: 2 * time.Hour, AnyTenant: true})
	o := st.Options()
	form := func(change ...string) url.Values {
		v := url.Values{
			"grant_type": {"client_credentials"}, "client_id": {o.AppID}, "client_secret": {o.AppPassword}, "scope": {st.Scope()},
		}
		for i := 0; i < len(change); i += 2 {
			v.Set(change[i], change[i+1])
		}
		return v
	}
	for name, c := range map[string]struct {
		tenant string
		form   url.Values
		status int
		code   float64
	}{
		"good":          {o.TenantID, form(), http.StatusOK, 0},
		"old tenant":    {anyTenant, form(), http.StatusOK, 0},
		"Graph":         {o.TenantID, form("scope", graphScope), http.StatusOK, 0},
		"wrong tenant":  {"x", form(), http.StatusBadRequest, 90002},
		"wrong grant":   {o.TenantID, form("grant_type", "password"), http.StatusBadRequest, 70003},
		"wrong app":     {o.TenantID, form("client_id", "x"), http.StatusBadRequest, 700016},
		"wrong secret":  {o.TenantID, form("client_secret", "x"), http.StatusUnauthorized, 7000215},
		"missing scope": {o.TenantID, form("scope", ""), http.StatusBadRequest, 70011},
	} {
		status, n, _ := st.request("POST", st.LoginURL()+c.tenant+"/oauth2/v2.0/token", "", c.form.Encode())
		if status != c.status || c.code != 0 && n.list("error_codes")[0] != c.code {
			t.Errorf("%s: %d %v", name, status, n)
		}
		if c.status == http.StatusOK && (n.text("access_token") == "" || n["expires_in"] != 7200.0) {
			t.Errorf("%s: %v", name, n)
		}
	}
	st.Inject("login", Fault{Status: http.StatusTooManyRequests, RetryAfter: 3 * time.Second})
	status, _, h := st.request("POST", st.LoginURL()+o.TenantID+"/oauth2/v2.0/token", "", form().Encode())
	if status != http.StatusTooManyRequests || h.Get("Retry-After") != "3" {
		t.Errorf("429: %d %v", status, h)
	}
	for _, c := range st.Calls("login") {
		if c.Args["client_secret"] != "" || c.Body != "" {
			t.Errorf("the secret is on record: %+v", c)
		}
	}
}

func TestBearer(t *testing.T) {
	st := start(t, Options{})
	target := st.ServiceURL() + "v3/teams/" + st.team
	for name, c := range map[string]struct {
		token  string
		status int
		rules  []string
	}{
		"good":        {st.token(connectorScope), http.StatusOK, nil},
		"none":        {"", http.StatusUnauthorized, []string{ruleToken}},
		"unknown":     {"x", http.StatusUnauthorized, nil},
		"for another": {st.token(graphScope), http.StatusUnauthorized, []string{ruleToken}},
	} {
		if status, n, _ := st.request("GET", target, c.token, ""); status != c.status {
			t.Errorf("%s: %d %v", name, status, n)
		}
		st.forgive(c.rules...)
	}
	token := st.token(connectorScope)
	st.mu.Lock()
	st.grants["old"] = grant{scope: connectorScope, until: time.Now().Add(-time.Second)}
	st.mu.Unlock()
	if status, _, _ := st.request("GET", target, "old", ""); status != http.StatusUnauthorized {
		t.Errorf("too old: %d", status)
	}
	st.Expire()
	if status, _, _ := st.request("GET", target, token, ""); status != http.StatusUnauthorized {
		t.Errorf("expired: %d", status)
	}
}
