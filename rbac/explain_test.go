package rbac

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write golden files anew")

// golden compares text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name + ".golden"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path) //nolint:gosec // a file of this package
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is other than it was; look at the difference after go test -update:\n%s", path, strings.Join(Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")), "\n"))
	}
}

// told is an Org in which everything occurs that can be told of.
func told() OrgRules {
	far, past := time.Date(2100, 5, 6, 7, 8, 0, 0, time.UTC), time.Date(2000, 5, 6, 7, 8, 0, 0, time.UTC)
	chat := func(id string) []Actor {
		return []Actor{{Platform: "console", ID: id}, {Platform: "slack", Tenant: "T1", ID: "U" + id}}
	}
	return OrgRules{
		People: map[string]Person{
			"alice": {Name: "Alice", Roles: []string{"operator"}, Chat: chat("alice")},
			"bob":   {Name: "Bob", Roles: []string{"approver"}, Chat: chat("bob"), Away: far, Deputy: "dana"},
			"carol": {Name: "Carol", Roles: []string{"approver"}, Away: past, Deputy: "vic"},
			"dana":  {Name: "Dana", Roles: []string{"viewer"}, Chat: chat("dana")},
			"erin":  {Name: "Erin", Roles: []string{"viewer", "breakglass"}},
			"frank": {Name: "Frank"},
			"grace": {Name: "Grace", Roles: []string{"admin"}, Off: true},
			"heidi": {Name: "Heidi", Roles: []string{"admin"}, Chat: chat("heidi")},
			"vic":   {Name: "Vic", Roles: []string{"viewer"}},
		},
		Groups: map[string]Group{
			"dba": {Members: []string{"carol"}}, "sre": {Roles: []string{"operator", "approver"}, Members: []string{"frank"}},
		},
		Environments: map[string]Tier{"prod": Gated, "dev": Gated, "lab": Observe, "test": Observe},
		Channels:     map[string]Channel{"c:ops": {Title: "#ops", Tier: Gated}, "c:quiet": {Title: "#quiet", Tier: Draft}},
		Stacks: map[string]Stack{
			"web": {Environment: "prod", Rooms: []string{"c:ops"}, Owners: []string{"group:sre"}}, "db": {Environment: "prod", Rooms: []string{"c:ops", "c:quiet"}},
			"toy": {Environment: "dev", Rooms: []string{"c:ops", "c:quiet"}}, "lab": {Environment: "lab", Rooms: []string{"c:ops"}},
			"test": {Environment: "test", Rooms: []string{"c:ops"}},
		},
		Profiles: map[string]Profile{
			"all": {Gated, ToolList{Allow: []string{"*"}}}, "few": {Draft, ToolList{Allow: []string{"scan", "plan"}, Deny: []string{"plan"}}},
		},
		Lines: []Line{
			{"role:operator", "env/lab", "change", "deny", "it is being moved"},
			{"person:vic", "stack/toy", "propose", "allow", "they own it"},
			{"group:dba", "*", "freeze", "allow", ""},
			{"role:viewer", "env/dev", "*", "deny", ""},
		},
		Approvals: []ApprovalRule{
			{Name: "databases", Stacks: []string{"db"}, Environments: []string{"prod"}, Kinds: []string{"aws_db_*"}, Need: Need{Count: 1, From: []string{"group:dba", "person:heidi"}}, Expiry: 30 * time.Minute},
			{Name: "large", Resources: 20, Need: Need{Count: 3}, Urgent: true},
			{Name: "losses", Destroys: true, Effects: []Effect{Change, Destroy}, Need: Need{Count: 2, From: []string{"role:approver"}}},
			{Name: "touched", Stacks: []string{"toy"}, Resources: 1, Need: Need{Count: 1, From: []string{"role:approver"}}},
			{Name: "live", Environments: []string{"lab"}, Need: Need{Count: 1}},
		},
		Raises: []Raise{{"environment test", Gated, far, "the migration"}, {"role viewer", Draft, past, "it is over"}},
		Freezes: []Freeze{
			{ID: "f1", Env: "dev", Until: far, At: past, By: "Heidi", Reason: "the audit"}, {ID: "f2", Env: "all", Until: past, At: past, By: "Heidi", Reason: "it is over"},
		},
		Workspaces: []Workspace{{"slack", "T1"}},
	}
}

