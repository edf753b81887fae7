package main

import (
	"strings"
	"testing"
	"time"

	"interlock/bot"
	"interlock/config"
	"interlock/rbac"
	"interlock/store"
)

// openedStore opens the database of a configuration beside the commands under test.
func openedStore(t *testing.T, file string) *store.DB {
	t.Helper()
	cfg, _, err := config.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := orgKeys(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db, err := openStore(t.Context(), cfg, keys, 0, logger(cfg.Log))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// joined is what link does in two chats.
func joined(t *testing.T, db *store.DB, person string, a rbac.Actor) {
	t.Helper()
	l := bot.Link{ID: person + "-" + a.ID, Org: "acme", From: rbac.Actor{Org: "acme", Platform: "console", ID: person}, Expires: time.Now().Add(time.Minute)}
	if err := db.PutLink(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if _, err := db.TakeLink(t.Context(), "acme", l.ID, a); err != nil {
		t.Fatal(err)
	}
	if err := db.JoinLink(t.Context(), "acme", l.ID, person, a); err != nil {
		t.Fatal(err)
	}
}

// An account that was joined to the wrong person is nobody's at the next question, and
// it is on record who saw to that.
func TestPolicyUnlink(t *testing.T) {
	t.Parallel()
	_, file := policyWorld(t)
	run := func(code int, want string, args ...string) {
		t.Helper()
		got, out := interlock(t.Context(), "", append([]string{"policy", "--config", file}, args...)...)
		if got != code || !strings.Contains(out, want) {
			t.Errorf("%v: exit %d, want %d with %q:\n%s", args, got, code, want, out)
		}
	}
	unlink := func(code int, want, account string, more ...string) {
		t.Helper()
		run(code, want, append([]string{"unlink", account, "--by", "erin", "--because", "a mix-up\nof accounts"}, more...)...)
	}
	unlink(3, "no database yet", "slack:T1/U7")
	db := openedStore(t, file)
	unlink(2, "slack:T1/U7 is nobody's, and no account was joined in chat in acme", "slack:T1/U7")
	joined(t, db, "bob", rbac.Actor{Platform: "slack", Tenant: "T1", ID: "U7"})
	joined(t, db, "erin", rbac.Actor{Platform: "teams", Tenant: "T2", ID: "U8"})
	run(0, "allow", "explain", "--actor", "slack:T1/U7", "--action", "ask")
	for _, bad := range []struct{ account, by, why, want string }{
		{"slack:T1/U7", "alice", "x", `"alice" is no administrator of acme`},
		{"slack:T1/U7", "erin", " ", "needs a reason: --because"},
		{"U7", "erin", "x", `"U7" is no account: write slack:T1/U1`},
		{"slack:T1/UALICE", "erin", "x", "slack:T1/UALICE is alice by configuration: take it out of people.alice.chat"},
		{"slack:T2/U7", "erin", "x", "slack:T2/U7 is nobody's; joined in chat are: slack:T1/U7 (bob), teams:T2/U8 (erin)"},
	} {
		run(2, bad.want, "unlink", bad.account, "--by", bad.by, "--because", bad.why)
	}
	run(2, "by", "unlink", "slack:T1/U7")
	unlink(0, "slack:T1/U7 is not bob any more, from the next decision on\n", "slack:T1/U7")
	run(0, "Nobody here is known as slack:T1/U7.", "explain", "--actor", "slack:T1/U7", "--action", "ask")
	run(0, "from account slack:T1/U7 taken from bob by erin: a mix-up of accounts", "log")
	unlink(2, "is nobody's; joined in chat are: teams:T2/U8 (erin)", "slack:T1/U7")
	joined(t, db, "alice", rbac.Actor{Platform: "slack", Tenant: "T1", ID: "U7"}) // it is free for whom it belongs to
}
