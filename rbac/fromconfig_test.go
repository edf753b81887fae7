package rbac

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"interlock/config"
)

func TestFromConfig(t *testing.T) {
	t.Parallel()
	until := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	o := config.Org{
		Policy: config.Policy{
			People: map[string]config.Person{
				"ana": {Roles: []string{"operator"}, Chat: []string{"slack:T1/U1", "console:anna"}, Away: config.Away{Until: until, Deputy: "bo"}},
				"bo":  {Name: "Bo", Off: true},
			},
			Groups: map[string]config.Group{
				"dba": {Roles: []string{"approver"}, People: []string{"ana"}, Chat: []string{"slack:T1/S1"}, OIDC: []string{"dbas"}},
			},
			Environments: map[string]config.Environment{"prod": {Tier: "gated"}, "lab": {}},
			Channels:     map[string]config.Channel{room: {Tier: "draft", Title: "Pay"}},
			Rules:        []config.Rule{{Who: "group:dba", May: []string{"approve", "change"}, On: []string{"env/prod", "stack/s"}, Effect: "deny", Because: "audit"}},
			Raises: []config.Raise{
				{Channel: room, Tier: "gated", Until: until, Because: "release"},
				{Environment: "lab", Tier: "sandbox", Until: until},
				{Profile: "default", Tier: "gated", Until: until},
				{Role: "viewer", Tier: "draft", Until: until},
			},
			Approvals: config.Approvals{Rules: []config.ApprovalRule{
				{Name: "iam", Environments: []string{"prod"}, Effects: []string{"change"}, Kinds: []string{"aws_iam_*"}, From: []string{"group:dba"}, Expiry: time.Hour},
				{Name: "two", Stacks: []string{"s"}, Resources: 3, Destroys: true, Need: 2, Urgent: true},
			}},
		},
		Workspaces: []string{"slack:T1", "teams:9"},
		Stacks:     map[string]config.Stack{"s": {Environment: "prod", Channel: room, Channels: []string{"slack:C"}, Owners: []string{"ana"}}},
		Profiles:   map[string]config.Profile{"default": {Tier: "sandbox", Allow: []string{"*"}, Deny: []string{"x"}}},
	}
	freeze := Freeze{ID: "f", Env: "prod", Until: until}
	r, err := FromConfig(o, Extra{
		People: map[string]config.Person{
			"bo": {Roles: []string{"admin"}}, "eve": {Roles: []string{"admin"}, Chat: []string{"console:anna", "console:eve"}},
		},
		Identities: map[string][]Actor{
			"ana": {{Org: "acme", Platform: "teams", Tenant: "9", ID: "a", Name: "whatever"}, {Platform: "console", ID: "eve"}}, "gone": {{Platform: "console", ID: "g"}},
		},
		Members: map[string][]string{"slack:T1/S1": {"slack:T1/U1", "console:eve", "slack:T1/U9", "nonsense"}, "oidc:dbas": {"person:bo", "person:gone"}},
		Freezes: []Freeze{freeze},
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Environments["prod"] != Gated || r.Environments["lab"] != Observe || r.Channels[room] != (Channel{"Pay", Draft}) ||
		!slices.Equal(r.Stacks["s"].Rooms, []string{room, "slack:C"}) || r.Profiles["default"].Tier != Sandbox || r.Profiles["default"].Tools.May("x") {
		t.Errorf("%+v", r)
	}
	ana := r.People["ana"]
	want := []Actor{{Platform: "slack", Tenant: "T1", ID: "U1"}, {Platform: "console", ID: "anna"}, {Platform: "teams", Tenant: "9", ID: "a"}}
	if ana.Name != "ana" || !slices.Equal(ana.Chat, want) || !ana.Away.Equal(until) || ana.Deputy != "bo" {
		t.Errorf("%+v", ana)
	}
	if bo := r.People["bo"]; !bo.Off || len(bo.Roles) != 0 {
		t.Errorf("an added person replaced one of the file: %+v", bo)
	}
	if eve := r.People["eve"]; !slices.Equal(eve.Chat, []Actor{{Platform: "console", ID: "eve"}}) || !slices.Equal(eve.Roles, []string{"admin"}) {
		t.Errorf("an added person has an identity of the file, or no roles: %+v", eve)
	}
	if _, there := r.People["gone"]; there {
		t.Error("a link made a person")
	}
	if g := r.Groups["dba"]; !slices.Equal(g.Members, []string{"ana", "bo", "eve"}) || !slices.Equal(g.Roles, []string{"approver"}) {
		t.Errorf("%+v", g)
	}
	if len(r.Lines) != 4 || r.Lines[1] != (Line{"group:dba", "stack/s", "approve", "deny", "audit"}) {
		t.Errorf("%v", r.Lines)
	}
	if !reflect.DeepEqual(r.Raises, []Raise{
		{"channel " + room, Gated, until, "release"}, {"environment lab", Sandbox, until, ""}, {"profile default", Gated, until, ""}, {"role viewer", Draft, until, ""},
	}) {
		t.Errorf("%+v", r.Raises)
	}
	if !reflect.DeepEqual(r.Approvals, []ApprovalRule{
		{
			Name: "iam", Environments: []string{"prod"}, Effects: []Effect{Change}, Kinds: []string{"aws_iam_*"},
			Need: Need{1, []string{"group:dba"}, "iam"}, Expiry: time.Hour,
		},
		{Name: "two", Stacks: []string{"s"}, Resources: 3, Destroys: true, Need: Need{2, nil, "two"}, Urgent: true},
	}) {
		t.Errorf("%+v", r.Approvals)
	}
	if !slices.Equal(r.Workspaces, []Workspace{{"slack", "T1"}, {"teams", "9"}}) || !slices.Equal(r.Freezes, []Freeze{freeze}) {
		t.Errorf("%v %v", r.Workspaces, r.Freezes)
	}
	if _, err := NewSnapshot("acme", r); err != nil {
		t.Error(err)
	}
}

func TestFromConfigRefuses(t *testing.T) {
	t.Parallel()
	for _, o := range []config.Org{
		{Policy: config.Policy{Environments: map[string]config.Environment{"x": {Tier: "rot"}}}},
		{Policy: config.Policy{Channels: map[string]config.Channel{"a:b": {Tier: "rot"}}}},
		{Policy: config.Policy{Raises: []config.Raise{{Channel: "a:b", Tier: "rot"}}}},
		{Policy: config.Policy{Approvals: config.Approvals{Rules: []config.ApprovalRule{{Name: "x", Effects: []string{"rot"}}}}}},
		{Policy: config.Policy{Approvals: config.Approvals{Rules: []config.ApprovalRule{{Name: "x", Effects: []string{"unknown"}}}}}},
		{Profiles: map[string]config.Profile{"x": {Tier: "rot"}}},
	} {
		if _, err := FromConfig(o, Extra{}); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}
