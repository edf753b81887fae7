package redact

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
)

var shared = sync.OnceValues(New)

func redactor(tb testing.TB, secrets ...string) *Redactor {
	tb.Helper()
	r, err := shared()
	if err == nil {
		r, err = r.With(secrets...)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func zip(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(s))
	_ = z.Close()
	return b.String()
}

// written are the ways in which a tool may print a secret that it should not have.
func written(s string) map[string]string {
	quoted, _ := json.Marshal(s)
	return map[string]string{
		"plain":        "x" + s + "y",
		"json":         `{"value":` + string(quoted) + "}",
		"url":          "https://h/?q=" + url.QueryEscape(s),
		"path":         "/" + url.PathEscape(s) + "/",
		"hex":          hex.EncodeToString([]byte("ab" + s + "c")),
		"HEX":          strings.ToUpper(hex.EncodeToString([]byte(s))),
		"base64 at 0":  base64.StdEncoding.EncodeToString([]byte(s)),
		"base64 at 1":  base64.StdEncoding.EncodeToString([]byte("u" + s + ":x")),
		"base64 at 2":  base64.URLEncoding.EncodeToString([]byte("us" + s)),
		"base64 lines": base64.StdEncoding.EncodeToString([]byte("user:" + s + "\n")),
		"gzip":         "head " + zip("before "+s+" after"),
		"gzip, base64": "data: " + base64.StdEncoding.EncodeToString([]byte(zip(s))) + " end",
		"backwards":    backwards(s),
		"shell":        "echo '" + strings.ReplaceAll(s, "'", `'\''`) + "'",
	}
}

func TestKnownSecrets(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"correct horse/battery+staple=", "p'a\"s\\s\n&é", "s3cr3t", "0123456789abcdef0123456789abcdef"} {
		r := redactor(t, secret)
		for name, text := range written(secret) {
			out, found := r.Find(text)
			if out == text || found[kindKnown] == 0 {
				t.Errorf("%q, %s: %q", secret, name, out)
			}
			if again := r.Text(out); again != out {
				t.Errorf("%q, %s: redacted twice: %q, %q", secret, name, out, again)
			}
			if strings.Contains(out, secret) {
				t.Errorf("%q, %s: it is still there: %q", secret, name, out)
			}
		}
		if text := secret + ": abcdefgh="; r.Text(r.Text(text)) != r.Text(text) {
			t.Errorf("%q: the mark is taken for a name: %q", secret, r.Text(r.Text(text)))
		}
		if clean := "nothing of it: " + secret[:4]; r.Text(clean) != clean {
			t.Errorf("%q: a part of it is touched", secret)
		}
	}
}

func TestPlainSecrets(t *testing.T) {
	t.Parallel()
	base := redactor(t)
	r, err := base.With("true", "Password", "x", "a-real-value")
	if !errors.Is(err, ErrPlain) || !strings.Contains(err.Error(), "3 of 4") {
		t.Errorf("%v", err)
	}
	if got := r.Text("it is true that x has a-real-value"); got != "it is true that x has [redacted: known secret]" {
		t.Errorf("%q", got)
	}
	more, err := r.With("another-value")
	if err != nil || strings.Contains(more.Text("a-real-value another-value"), "value ") {
		t.Errorf("what was known before is forgotten: %v", err)
	}
	if text := "a-real-value"; base.Text(text) != text {
		t.Error("the one it was derived from has changed")
	}
	if text := "a-real-value"; (&Redactor{}).Text(text) != text {
		t.Error("the zero value touches text")
	}
}

