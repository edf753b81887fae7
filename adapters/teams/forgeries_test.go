package teams

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
)

// forgeries are all that we could think of. What a token points to is at trap.
func forgeries(trap string) []forgery {
	good := goodToken()
	parts := strings.Split(good, ".")
	all := headers(good, parts)
	all = append(all, shapes(parts)...)
	all = append(all, algorithms()...)
	all = append(all, keyNames(trap)...)
	all = append(all, strangers()...)
	all = append(all, times()...)
	return append(all, misplaced()...)
}

func headers(good string, parts []string) []forgery {
	return []forgery{
		badHeader("empty", ""),
		badHeader("scheme alone", "Bearer"),
		badHeader("scheme and a space", "Bearer "),
		badHeader("token alone", good),
		badHeader("other scheme", "Basic "+good),
		badHeader("scheme glued on", "Bearer"+good),
		badHeader("two spaces", "Bearer  "+good),
		badHeader("tab", "Bearer\t"+good),
		badHeader("space before", " Bearer "+good),
		badHeader("space behind", "Bearer "+good+" "),
		badHeader("BOM before", "\ufeffBearer "+good),
		badHeader("BOM in the token", "Bearer \ufeff"+good),
		badHeader("line end behind", "Bearer "+good+"\r\n"),
		badHeader("line end inside", "Bearer "+parts[0]+".\n"+parts[1]+"."+parts[2]),
		badHeader("null byte behind", "Bearer "+good+"\x00"),
		badHeader("two tokens", "Bearer "+good+" "+good),
		badHeader("two tokens with a comma", "Bearer "+good+",Bearer "+good),
		badHeader("10 MB", "Bearer "+strings.Repeat("a", 10<<20)),
		badHeader("10 MB of dots", "Bearer "+strings.Repeat(".", 10<<20)),
		badHeader("just too long", "Bearer "+parts[0]+"."+parts[1]+"."+strings.Repeat("A", longestHeader)),
	}
}

func shapes(parts []string) []forgery {
	h, b, s := parts[0], parts[1], parts[2]
	nested := asJSON(h + "." + b + "." + s)
	return []forgery{
		badHeader("with two parts", "Bearer "+h+"."+b),
		badHeader("with four parts", "Bearer "+h+"."+b+"."+s+"."+s),
		badHeader("with five parts, as if encrypted", "Bearer "+h+".."+s+"."+b+"."+s),
		badHeader("with an empty header", "Bearer ."+b+"."+s),
		badHeader("with empty claims", "Bearer "+h+".."+s),
		{name: "no signature", header: "Bearer " + h + "." + b + ".", want: errUnauthorized, when: byKeys},
		{name: "a shorter signature", header: "Bearer " + h + "." + b + "." + s[:len(s)-4], want: errUnauthorized, when: byKeys},
		{name: "something behind the signature", header: "Bearer " + h + "." + b + "." + s + "AAAA", want: errUnauthorized, when: byKeys},
		{name: "one bit of the signature", header: "Bearer " + h + "." + b + "." + flip(s), want: errUnauthorized, when: byKeys},
		badHeader("with padding", "Bearer "+h+"=."+b+"==."+s+"=="),
		badHeader("with the other base64", "Bearer "+h+"."+b+"."+"+/"+s[2:]),
		loose(),
		badText("nested token", "", nested),
		badText("header is no object", "[]", ""),
		badText("header is null", "null", ""),
		badText("header has something behind", `{"alg":"RS256","kid":"`+testKey+`"}{}`, ""),
		badText("claims are no object", "", "[1]"),
		badText("claims are null", "", "null"),
		badText("claims have something behind", "", goodBody()+" true"),
		badText("claims are cut", "", strings.TrimSuffix(goodBody(), "}")),
		badText("claims begin with a BOM", "", "\ufeff"+goodBody()),
		badText("claims are not UTF-8", "", strings.Replace(goodBody(), "{", "{\"x\":\"\xff\",", 1)),
		badText("claims nested too deep", "", `{"a":`+strings.Repeat("[", 11000)),
	}
}

