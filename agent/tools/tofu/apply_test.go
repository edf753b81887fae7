package tofu_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/tools/tofu"
	"interlock/agent/tools/tofu/apply"
	"interlock/rbac"
)

// stored is a world at serial 3 with a plan of it that updates one resource.
func stored(t testing.TB, change func(*tofu.Meta)) (*world, agent.ToolCall) {
	t.Helper()
	w := newWorld(t)
	w.state(3)
	m := tofu.Meta{
		Stack: stack, Environment: "prod", Directory: "stacks/payments-prod", Commit: commit, Reviewed: true,
		Standing: tofu.Standing{State: tofu.State{Serial: 3, Lineage: "l"}}, Image: image, Plan: agent.Plan{Stack: stack, Update: 1, Reviewed: true},
	}
	if change != nil {
		change(&m)
	}
	meta, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	id, err := w.Keep(t.Context(), agent.Artifact{Org: org, Kind: "plan", Session: "s1", Meta: meta, Bytes: []byte("plan"), Expires: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return w, call(t, map[string]any{"plan": id})
}

func TestApplyAction(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*tofu.Meta)
		effect rbac.Effect
		want   string
	}{
		"update":     {nil, rbac.Change, ""},
		"delete":     {func(m *tofu.Meta) { m.Plan.Delete = 1 }, rbac.Destroy, ""},
		"replace":    {func(m *tofu.Meta) { m.Plan.Replace = 1 }, rbac.Destroy, ""},
		"unreviewed": {func(m *tofu.Meta) { m.Reviewed = false }, 0, "edited workspace"},
		"errored":    {func(m *tofu.Meta) { m.Plan.Errored = true }, 0, "failed"},
		"nothing":    {func(m *tofu.Meta) { m.Plan = agent.Plan{} }, 0, "nothing to apply: payments-prod already matches"},
		"elsewhere":  {func(m *tofu.Meta) { m.Directory = "other" }, 0, "plan again"},
	} {
		w, call := stored(t, c.change)
		act, err := apply.New(w.deps()).Action(t.Context(), org, call.Args)
		switch {
		case c.want == "" && (err != nil || act.Tool != "tofu_apply" || act.Stack != stack || act.Environment != "prod" || act.Effect != c.effect):
			t.Errorf("%s: %+v, %v", name, act, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestApplyOfNoSuchPlan(t *testing.T) {
	t.Parallel()
	w, c := stored(t, nil)
	tool := apply.New(w.deps())
	if _, err := tool.Action(t.Context(), "other", c.Args); !errors.Is(err, agent.ErrNotFound) {
		t.Errorf("another Org's plan: %v", err)
	}
	if _, err := tool.Bind(t.Context(), "other", c.Args); !errors.Is(err, agent.ErrNotFound) {
		t.Errorf("another Org's plan: %v", err)
	}
	if res := run(t, w, tool, call(t, map[string]any{"plan": "x"})); res.Applied != "not applied" || !res.Failed {
		t.Errorf("%+v", res)
	}
	if len(w.ran) > 0 {
		t.Error("something ran")
	}
}

func TestApplyBind(t *testing.T) {
	t.Parallel()
	w, c := stored(t, nil)
	tool := apply.New(w.deps())
	b, err := tool.Bind(t.Context(), org, c.Args)
	if err != nil || b.Serial != 3 || b.Lineage != "l" || b.Commit != commit || b.Image != image || len(b.Artifact) != 64 ||
		b.Plan.Update != 1 || b.Summary != "payments-prod: 0 to add, 1 to change, 0 to replace, 0 to destroy" {
		t.Fatalf("%+v, %v", b, err)
	}
	w.state(4)
	w.head, w.image = "c2", "sha256:two"
	now, err := tool.Bind(t.Context(), org, c.Args)
	if err != nil || now.Serial != 4 || now.Commit != "c2" || now.Image != "sha256:two" || now.Artifact != b.Artifact {
		t.Errorf("%+v, %v", now, err)
	}
	a := w.kept[b.Artifact]
	a.Bytes = []byte("another plan")
	w.kept[b.Artifact] = a
	if _, err := tool.Bind(t.Context(), org, c.Args); err == nil {
		t.Error("other bytes under the same id are bound")
	}
	if res := run(t, w, tool, c); res.Applied != "not applied" || len(w.ran) > 0 {
		t.Errorf("%+v", res)
	}
}

const lockError = `╷
│ Error: Error acquiring the state lock
│ 
│ Error message: resource temporarily unavailable
│ Lock Info:
│   ID:        5c1d-77
│   Path:      /state/terraform.tfstate
│   Operation: OperationTypeApply
│   Who:       alice@host
│   Version:   1.12.6
│   Created:   2026-11-25 00:00:00 UTC
│   Info:      
╵`

// judgement is one end of an apply: what the sandbox gives, where the state is
// then, and what is said of it.
type judgement struct {
	name   string
	out    agent.Output
	serial int64
	want   string
	text   string
}

func judgements() []judgement {
	ended := func(code, words, out string) map[string]string {
		return map[string]string{"out/init.code": "0", "out/apply.code": code, "out/apply.err": words, "out/apply.out": out}
	}
	complete := "\nApply complete! Resources: 0 added, 1 changed, 0 destroyed.\n"
	cut := outcome(137, "apply", map[string]string{"out/init.code": "0"})
	cut.Stopped = true
	interrupted := outcome(1, "apply", ended("1", "Error: execution halted", "Interrupt received."))
	interrupted.Stopped = true
	foreign := outcome(0, "apply", ended("0", "", complete))
	foreign.Image = "sha256:other"
	rescued := ended("1", "Error: Failed to persist state", "")
	rescued["src/stacks/payments-prod/errored.tfstate"] = `{"serial": 4}`
	return []judgement{
		{"applied", outcome(0, "apply", ended("0", "", complete)), 4, "applied", "applied: 0 added, 1 changed, 0 destroyed"},
		{"put back, so the state is as it was", outcome(0, "apply", ended("0", "", complete)), 3, "applied", "applied: 0 added, 1 changed, 0 destroyed"},
		{"in another image", foreign, 4, "applied", "another sandbox image"},
		{"silent success", outcome(0, "apply", ended("0", "", "")), 4, "look", "did not say"},
		{"init fails", outcome(1, "init", map[string]string{"out/init.code": "1", "out/init.err": "no provider"}), 3, "not applied", "tofu init failed: no provider"},
		{"never started", agent.Output{Code: 1, Image: image}, 3, "look", "did not start"},
		{"stale", outcome(1, "apply", ended("1", "Error: Saved plan is stale", "")), 4, "not applied", "changed by somebody else"},
		{"locked", outcome(1, "apply", ended("1", lockError, "")), 3, "not applied", "ID 5c1d-77, Operation OperationTypeApply, Who alice@host, Created 2026-11-25"},
		{"a provider that says stale", outcome(1, "apply", ended("1", "Error: Saved plan is stale", "a.b: Modifying... [id=b]\n")), 4, "partly applied", "serial 3 to 4"},
		{"partly", outcome(1, "apply", ended("1", "Error: rule refused", "a.b: Modifications complete after 0s [id=b]\n")), 4, "partly applied", "serial 3 to 4, complete: a.b. tofu apply failed: Error: rule refused"},
		{"fails on the way", outcome(1, "apply", ended("1", "Error: rule refused", "a.b: Modifying... [id=b]\n")), 3, "look", "whether it took effect is not known, scan payments-prod"},
		{"fails at once", outcome(1, "apply", ended("1", "Error: rule refused", "")), 3, "not applied", "rule refused"},
		{"interrupted", interrupted, 4, "partly applied", "was stopped"},
		{"interrupted before", interrupted, 3, "not applied", "was stopped"},
		{"killed", cut, 3, "look", "was not seen to end"},
		{"killed after", cut, 4, "partly applied", "was stopped"},
		{"state lost", outcome(1, "apply", rescued), 3, "look", "It is kept as artifact "},
	}
}

func TestApplyJudges(t *testing.T) {
	t.Parallel()
	for _, j := range judgements() {
		w, c := stored(t, nil)
		w.exec = func(c agent.Command) (agent.Output, error) {
			if string(c.Files["in/plan.bin"]) != "plan" || !c.Mounts[0].Write || c.Mounts[0].To != "/state" || !c.Mounts[1].Write {
				t.Errorf("command %+v", c.Mounts)
			}
			w.state(j.serial)
			return j.out, nil
		}
		judged(t, w, j, run(t, w, apply.New(w.deps()), c))
	}
}

// After a crash the same container is collected, and judged in the same way.
func TestApplyProbeJudges(t *testing.T) {
	t.Parallel()
	for _, j := range judgements() {
		w, c := stored(t, nil)
		w.state(j.serial)
		w.collect = func(agent.Command) (agent.Output, error) { return j.out, nil }
		res, err := apply.New(w.deps()).Probe(t.Context(), w.env(), c)
		if err != nil {
			t.Fatal(err)
		}
		judged(t, w, j, res)
	}
}

func judged(t *testing.T, w *world, j judgement, res agent.ToolResult) {
	t.Helper()
	if res.Applied != j.want || res.Failed != (j.want != "applied") || !strings.Contains(res.Text, j.text) || strings.Contains(res.Text, "│") {
		t.Errorf("%s: %+v", j.name, res)
	}
	if _, id, ok := strings.Cut(res.Text, "kept as artifact "); ok && w.kept[id[:64]].Kind != "state" {
		t.Errorf("%s: the state is not kept", j.name)
	}
}

func TestApplyProbeWithoutContainer(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]struct {
		serial    int64
		elsewhere bool
		err       error
		want      string
	}{
		"it never began":     {3, false, agent.ErrNotFound, "not applied: it never began"},
		"the state moved":    {4, false, agent.ErrNotFound, "look: no container of it is left, and the state has moved (serial 4"},
		"on another machine": {3, true, agent.ErrNotFound, "look: it was started on another machine"},
		"taken away":         {3, false, agent.ErrGone, "look: it began, and its container is gone. The state is as it was planned from, which a change that puts drift back leaves too: scan payments-prod"},
		"taken away, moved":  {4, false, agent.ErrGone, "look: no container of it is left, and the state has moved (serial 4"},
	} {
		w, c := stored(t, nil)
		w.state(p.serial)
		w.collect = func(agent.Command) (agent.Output, error) { return agent.Output{}, p.err }
		e := w.env()
		e.Elsewhere = p.elsewhere
		res, err := apply.New(w.deps()).Probe(t.Context(), e, c)
		if err != nil || !strings.HasPrefix(res.Text, p.want) || !strings.HasPrefix(p.want, res.Applied+":") || len(w.ran) > 0 {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
	}
}

// What has moved since the plan is refused before anything runs.
func TestApplyRefusesWhatMoved(t *testing.T) {
	t.Parallel()
	for name, move := range map[string]func(*world){
		"state": func(w *world) { w.state(4) },
		"image": func(w *world) { w.image = "sha256:two" },
	} {
		w, c := stored(t, nil)
		move(w)
		if res := run(t, w, apply.New(w.deps()), c); res.Applied != "not applied" || len(w.ran) > 0 || !strings.Contains(res.Text, "since the plan") {
			t.Errorf("%s: %+v", name, res)
		}
	}
}

// A plan from before another change of the stack is not applied after it, though the
// state is as it was: putting drift back does not move it. Its own start counts once.
func TestApplyAfterAnotherChange(t *testing.T) {
	t.Parallel()
	w, c := stored(t, func(m *tofu.Meta) { m.Changed = 4 })
	tool := apply.New(w.deps())
	w.exec = func(agent.Command) (agent.Output, error) { return outcome(0, "apply", nil), nil }
	for changes, want := range map[int64]struct{ asked, run bool }{4: {true, true}, 5: {false, true}, 6: {false, false}} {
		w.changes = changes
		_, err := tool.Action(t.Context(), org, c.Args)
		if asked := err == nil; asked != want.asked || !asked && err.Error() != "another change of payments-prod has begun since this plan: plan again" {
			t.Errorf("after %d changes: %v", changes, err)
		}
		if b, err := tool.Bind(t.Context(), org, c.Args); err != nil || b.Changed != changes {
			t.Errorf("after %d changes it stands on %+v, %v", changes, b, err)
		}
		w.ran = nil
		if res := run(t, w, tool, c); (len(w.ran) == 1) != want.run || !want.run && res.Applied != "not applied" {
			t.Errorf("after %d changes: %+v", changes, res)
		}
	}
}

func TestApplyRepeat(t *testing.T) {
	t.Parallel()
	w, c := stored(t, nil)
	calls, err := apply.New(w.deps()).Repeat(t.Context(), org, c)
	if err != nil || len(calls) != 2 || calls[0].Tool != "tofu_plan" || string(calls[0].Args) != `{"stack":"payments-prod"}` ||
		calls[1].Tool != "tofu_apply" || string(calls[1].Args) != `{"plan":"$artifact"}` {
		t.Errorf("%+v, %v", calls, err)
	}
}
