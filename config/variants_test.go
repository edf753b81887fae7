package config

import (
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

// Each variant is a stack with what it says, and with what its stack says otherwise.
func TestVariants(t *testing.T) {
	t.Parallel()
	c, _, err := load(t, `
orgs:
  acme:
    environments: {prod: {}, lab: {}}
    channels: {"console:a": {}, "console:b": {}}
    people: {ana: {roles: [admin]}, bo: {roles: [viewer]}}
    stacks:
      app:
        path: stacks
        directory: app
        environment: prod
        channel: "console:a"
        owners: [ana]
        mounts: [{from: world, to: /world}]
        ignore: ["a.b c"]
        team: web
        var_file: all.tfvars
        variants:
          eu: {state: eu, workspace: eu}
          us: {environment: lab, state: us, channel: "console:b", owners: [bo], mounts: [{from: usworld, to: /world}], ignore: [], var_file: us.tfvars, watch: daily}
    schedules:
      nightly: {kind: drift, stacks: ["app-*"], cron: "0 3 * * *"}
`)
	if err != nil {
		t.Fatal(err)
	}
	o := c.Orgs["acme"]
	if got := slices.Sorted(maps.Keys(o.Stacks)); !slices.Equal(got, []string{"app-eu", "app-us"}) {
		t.Fatalf("stacks %v", got)
	}
	eu, us := o.Stacks["app-eu"], o.Stacks["app-us"]
	dir := filepath.Dir(eu.State)
	want := Stack{
		Path: filepath.Join(dir, "stacks"), Directory: "app", Environment: "prod", Channel: "console:a", Owners: []string{"ana"}, State: filepath.Join(dir, "eu"), Workspace: "eu",
		Mounts: []Mount{{From: filepath.Join(dir, "world"), To: "/world"}}, Ignore: []string{"a.b c"}, Team: "web", VarFile: "all.tfvars",
	}
	if !reflect.DeepEqual(eu, want) {
		t.Errorf("eu is %+v", eu)
	}
	want.Environment, want.Channel, want.Owners, want.State, want.Watch = "lab", "console:b", []string{"bo"}, filepath.Join(dir, "us"), "daily"
	want.Workspace = ""
	want.Mounts, want.VarFile, want.Ignore = []Mount{{From: filepath.Join(dir, "usworld"), To: "/world"}}, "us.tfvars", us.Ignore
	if !reflect.DeepEqual(us, want) || len(us.Ignore) > 0 {
		t.Errorf("us is %+v", us)
	}
	if got := o.Schedules["nightly"].Targets(o); !slices.Equal(got, []string{"app-eu", "app-us"}) {
		t.Errorf("a pattern means %v", got)
	}
}

func TestStateFolder(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]Stack{
		"":                          {Workspace: "eu"},
		"/s":                        {State: "/s"},
		"/d":                        {State: "/d/", Workspace: "default"},
		"/w/terraform.tfstate.d/eu": {State: "/w", Workspace: "eu"},
	} {
		if got := s.StateFolder(); got != want {
			t.Errorf("%+v keeps its state in %q, want %q", s, got, want)
		}
	}
}
