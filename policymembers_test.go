package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"interlock/config"
)

// A group that is kept elsewhere is fed whole; its roles count at the next question.
func TestPolicyMembers(t *testing.T) {
	t.Parallel()
	dir, file := policyWorld(t)
	edit(t, filepath.Join(dir, "policy.yaml"), "dba: {roles: [approver], people: [carol]}", `dba: {roles: [approver], people: [carol], chat: ["slack:T1/S1"], oidc: [platform]}`)
	list := filepath.Join(dir, "members.txt")
	run := func(code int, stdin string, args ...string) string {
		t.Helper()
		got, out := interlock(t.Context(), stdin, append([]string{"policy", "--config", file}, args...)...)
		if got != code {
			t.Fatalf("%v: exit %d\n%s", args, got, out)
		}
		return out
	}
	says := func(out string, want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("no %q in:\n%s", w, out)
			}
		}
	}
	may := func() string { return run(0, "", "who", "approve", "payments", "--json") }
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	says(run(3, "", "members", "oidc:platform"), "no database yet")
	cfg, _, err := config.Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	begin(t, cfg)
	says(run(2, "", "members", "oidc:other"), `names "oidc:other"`, "oidc:platform, slack:T1/S1")
	before := may()
	if strings.Contains(before, "alice") {
		t.Fatalf("alice may approve before: %s", before)
	}
	write("# the platform team\nslack:T1/UALICE\nslack:T1/U0\n\nperson:fay\n")
	says(run(0, "", "members", "slack:T1/S1", "--set", list, "--by", "erin", "--because", "the nightly sync"), "+ person:fay", "+ slack:T1/UALICE", "3 in slack:T1/S1, 1 of them nobody here")
	if now := may(); !strings.Contains(now, "alice") || !strings.Contains(now, "fay") {
		t.Errorf("the list does not count: %s", now)
	}
	write("person:fay\nAlice <alice@example.com>\n")
	says(run(2, "", "members", "slack:T1/S1", "--set", list, "--by", "erin", "--because", "the nightly sync"), "line 2:", "is no member")
	if now := may(); !strings.Contains(now, "alice") {
		t.Errorf("half a list counts: %s", now)
	}
	says(run(0, "person:fay\n", "members", "slack:T1/S1", "--set", "-", "--by", "erin", "--because", "the nightly sync"), "- slack:T1/UALICE")
	says(run(0, "", "members", "slack:T1/S1"), "person:fay\n")
	for _, bad := range []struct{ by, why, want string }{
		{"alice", "x", `"alice" is no administrator`}, {"nobody", "x", `"nobody" is no administrator`}, {"erin", " ", "needs a reason"}, {"erin", "x", "say --empty"},
	} {
		says(run(2, "", "members", "slack:T1/S1", "--set", os.DevNull, "--by", bad.by, "--because", bad.why), bad.want)
	}
	says(run(2, "", "members", "slack:T1/S1", "--set", list), "by")
	says(run(0, "", "members", "slack:T1/S1"), "person:fay\n")
	says(run(0, "", "members", "slack:T1/S1", "--set", os.DevNull, "--empty", "--by", "erin", "--because", "the team is no more"), "- person:fay", "0 in slack:T1/S1")
	says(run(0, "", "log"), "from members of slack:T1/S1 written by erin: the nightly sync", "written by erin: the team is no more")
	if now := may(); now != before {
		t.Errorf("an empty list leaves rights: %s", now)
	}
	says(run(2, "", "members", "slack:T1/S1", "--set", filepath.Join(dir, "none"), "--by", "erin", "--because", "x"), "read members")
}
