package teams

import "testing"

func TestTrusted(t *testing.T) {
	c := Config{ServiceURLs: []string{
		"https://smba.trafficmanager.net/", "https://smba.infra.example/teams", "http://127.0.0.1:8080/connector/", "http://plain.example/",
		"https://Shouted.example/", "http://[::1]:8080/", "https://user@with-user.example/", "", "%zz", "https:///nohost",
	}}
	for address, want := range map[string]bool{
		"https://smba.trafficmanager.net":           true,
		"https://smba.trafficmanager.net/":          true,
		"https://smba.trafficmanager.net/emea/":     true,
		"https://smba.trafficmanager.net/de/a-b_c~": true,
		"https://SMBA.trafficmanager.NET/emea/":     true,
		"HTTPS://smba.trafficmanager.net/emea/":     true,
		"https://smba.infra.example/teams":          true,
		"https://smba.infra.example/teams/":         true,
		"https://smba.infra.example/teams/x":        true,
		"https://shouted.example/a":                 true,
		"http://127.0.0.1:8080/connector":           true,
		"http://[::1]:8080/a":                       true,

		"":                                         false,
		"/":                                        false,
		"https://":                                 false,
		"https:///":                                false,
		"https:smba.trafficmanager.net":            false,
		"//smba.trafficmanager.net/":               false,
		"smba.trafficmanager.net/":                 false,
		"http://smba.trafficmanager.net/":          false,
		"ftp://smba.trafficmanager.net/":           false,
		"javascript://smba.trafficmanager.net/":    false,
		"https://trafficmanager.net/":              false,
		"https://a.smba.trafficmanager.net/":       false,
		"https://smba.trafficmanager.net.evil.com": false,
		"https://smba.trafficmanager.net.evil.com/smba.trafficmanager.net/": false,
		"https://evil.com/https://smba.trafficmanager.net/":                 false,
		"https://smba.trafficmanager.net@evil.com/":                         false,
		"https://smba.trafficmanager.net:@evil.com/":                        false,
		"https://evil.com@smba.trafficmanager.net/":                         false,
		"https://evil.com/@smba.trafficmanager.net/":                        false,
		"https://evil.com#@smba.trafficmanager.net/":                        false,
		"https://evil.com?@smba.trafficmanager.net/":                        false,
		"https://evil.com\\@smba.trafficmanager.net/":                       false,
		"https://smba.trafficmanager.net\\.evil.com/":                       false,
		"https:\\\\smba.trafficmanager.net\\":                               false,
		"https://smba.trafficmanager.net%2eevil.com/":                       false,
		"https://smba.trafficmanager.net%00.evil.com/":                      false,
		"https://smba.trafficmanager.net%2f@evil.com/":                      false,
		"https://smba.trafficmanager.net./":                                 false,
		"https://smba.trafficmanager.net:443/":                              false, // the same place, but said otherwise than in the list
		"https://smba.trafficmanager.net:8443/":                             false,
		"https://smba.trafficmanager.net:/":                                 false,
		"https://smba.trafficmanager.net:https/":                            false,
		"https://smba.trafficmanager.net/../x":                              false,
		"https://smba.trafficmanager.net/x/..":                              false,
		"https://smba.trafficmanager.net/./":                                false,
		"https://smba.trafficmanager.net//":                                 false,
		"https://smba.trafficmanager.net//evil.com/":                        false,
		"https://smba.trafficmanager.net/a//b":                              false,
		"https://smba.trafficmanager.net/%2e%2e/":                           false,
		"https://smba.trafficmanager.net/a%2fb":                             false,
		"https://smba.trafficmanager.net/?a=b":                              false,
		"https://smba.trafficmanager.net/#a":                                false,
		"https://smba.trafficmanager.net/#":                                 false,
		"https://smba.trafficmanager.net/a b":                               false,
		" https://smba.trafficmanager.net/":                                 false,
		"https://smba.trafficmanager.net/ ":                                 false,
		"https://smba.trafficmanager.net/\r\nX: y":                          false,
		"https://smba.trafficmanager.net/\x00":                              false,
		"\ufeffhttps://smba.trafficmanager.net/":                            false,
		"https://\u017fmba.trafficmanager.net/":                             false, // a long s, which folds into s
		"https://smba.traffic\u212aanager.net/":                             false, // a Kelvin sign
		"https://smba\u3002trafficmanager\u3002net/":                        false, // a dot of other scripts
		"https://smb\u0430.trafficmanager.net/":                             false, // a Cyrillic a
		"https://smba.trafficmanager.net\u2215.evil.com/":                   false,
		"https://smba\u00adtrafficmanager.net/":                             false,
		"https://xn--smb-7cd.trafficmanager.net/":                           false,
		"https://smba.infra.example/":                                       false,
		"https://smba.infra.example":                                        false,
		"https://smba.infra.example/team":                                   false,
		"https://smba.infra.example/teamsevil":                              false,
		"https://smba.infra.example/teams.evil":                             false,
		"https://smba.infra.example/Teams":                                  false,
		"https://smba.infra.example/teams/../admin":                         false,
		"https://smba.infra.example/x/../teams":                             false,
		"http://127.0.0.1:8081/connector/":                                  false,
		"http://127.0.0.1/connector/":                                       false,
		"https://127.0.0.1:8080/connector/":                                 false,
		"http://localhost:8080/connector/":                                  false,
		"http://127.1:8080/connector/":                                      false,
		"http://2130706433:8080/connector/":                                 false,
		"http://plain.example/":                                             false,
		"https://plain.example/":                                            false,
		"https://with-user.example/":                                        false,
		"https://user@with-user.example/":                                   false,
		"https://169.254.169.254/":                                          false,
		"%zz":                                                               false,
	} {
		if got := c.trusted(address); got != want {
			t.Errorf("%q: %v", address, got)
		}
	}
	if (Config{}).trusted("https://smba.trafficmanager.net/") {
		t.Error("an empty list trusts somebody")
	}
}

// Whatever the address: what is trusted begins as the list says, letter by letter.
func FuzzTrusted(f *testing.F) {
	const entry = "https://smba.trafficmanager.net/teams/"
	for _, s := range []string{
		entry, entry + "x", "https://smba.trafficmanager.net@evil/teams/", "https://smba.trafficmanager.net/teams/../", "https://SMBA.trafficmanager.net/teams", "https://\u017fmba.trafficmanager.net/teams/", "http://[::1]/",
	} {
		f.Add(s)
	}
	c := Config{ServiceURLs: []string{entry}}
	f.Fuzz(func(t *testing.T, s string) {
		const host = len("https://smba.trafficmanager.net")
		if c.trusted(s) && (len(s) < host || fold(s[:host])+s[host:]+"/" < entry || (fold(s[:host]) + s[host:] + "/")[:len(entry)] != entry) {
			t.Errorf("%q is trusted", s)
		}
	})
}

// fold makes ASCII capitals small, and nothing else.
func fold(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
