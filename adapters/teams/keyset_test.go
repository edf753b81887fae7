package teams

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestWhereKeysComeFrom(t *testing.T) {
	const there = "https://login.botframework.example"
	for name, c := range map[string]struct {
		metadata, link string
		ok             bool
	}{
		"same host":                  {there, there + "/v1/keys", true},
		"same host, shouted":         {there, "https://LOGIN.botframework.example/keys", true},
		"another host":               {there, "https://evil.example/keys", false},
		"a host below":               {there, "https://a.login.botframework.example/keys", false},
		"another port":               {there, "https://login.botframework.example:8443/keys", false},
		"in the clear":               {there, "http://login.botframework.example/keys", false},
		"loopback, from outside":     {there, "http://127.0.0.1:8080/keys", false},
		"a cloud's metadata":         {there, "http://169.254.169.254/keys", false},
		"a file":                     {there, "file:///etc/keys", false},
		"nowhere":                    {there, "/keys", false},
		"broken":                     {there, "%zz", false},
		"metadata in the clear":      {"http://login.botframework.example", "https://login.botframework.example/keys", false},
		"both on loopback":           {"http://127.0.0.1:9", "http://127.0.0.1:9/keys", true},
		"loopback, another port":     {"http://127.0.0.1:9", "http://localhost:10/keys", true},
		"loopback, no web":           {"http://127.0.0.1:9", "ftp://localhost/keys", false},
		"outside, from loopback":     {"http://127.0.0.1:9", "https://evil.example/keys", false},
		"outside, it looks loopback": {"http://127.0.0.1:9", "http://127.0.0.1.evil.example/keys", false},
	} {
		a := newAuthority()
		a.url, a.link = c.metadata, c.link
		k := newKeys(c.metadata+"/openid", &http.Client{Transport: a}, time.Now)
		_, err := k.find(t.Context(), testKey)
		if ok := err == nil; ok != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		if n := a.asked.Load(); !c.ok && n > 1 {
			t.Errorf("%s: %d requests", name, n)
		}
	}
}

func TestKeysFollowNoRedirectAway(t *testing.T) {
	var away atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { away.Add(1); _, _ = w.Write([]byte("{}")) }))
	defer other.Close()
	a := newAuthority().listen(t)
	var to string
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }))
	defer front.Close()
	k := newKeys(front.URL+"/openid", &http.Client{}, time.Now)
	for _, to = range []string{other.URL, a.url + "/openid", strings.Replace(front.URL, "127.0.0.1", "localhost", 1), front.URL} {
		k.tried = time.Time{}
		if _, err := k.find(t.Context(), testKey); !errors.Is(err, errNoKeys) || !errors.Is(err, errRedirect) {
			t.Errorf("to %s: %v", to, err)
		}
	}
	if n := away.Load() + a.asked.Load(); n != 0 {
		t.Errorf("%d requests to another host", n)
	}
}

