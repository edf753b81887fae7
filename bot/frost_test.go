package bot

import (
	"strings"
	"testing"
	"time"
)

func TestFreezeIsExact(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"prod until 18:00 because the audit":             "prod 2026-11-24T18:00:00Z the audit",
		"PROD until 18:00 BECAUSE the audit":             "prod 2026-11-24T18:00:00Z the audit",
		"all until 09:00 because it is late":             "all 2026-11-25T09:00:00Z it is late",
		"all until 12:00 because now is past":            "all 2026-11-25T12:00:00Z now is past",
		"prod until tomorrow 09:30 because x":            "prod 2026-11-25T09:30:00Z x",
		"prod until Tomorrow 23:59 because x":            "prod 2026-11-25T23:59:00Z x",
		"prod until 2h because x":                        "prod 2026-11-24T14:00:00Z x",
		"prod until in 2h because x":                     "prod 2026-11-24T14:00:00Z x",
		"prod Until In 2H Because X":                     "prod 2026-11-24T14:00:00Z X",
		"prod until 18:00 UTC because x":                 "prod 2026-11-24T18:00:00Z x",
		"prod until tomorrow 9:00 utc because x":         "prod 2026-11-25T09:00:00Z x",
		"prod until 2026-11-26 09:00 because x":          "prod 2026-11-26T09:00:00Z x",
		"prod until 2026-11-26 09:00 UTC because x":      "prod 2026-11-26T09:00:00Z x",
		"prod until 2020-01-01 09:00 because it is past": "prod 2020-01-01T09:00:00Z it is past", // whoever freezes refuses it
		"prod until 90m because x because y":             "prod 2026-11-24T13:30:00Z x because y",
		"prod until 2026-12-01T09:00Z because x":         "prod 2026-12-01T09:00:00Z x",
		"prod until 2026-12-01T09:00:30+02:00 because x": "prod 2026-12-01T07:00:30Z x",
		"prod until 2026-12-01 09:00 because x":          "prod 2026-12-01T09:00:00Z x",
		"prod  until   18:00   because   the   audit":    "prod 2026-11-24T18:00:00Z the audit",
		"":                                       "",
		"prod":                                   "",
		"until 18:00 because x":                  "",
		"prod because x":                         "",
		"prod until because x":                   "",
		"prod until 18:00":                       "",
		"prod until 18:00 because":               "",
		"prod until 18:00 because ":              "",
		"prod until 25:00 because x":             "",
		"prod until -2h because x":               "",
		"prod until 0s because x":                "",
		"prod until later because x":             "",
		"prod till 18:00 because x":              "",
		"prod until 18:00 today because x":       "",
		"prod until 18:00 CET because x":         "",
		"prod until UTC because x":               "",
		"prod until in because x":                "",
		"prod until in 18:00 because x":          "",
		"prod and dev until 18:00 because x":     "",
		"prod until tomorrow because x":          "",
		"prod until 2026-13-01T09:00Z because x": "",
	} {
		f, ok := parseFreeze(text, now)
		got := f.env + " " + f.until.Format(time.RFC3339) + " " + f.reason
		if !ok {
			got = ""
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// What is taken for a freeze has an environment of one word, an end and a reason.
func FuzzFreeze(f *testing.F) {
	for _, s := range []string{"prod until 18:00 because x", "all until 2h because a because b", "because until because", "x until 99999999h because y"} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		z, ok := parseFreeze(s, now)
		if ok && (z.env == "" || strings.ContainsAny(z.env, " ") || z.reason == "" || z.until.IsZero()) {
			t.Errorf("%q: %+v", s, z)
		}
	})
}

// A Command has a name of the list.
func FuzzCommand(f *testing.F) {
	for _, s := range []string{"scan web", "freeze prod until 18:00 because x", "who can approve web", "link", "link CODE", "thaw", "help me"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, _, ok := command(s)
		known := false
		for _, c := range commands {
			known = known || c.name == name
		}
		if ok != known {
			t.Errorf("%q: %q %v", s, name, ok)
		}
	})
}

func TestCommandsOfRights(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"who can approve web": "who can approve|web", "WHO can Approve env/prod": "who can approve|env/prod", "who can approve": "",
		"who can approve web now": "", "link": "link|", "link ABC-DEF": "link|ABC-DEF", "link me to bob": "",
		"freeze": "freeze|", "freeze prod until 18:00 because x": "freeze|prod until 18:00 because x", "thaw prod": "thaw|prod", "Thaw all because done": "thaw|all because done",
	} {
		name, rest, ok := command(text)
		got := name + "|" + rest
		if !ok {
			got = ""
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
