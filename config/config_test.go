package config

import (
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write what was found into the golden files")

func write(t testing.TB, a *txtar.Archive) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, f := range a.Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// load reads a text as a file in a folder that also holds stacks/app.
func load(t testing.TB, text string, environ ...string) (Config, Problems, error) {
	t.Helper()
	dir := write(t, &txtar.Archive{Files: []txtar.File{
		{Name: "interlock.yaml", Data: []byte(text)}, {Name: "stacks/app/main.tf"}, {Name: "token", Data: []byte("from-a-file\n")},
	}})
	return Load(filepath.Join(dir, "interlock.yaml"), environ)
}

// Each file in testdata/config/broken holds a faulty file and what is said of it.
func TestBroken(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../testdata/config/broken/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no broken configurations: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			broken(t, file)
		})
	}
}

func broken(t *testing.T, file string) {
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var environ []string
	want := -1
	for i, f := range a.Files {
		switch f.Name {
		case "environ":
			environ = strings.Split(strings.TrimSpace(string(f.Data)), "\n")
		case "want":
			want = i
		}
	}
	dir := write(t, a)
	_, warnings, err := Load(filepath.Join(dir, "interlock.yaml"), environ)
	var got strings.Builder
	for _, w := range warnings {
		fmt.Fprintln(&got, "warning:", w)
	}
	if err != nil {
		fmt.Fprintln(&got, err)
	}
	text := strings.ReplaceAll(got.String(), dir+string(filepath.Separator), "")
	if *update && want >= 0 {
		a.Files[want].Data = []byte(text)
		if err := os.WriteFile(file, txtar.Format(a), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want < 0 || text != string(a.Files[want].Data) {
		t.Errorf("found:\n%s", text)
	}
	if err == nil && len(warnings) == 0 {
		t.Error("nothing was found")
	}
}

func TestExample(t *testing.T) {
	t.Parallel()
	c, warnings, err := Load("../testdata/config/interlock.example.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Model.Prices = c.Model.Prices // the only example among the defaults
	if c.HTTP != want.HTTP || !reflect.DeepEqual(c.Model, want.Model) || c.Sandbox != want.Sandbox || c.Log != want.Log || c.Console.Off {
		t.Errorf("the example shows other defaults than Default has: %+v", c)
	}
	acme := c.Orgs["acme"]
	if b := acme.Profiles["default"]; !reflect.DeepEqual(b.Budget, DefaultBudget()) || b.Tier != "gated" {
		t.Errorf("the example's profile is not the default one: %+v", b)
	}
	if len(acme.People) != 4 || !filepath.IsAbs(acme.Stacks["payments"].Path) || !filepath.IsAbs(c.DataDir) {
		t.Errorf("read as %+v", acme)
	}
	if len(warnings) != 0 {
		t.Errorf("warnings: %v", warnings)
	}
}

// The example names every key, so that nobody has to read the code for one.
func TestExampleIsComplete(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../testdata/config/interlock.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Map, reflect.Slice:
			walk(typ.Elem())
		case reflect.Struct:
			for i := range typ.NumField() {
				if name := typ.Field(i).Tag.Get("yaml"); name != "" || typ.Field(i).Anonymous {
					if !strings.Contains(string(data), name+":") {
						t.Errorf("key %s is not in the example", name)
					}
					walk(typ.Field(i).Type)
				}
			}
		}
	}
	c := reflect.TypeFor[Config]()
	walk(c)
}

func TestNoFile(t *testing.T) {
	t.Parallel()
	c, _, err := Load("", []string{
		"INTERLOCK_DATA_DIR=/var/lib/interlock", "INTERLOCK_HTTP_ADDR=127.0.0.1:9", "INTERLOCK_DATABASE_URL=postgres://u:p@h/d",
		"INTERLOCK_SANDBOX_MEMORY=2GiB", "INTERLOCK_SANDBOX_GRACE=5s", "INTERLOCK_CONSOLE_OFF=true", "INTERLOCK_CONSOLE_HOSTS=a.example, b.example",
		"INTERLOCK_MODEL_NAME=x", "INTERLOCK_SANDBOX_CPUS=0.5", "INTERLOCK_LOG_LEVEL=", "INTERLOCK_MODEL_NAME=second",
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.DataDir != "/var/lib/interlock" || c.HTTP.Addr != "127.0.0.1:9" || c.Database.URL.Reveal() != "postgres://u:p@h/d" ||
		c.Sandbox.Memory != 2*gib || c.Sandbox.Grace != 5*time.Second || !c.Console.Off || c.Model.Name != "x" || c.Sandbox.CPUs != 0.5 ||
		!reflect.DeepEqual(c.Console.Hosts, []string{"a.example", "b.example"}) || c.Log.Level != "info" {
		t.Errorf("%+v", c)
	}
	if o := c.Orgs["default"]; o.Approvals.Expiry != time.Hour || !reflect.DeepEqual(o.Profiles["default"], DefaultProfile()) {
		t.Errorf("%+v", o)
	}
}

func TestDefaultIsValid(t *testing.T) {
	t.Parallel()
	c := Default()
	if warnings, err := c.Validate(); err != nil || len(warnings) > 0 {
		t.Errorf("%v %v", warnings, err)
	}
}

func TestZeroIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := new(Config).Validate(); err == nil {
		t.Error("the zero Config is accepted")
	}
}

func TestPartOfABudget(t *testing.T) {
	t.Parallel()
	c, _, err := load(t, "orgs: {o: {profiles: {p: {budget: {steps: 3}}}}}")
	if err != nil {
		t.Fatal(err)
	}
	p := c.Orgs["o"].Profiles["p"]
	if p.Budget.Steps != 3 || p.Budget.Tokens != DefaultBudget().Tokens || p.Tier != "" || p.Allow != nil {
		t.Errorf("%+v", p)
	}
}

func TestSecret(t *testing.T) {
	t.Parallel()
	c, _, err := load(t, "database: {url: env:DB}\nredis: {url: file:token}\n", "DB=hush-hush")
	if err != nil {
		t.Fatal(err)
	}
	s := c.Database.URL
	if s.Reveal() != "hush-hush" || !s.Set() || c.Redis.URL.Reveal() != "from-a-file" {
		t.Error("not read")
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).InfoContext(t.Context(), "x", "secret", s, "all", c.Database)
	slog.New(slog.NewJSONHandler(&log, nil)).InfoContext(t.Context(), "x", "secret", s, "all", c.Database)
	js, err := json.Marshal(map[string]any{"s": s, "all": c.Database, "at": &s})
	if err != nil {
		t.Fatal(err)
	}
	log.Write(js)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%T%v"} {
		fmt.Fprintf(&log, verb, s)
		fmt.Fprintf(&log, verb, c.Database)
		fmt.Fprintf(&log, verb, &c)
	}
	if strings.Contains(log.String(), "hush") || strings.Contains(log.String(), fmt.Sprintf("%x", "hush")) {
		t.Error(log.String())
	}
}

type platform struct {
	AppID   string   `yaml:"app_id"`
	Token   Secret   `yaml:"bot_token"`
	Service []string `yaml:"service_urls"`
}

func TestNode(t *testing.T) {
	t.Parallel()
	c, warnings, err := load(t, "slack:\n  app_id: A1\n  bot_token: env:TOKEN\n", "TOKEN=one",
		"INTERLOCK_SLACK_BOT_TOKEN=two", "INTERLOCK_SLACK_SERVICE_URLS=http://127.0.0.1:1,http://127.0.0.1:2")
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	var p platform
	if err := c.Slack.Decode(&p); err != nil || p.AppID != "A1" || p.Token.Reveal() != "two" || len(p.Service) != 2 {
		t.Errorf("%+v: %v", p, err)
	}
	if !c.Slack.Set() || c.Teams.Set() {
		t.Error("which platform is on is wrong")
	}
	if err := c.Teams.Decode(&p); err != nil {
		t.Errorf("a section that is not there: %v", err)
	}
}

func TestNodeProblems(t *testing.T) {
	t.Parallel()
	c, _, err := load(t, "slack:\n  app: A1\n  bot_token: xoxb-1\n", "INTERLOCK_SLACK_TOKEN=two")
	if err != nil {
		t.Fatal(err)
	}
	err = c.Slack.Decode(new(platform))
	got := fmt.Sprint(err)
	for _, want := range []string{
		"interlock.yaml:2: slack.app: unknown key; known: app_id, bot_token, service_urls",
		"interlock.yaml:3: slack.bot_token: must be \"env:NAME\"",
		"INTERLOCK_SLACK_TOKEN: sets no key",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %s", want, got)
		}
	}
	if strings.Contains(got, "xoxb") {
		t.Error("the secret is repeated")
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Size{
		"0": 0, "17": 17, "1B": 1, "512MB": 512e6, "1GiB": gib, "2 KiB": 2048, "1kB": 1000, "1TiB": 1 << 40, "8388607TiB": 8388607 << 40,
		"": -1, "B": -1, "-1": -1, "1.5GiB": -1, "9999999999TiB": -1, "1EB": -1, "GiB1": -1, "0x10": -1,
	} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); (err != nil) != (want < 0) || err == nil && s != want {
			t.Errorf("%q: %d, %v", text, s, err)
		}
	}
}