// wants is a request in told's Org.
func wants(who, stack, env string, e Effect, change ...func(*Request)) Request {
	r := Request{
		Org: "acme", Actor: named(who), Profile: "all", Channel: "c:ops", Tier: Gated, Label: Clean(),
		Action: Action{Tool: "apply", Stack: stack, Environment: env, Effect: e, Blast: Blast{Known: true, Resources: 2, Kinds: []string{"aws_db_instance", "aws_vpc"}}},
	}
	for _, c := range change {
		c(&r)
	}
	return r
}

func named(id string) Actor { return Actor{Org: "acme", Platform: "person", ID: id, Name: id} }

type explained struct {
	name string
	who  Actor
	verb Verb
	r    Request
}

func explanations() []explained {
	guest := named("heidi")
	guest.Outsider = "a guest"
	in := func(room string) func(*Request) { return func(r *Request) { r.Channel = room } }
	with := func(profile, tool string) func(*Request) {
		return func(r *Request) { r.Profile, r.Action.Tool = profile, tool }
	}
	blast := func(b Blast) func(*Request) { return func(r *Request) { r.Action.Blast = b } }
	foreign := func(r *Request) { r.Label = Label{Integrity: Foreign, Origins: []string{"main.tf", "words of Vic"}} }
	authors := func(ids ...string) func(*Request) {
		return func(r *Request) {
			for _, id := range ids {
				r.Authors = append(r.Authors, named(id))
			}
		}
	}
	speak := func(tool, env string) Request {
		return Request{Org: "acme", Actor: named("alice"), Channel: "c:ops", Tier: Gated, Label: Clean(), Action: Action{Tool: tool, Environment: env, Effect: Read}}
	}
	return []explained{
		{"a change that is asked", named("alice"), Do, wants("alice", "web", "prod", Change)},
		{"a read", named("vic"), Do, wants("vic", "web", "prod", Read)},
		{"a write in dev", named("alice"), Do, wants("alice", "toy", "dev", Propose)},
		{"a destroy", named("alice"), Do, wants("alice", "web", "prod", Destroy, blast(Blast{Known: true, Resources: 20, Destroys: 2}))},
		{"a change of a database", named("alice"), Do, wants("alice", "db", "prod", Change)},
		{"a change of what is not known", named("alice"), Do, wants("alice", "db", "prod", Change, blast(Blast{}))},
		{"a large change that destroys nothing", named("alice"), Do, wants("alice", "web", "prod", Change, blast(Blast{Known: true, Resources: 20}))},
		{"a change below large", named("alice"), Do, wants("alice", "web", "prod", Change, blast(Blast{Known: true, Resources: 19}))},
		{"a change that a rule denies", named("alice"), Do, wants("alice", "lab", "lab", Change)},
		{"a change by a group's role", named("frank"), Do, wants("frank", "web", "prod", Change)},
		{"a change in a raised environment", named("alice"), Do, wants("alice", "test", "test", Change)},
		{"a change that is frozen", named("alice"), Do, wants("alice", "toy", "dev", Change)},
		{"a read that is not frozen", named("alice"), Do, wants("alice", "toy", "dev", Read)},
		{"another environment is named", named("alice"), Do, wants("alice", "web", "dev", Change)},
		{"an environment alone", named("alice"), Do, wants("alice", "", "prod", Change)},
		{"nothing named", named("alice"), Do, wants("alice", "", "", Read)},
		{"no such stack", named("alice"), Do, wants("alice", "nope", "prod", Read)},
		{"another channel", named("alice"), Do, wants("alice", "web", "prod", Read, in("c:quiet"))},
		{"a channel of a lower tier", named("alice"), Do, wants("alice", "db", "prod", Change, in("c:quiet"))},
		{"a channel that is not named", named("alice"), Do, wants("alice", "web", "prod", Propose, in("c:else"))},
		{"a profile of a lower tier", named("alice"), Do, wants("alice", "web", "prod", Change, with("few", "scan"))},
		{"a tool that is on no list", named("alice"), Do, wants("alice", "web", "prod", Read, with("few", "apply"))},
		{"a tool that is denied", named("alice"), Do, wants("alice", "web", "prod", Read, with("few", "plan"))},
		{"no profile", named("alice"), Do, wants("alice", "web", "prod", Read, with("", "scan"))},
		{"a job of a lower tier", named("alice"), Do, wants("alice", "web", "prod", Change, func(r *Request) { r.Tier = Observe })},
		{"no effect is known", named("alice"), Do, wants("alice", "web", "prod", Unknown)},
		{"no effect is known, in a channel of a lower tier", named("alice"), Do, wants("alice", "db", "prod", Unknown, in("c:quiet"))},
		{"foreign text was read", named("alice"), Do, wants("alice", "toy", "dev", Propose, foreign)},
		{"a viewer's change", named("vic"), Do, wants("vic", "web", "prod", Change)},
		{"a viewer's own rule", named("vic"), Do, wants("vic", "toy", "dev", Propose)},
		{"no role", Actor{Org: "acme", Platform: "person", ID: "nobody", Name: "nobody"}, Do, wants("", "web", "prod", Read)},
		{"a stranger", Actor{Org: "acme", Platform: "slack", Tenant: "T1", ID: "U0", Name: "Somebody"}, Do, wants("", "web", "prod", Read)},
		{"a chat identity", Actor{Org: "acme", Platform: "slack", Tenant: "T1", ID: "Ualice"}, Do, wants("", "web", "prod", Read)},
		{"a guest", guest, Do, wants("", "web", "prod", Read)},
		{"switched off", named("grace"), Do, wants("", "web", "prod", Read)},
		{"a schedule", Actor{Org: "acme", Platform: "schedule", ID: "nightly"}, Do, wants("", "web", "prod", Read)},
		{"a schedule's change", Actor{Org: "acme", Platform: "schedule", ID: "nightly"}, Do, wants("", "web", "prod", Change)},
		{"to speak", named("vic"), Do, speak("ask", "")},
		{"to freeze by a group's rule", named("carol"), Do, speak("freeze", "prod")},
		{"to freeze without the right", named("vic"), Do, speak("freeze", "prod")},
		{"to thaw", named("alice"), Do, speak("thaw", "dev")},
		{"to approve", named("heidi"), Approve, wants("alice", "web", "prod", Change)},
		{"to approve the own", named("alice"), Approve, wants("alice", "web", "prod", Change)},
		{"to approve as an author", named("heidi"), Approve, wants("alice", "web", "prod", Change, authors("heidi", "vic"))},
		{"to approve as a deputy", named("dana"), Approve, wants("alice", "web", "prod", Change)},
		{"to approve as a deputy of who came back", named("vic"), Approve, wants("alice", "web", "prod", Change)},
		{"to approve as a deputy of an author", named("dana"), Approve, wants("alice", "web", "prod", Change, authors("bob"))},
		{"to approve as a viewer", named("erin"), Approve, wants("alice", "web", "prod", Change)},
		{"to approve a database", named("carol"), Approve, wants("alice", "db", "prod", Change)},
		{"to approve a loss without being one of those", named("heidi"), Approve, wants("alice", "web", "prod", Destroy, blast(Blast{Known: true, Resources: 1, Destroys: 1}))},
		{"to break the glass", named("erin"), Break, wants("alice", "web", "prod", Change)},
		{"to break the glass without the role", named("heidi"), Break, wants("alice", "web", "prod", Change)},
		{"another organisation's", named("alice"), Do, wants("alice", "web", "prod", Read, func(r *Request) { r.Org = "umbrella" })},
	}
}

