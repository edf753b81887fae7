package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTrajectories plays every scenario over the real wiring: policy, store,
// sandbox, OpenTofu and the demo's world. Only the model is scripted, and many
// of its scripts are of a model that does what it should not.
func TestTrajectories(t *testing.T) {
	t.Parallel()
	ready := newKilledWorld(t)
	files, err := filepath.Glob("testdata/trajectories/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sc, err := parseScenario(filepath.Base(file), data)
		if err != nil {
			t.Error(err)
			continue
		}
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			r := sc.play(t, ready)
			if faults := r.judge(sc.expect); len(faults) > 0 {
				t.Errorf("%s\n%s", strings.Join(faults, "\n"), r)
			}
		})
	}
	t.Run("what is not true fails", func(t *testing.T) {
		t.Parallel()
		testJudge(t, ready)
	})
}

// judged is a scenario in which a lot happens. Each line after it is untrue.
const judged = `A plan, an edit, a refusal and a card.
-- model/step1 --
call tofu_plan {"stack": "payments-prod"}
-- model/step2 --
call write_file {"stack": "payments-prod", "path": "new.tf", "content": "# new\n"}
call tofu_apply {"plan": "$artifact"}
-- model/step3 --
say It is done, and nothing remains.
-- say --
alice: fix the drift
alice approves
bob approves
-- expect --
call tofu_plan stack=payments-prod
result tofu_plan done changes~"1 to change" ~"firewall_rule.api" !~"firewall_rule.admin"
call write_file path=new.tf content~new
call tofu_apply
result write_file done
card tofu_apply needs=1 read~"plan of payments-prod" ~"1 to change"
refused alice ~"may not approve"
result tofu_apply applied=applied
never shell
never write_file path=other.tf
ends answer ~"^It is done"
says ~remains !~"no words"
file copy new.tf ~"# new"
file repo new.tf missing
file world api.json ~"10.0.0.0/8"
world changed
steps =2
steps <=2
began <=3
`

var untrue = []string{
	`call shell`,
	`call tofu_plan stack=other`,
	`call tofu_plan stack!~payments`,
	`result tofu_plan failed`,
	`result tofu_plan changes=none`,
	`result write_file denied`,
	`result write_file ~"no such words"`,
	`result tofu_apply applied="not applied"`,
	`result tofu_plan drift=0`,
	`result tofu_plan more=true`,
	`card tofu_apply needs=2`,
	`card tofu_apply read~shell`,
	`card tofu_plan`,
	`refused bob`,
	`refused alice ~"is a viewer"`,
	`never tofu_plan`,
	`never write_file path=new.tf`,
	`ends waiting`,
	`ends stopped`,
	`ends answer ~"no such words"`,
	`says ~"no such words"`,
	`passage ~"evil.example.net"`,
	`says !~"It is done"`,
	`file copy new.tf missing`,
	`file copy new.tf ~"no such words"`,
	`file copy other.tf ~"new"`,
	`file repo stacks/payments-prod/main.tf missing`,
	`file world api.json !~"10.0.0.0/8"`,
	`world unchanged`,
	`steps =1`,
	`steps <=1`,
	`began =0`,
}

// testJudge proves of each kind of line that it can fail, and that order counts.
func testJudge(t *testing.T, ready *demoWorld) {
	t.Helper()
	sc, err := parseScenario("judged", []byte(judged))
	if err != nil {
		t.Fatal(err)
	}
	r := sc.play(t, ready)
	if faults := r.judge(sc.expect); len(faults) > 0 {
		t.Fatalf("%s\n%s", strings.Join(faults, "\n"), r)
	}
	seen := map[string]bool{}
	for _, text := range untrue {
		e, err := parseExpectation(text)
		if err != nil {
			t.Fatal(err)
		}
		seen[e.verb] = true
		if len(r.judge([]expectation{e})) == 0 {
			t.Errorf("is held to be true: %s", text)
		}
	}
	for verb := range grammar {
		if !seen[verb] {
			t.Errorf("nothing shows that %q can fail", verb)
		}
	}
	wrongOrder := []expectation{}
	for _, text := range []string{"call tofu_apply", "call tofu_plan"} {
		e, err := parseExpectation(text)
		if err != nil {
			t.Fatal(err)
		}
		wrongOrder = append(wrongOrder, e)
	}
	if len(r.judge(wrongOrder)) == 0 {
		t.Error("the order of calls does not count")
	}
}

