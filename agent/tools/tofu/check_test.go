package tofu

import (
	"os"
	"strings"
	"testing"
)

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	firewall := []string{"registry.opentofu.org/interlock/firewall"}
	for name, c := range map[string]struct {
		files     map[string]string
		providers []string
		want      string // empty: allowed
	}{
		"demo":                         {files: map[string]string{"s/main.tf": demo(t)}, providers: firewall},
		"no code":                      {files: map[string]string{"other/main.tf": ""}, want: `there is no code in "s"`},
		"external data":                {files: map[string]string{"s/a.tf": "\ndata \"external\" \"x\" {}"}, want: "s/a.tf:2: external data"},
		"external data in a check":     {files: map[string]string{"s/a.tf": "check \"c\" {\n data \"external\" \"x\" {}\n}"}, want: "s/a.tf:2: external data"},
		"external data as JSON":        {files: map[string]string{"s/a.tf.json": `{"data":{"external":{"x":{}}}}`}, want: "s/a.tf.json:1: external data"},
		"external data in tofu":        {files: map[string]string{"s/a.tf": "", "s/a.tofu": "data \"external\" \"x\" {}"}, want: "s/a.tofu:1: external data"},
		"provisioner":                  {files: map[string]string{"s/a.tf": "resource \"null_resource\" \"x\" {\n  provisioner \"local-exec\" {\n    command = \"id\"\n  }\n}"}, want: "s/a.tf:2: a provisioner"},
		"provisioner as JSON":          {files: map[string]string{"s/a.tf.json": `{"resource":{"null_resource":{"x":{"provisioner":[{"local-exec":{"command":"id"}}]}}}}`}, want: "a provisioner"},
		"provisioner of a removed one": {files: map[string]string{"s/a.tf": "removed {\n  from = a.b\n  provisioner \"local-exec\" {}\n}"}, want: "s/a.tf:3: a provisioner"},
		"backend":                      {files: map[string]string{"s/a.tf": "terraform {\n backend \"s3\" {}\n}"}, want: `backend "s3"`},
		"backend as JSON":              {files: map[string]string{"s/a.tofu.json": `{"terraform":{"backend":{"http":{}}}}`}, want: `backend "http"`},
		"backend of its own file":      {files: map[string]string{"s/a.tf": "terraform {\n backend \"local\" {}\n}"}},
		"backend in an override":       {files: map[string]string{"s/a.tf": "", "s/zzzzz_override.tf": "terraform {\n backend \"local\" {\n path = \"/tmp/x\"\n}\n}"}, want: "s/zzzzz_override.tf:2: a backend in an override"},
		"backend in override.tofu":     {files: map[string]string{"s/a.tf": "", "s/override.tofu": "terraform {\n backend \"local\" {}\n}"}, want: "a backend in an override"},
		"backend in an override, JSON": {files: map[string]string{"s/a.tf": "", "s/z_override.tofu.json": `{"terraform":{"backend":{"local":{}}}}`}, want: "a backend in an override"},
		"in the place of ours":         {files: map[string]string{"s/a.tf": "", "s/zzzz_interlock_override.tofu.json": `{}`}, want: "is Interlock's own"},
		"another override":             {files: map[string]string{"s/a.tf": "", "s/a_override.tf": "locals { x = 1 }"}},
		"cloud":                        {files: map[string]string{"s/a.tf": "terraform { \ncloud {}\n }"}, want: "s/a.tf:2: a cloud block"},
		"key from a program":           {files: map[string]string{"s/a.tf": "terraform {\n encryption {\n key_provider \"external\" \"x\" {}\n}\n}"}, want: "s/a.tf:3: an external key_provider"},
		"module of a registry":         {files: map[string]string{"s/a.tf": "module \"m\" {\n  source = \"hashicorp/consul/aws\"\n}"}, want: "s/a.tf:2: module"},
		"module by git":                {files: map[string]string{"s/a.tf": "module \"m\" {\n  source = \"git::ssh://x/y\"\n}"}, want: "s/a.tf:2: module"},
		"module by a variable":         {files: map[string]string{"s/a.tf": "module \"m\" {\n  source = \"./${var.x}\"\n}"}, want: "s/a.tf:2: module"},
		"module outside":               {files: map[string]string{"s/a.tf": "module \"m\" {\n  source = \"../../x\"\n}"}, want: "leads out"},
		"module missing":               {files: map[string]string{"s/a.tf": "module \"m\" {\n  source = \"../m\"\n}"}, want: `there is no code in "m"`},
		"module":                       {files: map[string]string{"s/a.tf": "module \"m\" {\n  source = \"../m\"\n}", "m/a.tf": ""}},
		"module with a provisioner":    {files: map[string]string{"s/a.tf": "module \"m\" {\n  source = \"../m\"\n}", "m/a.tf": "resource \"a\" \"b\" {\n provisioner \"file\" {}\n}"}, want: "m/a.tf:2: a provisioner"},
		"modules in a ring":            {files: map[string]string{"s/a.tf": "module \"m\" {\n  source = \"../m\"\n}", "m/a.tf": "module \"s\" {\n  source = \"../s\"\n}"}},
		"provider by its resource":     {files: map[string]string{"s/a.tf": "resource \"aws_vpc\" \"x\" {}"}, providers: firewall, want: `s/a.tf:1: provider "aws" (registry.opentofu.org/hashicorp/aws)`},
		"provider by its block":        {files: map[string]string{"s/a.tf": "provider \"aws\" {}"}, providers: firewall, want: `provider "aws"`},
		"provider under another name":  {files: map[string]string{"s/a.tf": "terraform {\n required_providers {\n  firewall = {\n   source = \"evil/firewall\"\n  }\n }\n}"}, providers: firewall, want: `evil/firewall`},
		"provider named by a resource": {files: map[string]string{"s/a.tf": "resource \"firewall_rule\" \"x\" {\n provider = aws.west\n}"}, providers: firewall, want: `s/a.tf:2: provider "aws"`},
		"provider for each":            {files: map[string]string{"s/a.tf": "resource \"firewall_rule\" \"x\" {\n provider = aws.by[each.key]\n}"}, providers: firewall, want: `provider "aws"`},
		"provider without a name":      {files: map[string]string{"s/a.tf": "terraform {\n required_providers {\n  x = {\n   source = \"${a}\"\n  }\n }\n}"}, want: "must be a plain string"},
		"provider of OpenTofu itself":  {files: map[string]string{"s/a.tf": "resource \"terraform_data\" \"x\" {}"}, providers: firewall},
		"any provider":                 {files: map[string]string{"s/a.tf": "resource \"aws_vpc\" \"x\" {}"}},
		"not code":                     {files: map[string]string{"s/a.tf": "resource {{"}, want: "s/a.tf:1: "},
		"not JSON":                     {files: map[string]string{"s/a.tf.json": `{"resource": 3`}, want: "s/a.tf.json:1: "},
		"resource is no object":        {files: map[string]string{"s/a.tf.json": `{"resource": 3}`}, want: "s/a.tf.json:1: "},
		"nested":                       {files: map[string]string{"s/a.tf": "locals { x = " + strings.Repeat("(", 1000) + "1" + strings.Repeat(")", 1000) + " }"}, want: "nested too deeply"},
		"large":                        {files: map[string]string{"s/a.tf": strings.Repeat("#\n", codeFile)}, want: "larger than"},
	} {
		files := map[string][]byte{}
		for n, s := range c.files {
			files[n] = []byte(s)
		}
		err := Check(files, "s", c.providers)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && err == nil:
			t.Errorf("%s was allowed", name)
		case c.want != "" && !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func demo(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("../../../testdata/demo/infra/stacks/payments-prod/main.tf")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(demo(f)), false)
	f.Add([]byte(`{"resource":{"a":{"b":{"provisioner":[{"local-exec":{}}]}}}}`), true)
	f.Add([]byte("module \"m\" {\n  source = \"../m\"\n}"), false)
	f.Fuzz(func(t *testing.T, b []byte, asJSON bool) {
		name := "s/a.tf"
		if asJSON {
			name += ".json"
		}
		if err := Check(map[string][]byte{name: b}, "s", nil); err != nil && strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Fatalf("message breaks its line: %q", err)
		}
	})
}