func TestWhatIsNoSet(t *testing.T) {
	good := asJSON(map[string]any{"keys": []any{jwk(testKey, &goodKey().PublicKey)}})
	for name, answer := range map[string]string{
		"nothing": " ", "no JSON": "<html>", "a list": "[]", "null": "null", "no keys": `{"keys":[]}`, "keys are text": `{"keys":"a"}`, "keys of other kinds": `{"keys":[1,null,"a",[],{}]}`,
		"too large": good + strings.Repeat(" ", longestKeys), "something behind": good + "{}",
	} {
		a := newAuthority()
		a.jwks = answer
		k := newKeys(a.url+"/openid", &http.Client{Transport: a}, time.Now)
		if _, err := k.find(t.Context(), testKey); !errors.Is(err, errNoKeys) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhichKeysAreTaken(t *testing.T) {
	for name, c := range map[string]struct {
		change func(k map[string]any)
		ok     bool
	}{
		"as it comes":         {func(map[string]any) {}, true},
		"no use":              {func(k map[string]any) { delete(k, "use") }, true},
		"for encryption":      {func(k map[string]any) { k["use"] = "enc" }, false},
		"of another kind":     {func(k map[string]any) { k["kty"] = "EC" }, false},
		"a secret":            {func(k map[string]any) { k["kty"] = "oct" }, false},
		"RS256":               {func(k map[string]any) { k["alg"] = "RS256" }, true},
		"RS512":               {func(k map[string]any) { k["alg"] = "RS512" }, false},
		"1024 bits":           {func(k map[string]any) { k["n"] = encode(weakKey().N.Bytes()) }, false},
		"2047 bits":           {func(k map[string]any) { k["n"] = encode(append([]byte{0x7f}, goodKey().N.Bytes()[1:]...)) }, false},
		"leading zeros":       {func(k map[string]any) { k["n"] = encode(append(make([]byte, 200), weakKey().N.Bytes()...)) }, false},
		"too large":           {func(k map[string]any) { k["n"] = encode([]byte(strings.Repeat("\xff", 1025))) }, false},
		"even modulus":        {func(k map[string]any) { k["n"] = encode(append(goodKey().N.Bytes()[:255:255], 0)) }, false},
		"no modulus":          {func(k map[string]any) { delete(k, "n") }, false},
		"modulus is no text":  {func(k map[string]any) { k["n"] = 7 }, false},
		"broken modulus":      {func(k map[string]any) { k["n"] = "!" }, false},
		"exponent 1":          {func(k map[string]any) { k["e"] = encode([]byte{1}) }, false},
		"exponent 0":          {func(k map[string]any) { k["e"] = encode([]byte{0}) }, false},
		"even exponent":       {func(k map[string]any) { k["e"] = encode([]byte{4}) }, false},
		"huge exponent":       {func(k map[string]any) { k["e"] = encode([]byte{1, 0, 0, 0, 1}) }, false},
		"exponent of 32 bits": {func(k map[string]any) { k["e"] = encode([]byte{0xff, 0xff, 0xff, 0xff}) }, false},
		"broken exponent":     {func(k map[string]any) { k["e"] = "!" }, false},
		"a chain beside it":   {func(k map[string]any) { k["x5c"] = []string{"AAAA"} }, true},
	} {
		k := jwk(testKey, &goodKey().PublicKey, channelTeams)
		c.change(k)
		set := keySet([]json.RawMessage{json.RawMessage("7"), json.RawMessage(asJSON(k))})
		got, ok := set[testKey]
		if ok != c.ok || len(set) > 1 {
			t.Errorf("%s: %v of %d", name, ok, len(set))
		}
		if ok && (!got.public.Equal(&goodKey().PublicKey) || len(got.endorsed) != 1) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for name, kid := range map[string]string{"no id": "", "a long id": strings.Repeat("k", longestKeyID+1)} {
		if set := keySet([]json.RawMessage{json.RawMessage(asJSON(jwk(kid, &goodKey().PublicKey)))}); len(set) != 0 {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestTheFirstOfTwoKeysWithOneIDCounts(t *testing.T) {
	set := keySet([]json.RawMessage{
		json.RawMessage(asJSON(jwk(testKey, &goodKey().PublicKey))),
		json.RawMessage(asJSON(jwk(testKey, &otherKey().PublicKey, channelTeams))),
	})
	if k := set[testKey]; !k.public.Equal(&goodKey().PublicKey) || k.endorsed != nil {
		t.Errorf("%+v", k)
	}
}

func TestEndorsements(t *testing.T) {
	for name, c := range map[string]struct {
		value any
		want  error
	}{
		"ours": {[]string{"a", channelTeams}, nil}, "none": {[]string{}, errForbidden}, "null": {nil, errForbidden}, "of another": {[]string{"skype"}, errForbidden},
		"part of a word": {[]string{"msteams2"}, errForbidden}, "shouted": {[]string{"MSTEAMS"}, errForbidden},
	} {
		a := newAuthority()
		a.keys[0]["endorsements"] = c.value
		if err := a.verifier().verify(t.Context(), "Bearer "+goodToken(), testService, channelTeams); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	a := newAuthority()
	delete(a.keys[0], "endorsements")
	if err := a.verifier().verify(t.Context(), "Bearer "+goodToken(), testService, channelTeams); !errors.Is(err, errForbidden) {
		t.Errorf("absent: %v", err)
	}
}

func FuzzKeySet(f *testing.F) {
	f.Add(asJSON(jwk(testKey, &goodKey().PublicKey, channelTeams)))
	for _, s := range []string{`{}`, `null`, `{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}`, `{"kty":"RSA","kid":"a","n":"","e":""}`, `{"endorsements":7}`, `[`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for kid, k := range keySet([]json.RawMessage{json.RawMessage(s)}) {
			if kid == "" || k.public.N.BitLen() < weakestKey || k.public.N.BitLen() > strongestKey || k.public.E < 3 {
				t.Errorf("%q: taken", s)
			}
		}
	})
}