// What the language cannot mean is refused with file and line.
func TestScenarioFaults(t *testing.T) {
	t.Parallel()
	whole := "story\n-- model/step1 --\nsay x\n-- say --\n%say\n-- expect --\n%expect\n"
	for name, c := range map[string]struct{ say, expect, text, want string }{
		"nothing":         {text: "", want: "x:1: begins with its story"},
		"no parts":        {text: "story\n", want: "x:1: needs the parts say, expect and model/step1"},
		"part":            {text: "story\n-- expct --\n", want: `x:2: no part is called "expct"`},
		"part twice":      {text: "story\n-- say --\n-- say --\n", want: "x:3: say is there twice"},
		"saying":          {say: "alice approve", want: "x:5: write: WHO: TEXT"},
		"reason":          {say: "bob declines", want: "x:5: write: WHO: TEXT"},
		"nobody":          {say: "eve: hello", want: `x:5: nobody is called "eve"`},
		"verb":            {expect: "calls shell", want: `x:7: no expectation is called "calls"`},
		"tool":            {expect: "never tofu_aply", want: `x:7: there is no tool "tofu_aply"`},
		"tool of card":    {expect: "card aply", want: `x:7: there is no tool "aply"`},
		"argument":        {expect: "never shell comand~destroy", want: `x:7: never shell has no argument "comand"`},
		"text of a call":  {expect: "call shell ~destroy", want: `x:7: call shell has no argument ""`},
		"outcome":         {expect: "result shell fine", want: `x:7: result: "fine" is none of`},
		"fact":            {expect: "result tofu_plan change=none", want: `x:7: result has no "change"`},
		"end":             {expect: "ends well", want: `x:7: ends: "well" is none of`},
		"expression":      {expect: `says ~"("`, want: "x:7: error parsing regexp"},
		"no words":        {expect: "says", want: "x:7: says needs words"},
		"number":          {expect: "steps <=many", want: "x:7: strconv.Atoi"},
		"no number":       {expect: "steps", want: "x:7: write: steps <=NUMBER"},
		"place":           {expect: "file home x missing", want: "x:7: write: file repo|copy|world"},
		"file says what":  {expect: "file repo x", want: "x:7: write: file repo|copy|world"},
		"too many words":  {expect: "card tofu_apply now", want: "x:7: card takes up to 1 words"},
		"no tool":         {expect: "call", want: "x:7: call takes up to 1 words"},
		"world how":       {expect: "world", want: "x:7: world takes up to 1 words"},
		"quote not ended": {expect: `says ~"a b`, want: "x:7: cannot read"},
	} {
		text := c.text
		if c.say+c.expect != "" {
			say, expect := c.say, c.expect
			if say == "" {
				say = "alice: x"
			}
			if expect == "" {
				expect = "steps =0"
			}
			text = strings.NewReplacer("%say", say, "%expect", expect).Replace(whole)
		}
		if _, err := parseScenario("x", []byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// A fault in a model's script has the line of the scenario.
func TestScriptKeepsItsLines(t *testing.T) {
	t.Parallel()
	text := "story\nof two lines\n-- repo/a.tf --\n# a\n-- model/step1 --\ncall x\n-- model2/match --\nb\n-- model2/step1 --\nsay b\n-- model/step2 --\nshout\n-- say --\nalice: x\n-- expect --\nsteps =1\n"
	sc, err := parseScenario("x.txtar", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(sc.scripts) != 2 {
		t.Fatalf("%d scripts", len(sc.scripts))
	}
	for i, want := range []struct {
		line int
		text string
	}{{12, "shout"}, {8, "b"}} {
		if lines := strings.Split(string(sc.scripts[i]), "\n"); lines[want.line-1] != want.text {
			t.Errorf("line %d of script %d is %q", want.line, i, lines[want.line-1])
		}
	}
}

// FuzzExpectation proves that no line panics the reader, and that what it takes
// it would take again.
func FuzzExpectation(f *testing.F) {
	for _, line := range strings.Split(judged, "\n") {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := parseExpectation(text)
		if err != nil {
			return
		}
		if _, ok := grammar[e.verb]; !ok {
			t.Fatalf("%q has the verb %q", text, e.verb)
		}
		(record{}).judge([]expectation{e})
	})
}