// What people are told of a decision, word for word.
func TestExplain(t *testing.T) {
	t.Parallel()
	e := &Enforcer{policy(t, told())}
	var text strings.Builder
	for _, c := range explanations() {
		x := e.Explain(t.Context(), c.who, c.verb, c.r)
		d := e.May(t.Context(), c.who, c.verb, c.r)
		if c.verb == Do {
			c.r.Actor = c.who
			d = e.Decide(t.Context(), c.r)
		}
		if !reflect.DeepEqual(x.Decision, d) {
			t.Errorf("%s: explains %v, and it is %v", c.name, x.Decision, d)
		}
		fmt.Fprintf(&text, "== %s: %s\n", c.name, [...]string{"deny", "ask", "allow"}[d.Outcome])
		for _, c := range x.Ceilings {
			fmt.Fprintf(&text, "   tier %s of %s %s\n", c.Tier, c.Of, c.Raised)
		}
		for _, b := range x.Because {
			fmt.Fprintf(&text, "   %s\n", b)
		}
		for _, n := range x.Needed {
			fmt.Fprintf(&text, "   needed: %s\n", n)
		}
		for _, a := range x.Able {
			fmt.Fprintf(&text, "   can %s\n", a)
		}
		for _, a := range x.Ask {
			fmt.Fprintf(&text, "   ask %s\n", a)
		}
	}
	golden(t, "explain", text.String())
}