// loose says the right things, but in a second spelling: bits that base64 does not
// use are set, and signed.
func loose() forgery {
	h, _ := facts()
	body := goodBody()
	for len(body)%3 != 1 {
		body += " "
	}
	text := encode([]byte(body))
	input := encode([]byte(asJSON(h))) + "." + text[:len(text)-1] + string(text[len(text)-1]+1)
	return forgery{name: "loose bits behind the claims", header: "Bearer " + input + "." + encode(rs256(goodKey())(input)), want: errUnauthorized}
}

func goodBody() string {
	_, body := facts()
	return asJSON(body)
}

func flip(sig string) string {
	c := byte('A')
	if sig[10] == c {
		c = 'B'
	}
	return sig[:10] + string(c) + sig[11:]
}

func algorithms() []forgery {
	none := func(string) []byte { return nil }
	pub := &goodKey().PublicKey
	der, _ := x509.MarshalPKIXPublicKey(pub)
	pemKey := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	mac := func(key []byte) func(string) []byte {
		return func(in string) []byte {
			h := hmac.New(sha256.New, key)
			_, _ = h.Write([]byte(in))
			return h.Sum(nil)
		}
	}
	elliptical := func(in string) []byte {
		k, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		sum := sha256.Sum256([]byte(in))
		r, s, _ := ecdsa.Sign(rand.Reader, k, sum[:])
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
	pss := func(in string) []byte {
		sum := sha256.Sum256([]byte(in))
		sig, _ := rsa.SignPSS(rand.Reader, goodKey(), crypto.SHA256, sum[:], nil)
		return sig
	}
	long := func(h crypto.Hash) func(string) []byte {
		return func(in string) []byte {
			sum := sha512.Sum512([]byte(in))
			if h == crypto.SHA384 {
				short := sha512.Sum384([]byte(in))
				return sure(rsa.SignPKCS1v15(nil, goodKey(), h, short[:]))
			}
			return sure(rsa.SignPKCS1v15(nil, goodKey(), h, sum[:]))
		}
	}
	return []forgery{
		signedBy("alg none", "none", atOnce, none),
		signedBy("alg None", "None", atOnce, none),
		signedBy("alg nOnE, signed", "nOnE", atOnce, rs256(goodKey())),
		signedBy("HS256 with the public key as PEM", "HS256", atOnce, mac(pemKey)),
		signedBy("HS256 with the public key as DER", "HS256", atOnce, mac(der)),
		signedBy("HS256 with the modulus", "HS256", atOnce, mac(pub.N.Bytes())),
		signedBy("HS256 under the name RS256", "RS256", byKeys, mac(pemKey)),
		signedBy("RS384", "RS384", atOnce, long(crypto.SHA384)),
		signedBy("RS384 under the name RS256", "RS256", byKeys, long(crypto.SHA384)),
		signedBy("RS512", "RS512", atOnce, long(crypto.SHA512)),
		signedBy("PS256", "PS256", atOnce, pss),
		signedBy("PS256 under the name RS256", "RS256", byKeys, pss),
		signedBy("ES256", "ES256", atOnce, elliptical),
		signedBy("ES256 under the name RS256", "RS256", byKeys, elliptical),
		signedBy("rs256 in small letters", "rs256", atOnce, rs256(goodKey())),
		signedBy("RS256 with a space", "RS256 ", atOnce, rs256(goodKey())),
		signedBy("another key under the same id", "RS256", byKeys, rs256(otherKey())),
		signedBy("a weak key under the same id", "RS256", byKeys, rs256(weakKey())),
		signedBy("a signature of zeros", "RS256", byKeys, func(string) []byte { return make([]byte, 256) }),
		signedBy("a signature of ones", "RS256", byKeys, func(string) []byte { return []byte(strings.Repeat("\x01", 256)) }),
		signedBy("the hash in the clear", "RS256", byKeys, func(in string) []byte { s := sha256.Sum256([]byte(in)); return s[:] }),
		forge("header alg missing", errUnauthorized, atOnce, func(h, _ map[string]any) { delete(h, "alg") }),
		badHead("alg", "a list", []string{"RS256"}),
		badHead("alg", "null", nil),
		badText("header alg twice", `{"alg":"none","alg":"RS256","kid":"`+testKey+`"}`, ""),
		badText("header ALG in capitals", `{"ALG":"RS256","kid":"`+testKey+`"}`, ""),
		badHead("crit", "b64", []string{"b64"}),
		badHead("crit", "empty", []string{}),
		badHead("typ", "JWE", "JWE"),
		badHead("typ", "a number", 7),
	}
}

func sure(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// keyNames name some other key, or say where to fetch one.
func keyNames(trap string) []forgery {
	all := []forgery{
		forge("kid missing", errUnauthorized, atOnce, func(h, _ map[string]any) { delete(h, "kid") }),
		badHead("kid", "empty", ""),
		badHead("kid", "a number", 1),
		badHead("kid", "null", nil),
		badHead("kid", "a list", []string{testKey}),
		badHead("kid", "too long", strings.Repeat("k", longestKeyID+1)),
		badText("kid twice", `{"alg":"RS256","kid":"other","kid":"`+testKey+`"}`, ""),
	}
	for as, kid := range map[string]string{
		"unknown": "key-2", "a path": "../../../../dev/null", "an address": trap + "/key", "SQL": "x' UNION SELECT 'a", "of other case": strings.ToUpper(testKey),
		"with a space": testKey + " ", "with a null byte": testKey + "\x00", "a script": "$(curl " + trap + ")",
	} {
		all = append(all, forge("kid "+as, errUnauthorized, unknown, func(h, _ map[string]any) { h["kid"] = kid }))
	}
	stolen := jwk("trap", &otherKey().PublicKey, channelTeams)
	for name, value := range map[string]any{"jku": trap + "/keys", "x5u": trap + "/cert", "jwk": stolen, "x5c": []string{encode(otherKey().N.Bytes())}} {
		h, body := facts()
		h[name] = value
		all = append(all, forgery{
			name: "header " + name + " brings its own key", header: "Bearer " + assemble(asJSON(h), asJSON(body), rs256(otherKey())), want: errUnauthorized, when: byKeys,
		})
		h["kid"] = "trap"
		all = append(all, forgery{
			name: "header " + name + " brings its own key and id", header: "Bearer " + assemble(asJSON(h), asJSON(body), rs256(otherKey())), want: errUnauthorized, when: unknown,
		})
	}
	return all
}

// strangers are of somebody else, or for somebody else.
func strangers() []forgery {
	const tenant = "99999999-2222-4333-8444-555555555555"
	all := []forgery{lacks("iss"), lacks("aud"), lacks("serviceurl")}
	for _, iss := range []string{
		"", testIssuer + "/", " " + testIssuer, testIssuer + " ", strings.ToUpper(testIssuer), strings.Replace(testIssuer, "https", "http", 1), testIssuer + ".evil.example",
		"https://evil.example/" + testIssuer, "https://sts.windows.net/" + tenant + "/", "https://login.microsoftonline.com/" + tenant + "/v2.0", "https://sts.windows.net//",
		strings.Replace(testIssuer, "e", "\u0435", 1), testIssuer + "\x00",
	} {
		all = append(all, badClaim("iss", fmt.Sprintf("%q", iss), iss))
	}
	for as, aud := range map[string]any{
		"empty": "", "another app": tenant, "in capitals": strings.ToUpper("aaaaaaaa" + testApp[8:]), "with a space": testApp + " ", "after a space": " " + testApp,
		"in braces": "{" + testApp + "}", "an address": "api://" + testApp, "a beginning": testApp[:8], "null": nil, "a number": 1, "true": true,
		"an empty list": []string{}, "us and another": []string{testApp, tenant}, "another and us": []string{tenant, testApp}, "us twice": []string{testApp, testApp},
		"a list in a list": [][]string{{testApp}}, "a list of a number": []int{1}, "an object": map[string]any{"0": testApp}, "any": "*",
	} {
		all = append(all, badClaim("aud", as, aud))
	}
	return append(
		all,
		badClaim("iss", "a list", []string{testIssuer}), badClaim("iss", "null", nil), badClaim("iss", "an object", map[string]any{"url": testIssuer}),
		badClaim("serviceurl", "empty", ""), badClaim("serviceurl", "null", nil), badClaim("serviceurl", "a list", []string{testService}),
		badText("aud twice", "", strings.Replace(goodBody(), "{", `{"aud":"`+tenant+`",`, 1)),
		badText("iss twice", "", strings.Replace(goodBody(), "{", `{"iss":"https://evil.example",`, 1)),
		badText("exp twice", "", strings.Replace(goodBody(), "{", `{"exp":1,`, 1)),
		badText("aud twice, once escaped", "", strings.Replace(goodBody(), "{", `{"\u0061ud":"`+tenant+`",`, 1)),
		forge("AUD in capitals", errUnauthorized, atOnce, func(_, b map[string]any) { b["AUD"] = b["aud"]; delete(b, "aud") }),
		forge("serviceUrl with a capital", errUnauthorized, atOnce, func(_, b map[string]any) { b["serviceUrl"] = b["serviceurl"]; delete(b, "serviceurl") }),
	)
}

func times() []forgery {
	all := []forgery{lacks("exp")}
	now := noon.Unix()
	for as, exp := range map[string]any{
		"300 s ago": now - 300, "301 s ago": now - 301, "long ago": 1571190948, "301 s past the leeway": now - 601, "0": 0, "negative": -now, "a text": fmt.Sprint(now + 3600),
		"null": nil, "a list": []int64{now + 3600}, "true": true, "an object": map[string]any{"$date": now + 3600}, "huge": json.Number("1e300"),
		"beyond numbers": json.Number("1e999"), "beyond 64 bits": json.Number("9223372036854775808"), "in milliseconds": now * 1000, "a date": "2099-01-01T00:00:00Z",
	} {
		all = append(all, badClaim("exp", as, exp))
	}
	for as, nbf := range map[string]any{"in 301 s": now + 301, "in a year": now + 365*86400, "a text": fmt.Sprint(now), "null": nil, "negative": -1, "huge": json.Number("1e300")} {
		all = append(all, badClaim("nbf", as, nbf))
	}
	for as, iat := range map[string]any{"in 301 s": now + 301, "a text": "yesterday", "a list": []int{1}, "negative": -1, "null": nil} {
		all = append(all, badClaim("iat", as, iat))
	}
	return all
}

// misplaced are good tokens beside an activity that they are not for.
func misplaced() []forgery {
	good := "Bearer " + goodToken()
	var all []forgery
	for _, service := range []string{
		"", "https://evil.example/emea/", "https://smba.trafficmanager.net/amer/", "https://smba.trafficmanager.net/", "http://smba.trafficmanager.net/emea/",
		"https://smba.trafficmanager.net:8443/emea/", "https://smba.trafficmanager.net@evil.example/emea/", "https://smba.trafficmanager.net.evil.example/emea/",
		testService + "/", testService + "?a=b", testService + "#a", testService + "x", "https://smba.trafficmanager.net/EMEA/", "https://smba.trafficmanager.net/%65mea/",
		"https://user@smba.trafficmanager.net/emea/", "//smba.trafficmanager.net/emea/", testService + " ", "https://\u017fmba.trafficmanager.net/emea/", "https://smba.trafficmanager.net./emea/",
		"https://smba.trafficmanager.net/x/../emea/", "https:\\\\smba.trafficmanager.net\\emea\\", "%zz",
	} {
		if service == "" {
			service = "none"
		}
		all = append(all, forgery{name: "serviceUrl swapped: " + service, header: good, service: service, want: errForbidden, when: byKeys})
	}
	for _, channel := range []string{"none", "skype", "directline", "webchat", "slack", "emulator", "MSTEAMS", "msteams ", "msteams,skype"} {
		all = append(all, forgery{name: "channel " + channel, header: good, channel: channel, want: errForbidden, when: byKeys})
	}
	return append(all, forge("serviceurl of somebody else", errForbidden, byKeys, func(_, b map[string]any) { b["serviceurl"] = "https://evil.example/" }),
		forge("serviceurl with a user", errForbidden, byKeys, func(_, b map[string]any) { b["serviceurl"] = "https://user@smba.trafficmanager.net/emea/" }),
		forge("serviceurl is no address", errForbidden, byKeys, func(_, b map[string]any) { b["serviceurl"] = "%zz" }))
}