func TestIdentities(t *testing.T) {
	t.Parallel()
	if got := (Person{}).Identities("ana"); !reflect.DeepEqual(got, []Identity{{"console", "", "ana"}}) {
		t.Errorf("%+v", got)
	}
	got := Person{Chat: []string{"slack:T1/U1", "teams:U2", "nonsense"}}.Identities("ana")
	if !reflect.DeepEqual(got, []Identity{{"slack", "T1", "U1"}, {"teams", "", "U2"}}) {
		t.Errorf("%+v", got)
	}
	for _, bad := range []string{"", "slack", "slack:", "slack:/U", "slack:T/", ":U", "Slack:U", "slack:U 1", "slack:U\n"} {
		if i, err := ParseIdentity(bad); err == nil {
			t.Errorf("%q is %+v", bad, i)
		}
	}
}

// Load never panics, and what it says never holds a secret.
func FuzzLoad(f *testing.F) {
	for _, file := range []string{"../testdata/config/interlock.example.yaml"} {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	for _, s := range []string{
		"", "- a", "a: &a [*a]", "database: {url: *hush}", "x: !!binary aGk=", "? [a]\n: b", "<<: {a: b}", "a: 1\n---\nb: 2", "slack: {a: *x}",
		"database: {url: env:S}\nredis: {url: [env:S]}\nmodel: {api_key: 5}", "orgs: {o: {schedules: {s: {cron: 'TZ=0'}}}}", "\x00", "a: \"\\xff\"",
		"orgs: {o: {people: {p: {roles: [admin], chat: ['a:b/c']}}, stacks: {s: {path: /, directory: ..}}}}", "data_dir: [", "sandbox: {limit: 1e9}",
	} {
		f.Add(s)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		d := &decoder{places: places{"f", map[string]place{}}, dir: dir, env: map[string]string{"S": "hush-a7c31f"}}
		c := Default()
		d.document([]byte(text), &c)
		_ = d.environment(reflect.ValueOf(&c).Elem(), "")
		c.complete()
		_, wrong := c.check(&d.places)
		_ = c.Slack.Decode(new(platform))
		said := append(d.problems, wrong...).sorted().Error() + fmt.Sprintf("%+v", c)
		if strings.Contains(said, "hush-a7c31f") && !strings.Contains(text, "hush-a7c31f") {
			t.Error("a secret is repeated")
		}
	})
}

// Who needs no secret reads none, and knows all else.
func TestLoadBlind(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "interlock.yaml")
	if err := os.WriteFile(file, []byte("database: {url: env:NOT_SET}\nmodel: {api_key: file:/no/such/file}\nsandbox: {image: mine}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Load(file, nil); err == nil {
		t.Error("secrets that are not there are not missed")
	}
	c, _, err := LoadBlind(file, nil)
	if err != nil || c.Sandbox.Image != "mine" || c.Database.URL.Reveal() != hidden {
		t.Errorf("%v %v", c.Sandbox.Image, err)
	}
}