// Who may, with ids to paste.
func TestWho(t *testing.T) {
	t.Parallel()
	e := &Enforcer{policy(t, told())}
	var text strings.Builder
	for _, v := range []Verb{Do, Approve, Break} {
		for _, r := range []Request{
			wants("alice", "web", "prod", Change), wants("alice", "db", "prod", Change), wants("bob", "web", "prod", Destroy),
			wants("alice", "lab", "lab", Change), wants("alice", "toy", "dev", Read),
		} {
			fmt.Fprintf(&text, "== %s, %s of %s asked by %s\n", v, r.Action.Effect, r.Action.Stack, r.Actor.ID)
			for _, c := range e.Who(t.Context(), v, r) {
				fmt.Fprintf(&text, "   %s\n", c)
			}
		}
	}
	text.WriteString("== administrators\n")
	for _, c := range e.Admins(t.Context(), "acme") {
		fmt.Fprintf(&text, "   %s\n", c)
	}
	golden(t, "who", text.String())
}

// Without a policy there is nobody, and nothing to tell but that.
func TestExplainWithoutPolicy(t *testing.T) {
	t.Parallel()
	for what, s := range map[string]Source{"none": nil, "unread": unread{}, "another's": policy(t, told())} {
		r := wants("alice", "web", "prod", Read)
		if r.Org = "umbrella"; what != "another's" {
			r.Org = "acme"
		}
		e := &Enforcer{s}
		x := e.Explain(t.Context(), named("alice"), Do, r)
		if x.Decision.Outcome != Deny || len(x.Because) == 0 || len(x.Ask) != 0 {
			t.Errorf("%s: %v", what, x)
		}
		if who := e.Who(t.Context(), Do, r); len(who) != 0 || len(e.Admins(t.Context(), r.Org)) != 0 {
			t.Errorf("%s: %v", what, who)
		}
	}
}

type unread struct{}

func (unread) Policy(context.Context, string) (Policy, error) { return nil, errors.New("down") }

func TestDescribe(t *testing.T) {
	t.Parallel()
	lines := policy(t, told()).Describe()
	if !slices.IsSorted(lines) {
		t.Error("not sorted")
	}
	golden(t, "describe", strings.Join(lines, "\n")+"\n")
}

func TestDiff(t *testing.T) {
	t.Parallel()
	was, now := told(), told()
	p := now.People["vic"]
	p.Roles = []string{"operator"}
	now.People["vic"] = p
	now.Lines = now.Lines[1:]
	delete(now.Groups, "sre")
	now.Stacks["web"] = Stack{Environment: "prod", Rooms: []string{"c:ops"}}
	golden(t, "diff", strings.Join(Diff(policy(t, was).Describe(), policy(t, now).Describe()), "\n")+"\n")
	if same := Diff(policy(t, was).Describe(), policy(t, told()).Describe()); len(same) != 0 {
		t.Errorf("differs from itself: %v", same)
	}
}