// Each is what a tool prints, and what is left of it.
func TestLooks(t *testing.T) {
	t.Parallel()
	r := redactor(t)
	for text, want := range map[string]string{
		"postgres://app:hunter2@db:5432/x":                           "postgres://app:[redacted: url-password]@db:5432/x",
		"https://example.com:8443/a@b":                               "",
		"git clone https://oauth2:glpat-aB3dE5gH7jK9mN1pQ3sT@git/x":  "git clone https://oauth2:[redacted: url-password]@git/x",
		"DB_PASSWORD=hunter2":                                        "DB_PASSWORD=[redacted: assignment]",
		"export DB_PASSWORD='a b c'":                                 "export DB_PASSWORD='[redacted: assignment]'",
		"password: correct horse battery # mine":                     "password: [redacted: assignment] # mine",
		`{"master_password": "hunter2", "size": 3}`:                  `{"master_password": "[redacted: assignment]", "size": 3}`,
		`{\"password\":\"hunter2\"}`:                                 `{\"password\":\"[redacted: assignment]\"}`,
		"mysql --password=hunter2 -h db":                             "mysql --password=[redacted: assignment] -h db",
		"tool --token abc123def --x":                                 "tool --token [redacted: assignment] --x",
		"Authorization: Bearer abcdefgh12345678":                     "Authorization: Bearer [redacted: authorization]",
		"curl -H 'Authorization: Basic dXNlcjpwYXNz'":                "curl -H 'Authorization: Basic [redacted: curl-auth-header]'",
		"Cookie: session=abc; theme=dark":                            "Cookie: [redacted: cookie]",
		"password = var.db_password":                                 "",
		"password = \"${var.db_password}\"":                          "",
		"password = (sensitive value)":                               "",
		"password = random_password.master.result":                   "",
		"password_length = 16":                                       "",
		"secretName: web-tls":                                        "",
		"token_endpoint = https://login/oauth2/token":                "",
		"password: \"<password>\"":                                   "",
		"password=***":                                               "",
		"max_tokens: 4096":                                           "",
		`resource "random_password" "master" {`:                      "",
		"GITHUB_TOKEN=\nOTHER=1":                                     "",
		"public_token = \"pk_abcdefghijk\"":                          "",
		"the password is not set":                                    "",
		"password=(s3cr3t (see below)":                               "password=[redacted: assignment]",
		"jwt.secret.key: 8f7a6b5c4d":                                 "jwt.secret.key: [redacted: assignment]",
		"random_password.db[0]: Creation complete after 0s":          "",
		"      + db_password             = (known after apply)":      "",
		`      + db_password             = "hunter2"`:                `      + db_password             = "[redacted: assignment]"`,
		`{"a":[{"token":true}],"b":{"password":null}}`:               "",
		`[{"password":123456}]`:                                      `[{"password":"[redacted: assignment]"}]`,
		`"[{\"password\":123456}]"`:                                  `"[{\"password\":\"[redacted: assignment]\"}]"`,
		`{"secret":{},"token":["a","b"],"passwd":[{"x":1}]}`:         "",
		`{\"name\":\"DB_PASSWORD\",\"value\":\"hunter2\"}`:           `{\"name\":\"DB_PASSWORD\",\"value\":\"[redacted: assignment]\"}`,
		"set {\n  name  = \"db.password\"\n  value = \"hunter2\"\n}": "set {\n  name  = \"db.password\"\n  value = \"[redacted: assignment]\"\n}",
		`{\"cookie\":\"a=b\",\"x\":1}`:                               `{\"cookie\":\"[redacted: cookie]\",\"x\":1}`,
		"mysql -h db -p orders":                                      "",
		"docker run -p 127.0.0.1:5432:5432 x":                        "",
		"curl -u \"$USER:$PASS\" https://x":                          "",
		"password: |\n  {{ .Values.x }}\nfoo: 1":                     "",
		"AccountName=x;AccountKey=lJzRc1YdHaAA2KCNJJ1tkYwF==;E=y":    "AccountName=x;AccountKey=[redacted: assignment]",
	} {
		if want == "" {
			want = text
		}
		if got := r.Text(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestPrivateKeys(t *testing.T) {
	t.Parallel()
	r := redactor(t)
	body := strings.Repeat("MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AHB7\n", 20)
	for name, text := range map[string]string{
		"whole":   "a\n-----BEGIN RSA PRIVATE KEY-----\n" + body + "-----END RSA PRIVATE KEY-----\nb",
		"cut off": "a\n-----BEGIN OPENSSH PRIVATE KEY-----\n" + body,
		"in JSON": `{"k":"-----BEGIN PRIVATE KEY-----\n` + strings.ReplaceAll(body, "\n", `\n`) + `-----END PRIVATE KEY-----\n"}`,
	} {
		if got := r.Text(text); strings.Contains(got, "MIIEp") || !strings.Contains(got, "private-key") {
			t.Errorf("%s: %q", name, got)
		}
	}
	if text := "-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----"; r.Text(text) != text {
		t.Errorf("a certificate is touched: %q", r.Text(text))
	}
}

// FuzzText: whatever comes, a known secret is not there, and JSON stays JSON. Nothing
// is said of a second time: shorter text brings words closer to each other, and now
// and then a rule takes more.
func FuzzText(f *testing.F) {
	for _, s := range []string{"password=", "a://b:c@d", "-----BEGIN PRIVATE KEY-----", "\x1f\x8b\x08", "H4sIAAAA", `{"token":"`, "eyJ", "[redacted: x]"} {
		f.Add(s, "correct-horse")
	}
	f.Fuzz(func(t *testing.T, text, secret string) {
		r := redactor(t)
		with, err := r.With(secret)
		out := with.Text(text + secret + text)
		if err == nil && strings.Contains(out, secret) && !strings.Contains(markStart+"known secret]", secret) {
			t.Errorf("%q is still in %q", secret, out)
		}
		quoted, err := json.Marshal(map[string]any{"password": text, "x": text, "token": true, "db_password": len(text) * 99991, "secret": []any{map[string]any{"password": nil}}})
		if err == nil && !json.Valid([]byte(r.Text(string(quoted)))) {
			t.Errorf("%s is no JSON any more: %s", quoted, r.Text(string(quoted)))
		}
	})
}

// A line without end, full of words that call rules, takes no time without end: a
// rule looks at each part of it a bounded number of times.
func TestLongLine(t *testing.T) {
	t.Parallel()
	r := redactor(t, "correct-horse-battery")
	for _, part := range []string{"x", "password", "://a:", "key=", "eyJ", "sk", "-----BEGIN PRIVATE KEY-----", "secret==", "token:\"", "H4sI", "\x1f\x8b\x08"} {
		text := strings.Repeat(part, 50_000/len(part))
		if out := r.Text(text); len(out) == 0 {
			t.Errorf("%q: nothing is left", part)
		}
	}
}

// A working folder is no password; a password that looks like one is.
func TestWorkingFolder(t *testing.T) {
	t.Parallel()
	r := redactor(t)
	for _, text := range []string{"PWD=/work/stacks/payments-prod", "OLDPWD=/work"} {
		if got := r.Text(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	if text := "pwd=/kQ9vTz27!xB"; r.Text(text) == text {
		t.Errorf("%q stays", text)
	}
}
