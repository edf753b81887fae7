package teams

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestManifestRefuses(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]ManifestOptions{
		"no app":         {},
		"no GUID":        {AppID: "interlock"},
		"two lines":      {AppID: manifestApp + "\n"},
		"a long name":    {AppID: manifestApp, Name: strings.Repeat("x", longestName+1)},
		"control":        {AppID: manifestApp, Name: "a\x7f"},
		"not seen":       {AppID: manifestApp, Name: "a\u200b"},
		"not UTF-8":      {AppID: manifestApp, Name: "a\xff"},
		"plain HTTP":     {AppID: manifestApp, URL: "http://bot.example.com"},
		"no scheme":      {AppID: manifestApp, URL: "bot.example.com"},
		"no host":        {AppID: manifestApp, URL: "https://"},
		"a port alone":   {AppID: manifestApp, URL: "https://:443"},
		"a quote":        {AppID: manifestApp, URL: "https://bot\".example.com"},
		"a wildcard":     {AppID: manifestApp, URL: "https://*.example.com"},
		"a password":     {AppID: manifestApp, URL: "https://a:b@bot.example.com"},
		"a query":        {AppID: manifestApp, URL: "https://bot.example.com/?a=b"},
		"a fragment":     {AppID: manifestApp, URL: "https://bot.example.com/#a"},
		"a space":        {AppID: manifestApp, URL: "https://bot.example.com/a b"},
		"two addresses":  {AppID: manifestApp, URL: "https://bot.example.com,evil.example.com/\n"},
		"no zero values": {Name: "Interlock", URL: manifestHost},
	} {
		if text, err := Manifest(o); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
		if b, err := Package(o); err == nil || b != nil {
			t.Errorf("%s: a package of %d bytes, %v", name, len(b), err)
		}
	}
}

// Whatever the name is, it is a name and nothing else.
func FuzzManifest(f *testing.F) {
	for _, name := range []string{"Interlock", "a: b", "\"", "\"},\"bots\":[", "ä # b", "\\u0000", "<b>&", "\x7f", " "} {
		f.Add(name, manifestHost)
	}
	f.Add("", "https://bot.example.com/\"a\"")
	f.Fuzz(func(t *testing.T, name, at string) {
		o := ManifestOptions{AppID: manifestApp, Name: name, URL: at}
		if _, err := Manifest(o); err != nil {
			return
		}
		m := manifestOf(t, o)
		if want := strings.TrimSpace(name); want != "" && m.Name.Short != want {
			t.Errorf("%q became %q", name, m.Name.Short)
		}
		if len(m.Bots) != 1 || len(m.ComposeExtensions) != 1 || m.WebApplicationInfo.ID != manifestApp || len(m.Authorization.Permissions.ResourceSpecific) != len(consents) {
			t.Errorf("%+v", m)
		}
		if at != "" && (len(m.ValidDomains) != 1 || m.ValidDomains[0] == "" || strings.ContainsAny(m.ValidDomains[0], "/ \"")) {
			t.Errorf("%q became %q", at, m.ValidDomains)
		}
	})
}

// The document tells every key, and no other.
func TestDocumentKeys(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "teams.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(b), "\n## The keys\n")
	text, _, _ = strings.Cut(text, "\n## ")
	var told, want []string
	for _, row := range regexp.MustCompile("(?m)^\\| `.*$").FindAllString(text, -1) {
		for _, key := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(strings.Split(row, "|")[1], -1) {
			told = append(told, key[1])
		}
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		want = append(want, f.Tag.Get("yaml"))
	}
	slices.Sort(told)
	if slices.Sort(want); !slices.Equal(told, want) {
		t.Errorf("docs/teams.md tells of %v, and there are %v", told, want)
	}
}

// Nothing is asked for without a reason, and the document tells the same one.
func TestConsents(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "teams.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `[A-Za-z]+\\.[A-Za-z]+\\.(Group|Chat)` \\| [^|]+ \\|$").FindAllString(string(b), -1)
	var want, names []string
	for _, c := range consents {
		want = append(want, "| `"+c.Name+"` | "+c.Why+" |")
		names = append(names, c.Name)
		if c.Why == "" || c.Lost == "" {
			t.Errorf("%s has no reason", c.Name)
		}
	}
	if !slices.Equal(rows, want) {
		t.Errorf("docs/teams.md has\n%s\nnot\n%s", strings.Join(rows, "\n"), strings.Join(want, "\n"))
	}
	var asked []string
	for _, p := range manifestOf(t, ManifestOptions{AppID: manifestApp}).Authorization.Permissions.ResourceSpecific {
		if asked = append(asked, p.Name); p.Type != "Application" {
			t.Errorf("%+v", p)
		}
	}
	if !slices.Equal(asked, names) {
		t.Errorf("the manifest asks for %v, not %v", asked, names)
	}
}
