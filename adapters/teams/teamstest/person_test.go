package teamstest

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// steady takes out of an activity what is another each time.
func (st *stage) steady(raw []byte) []byte {
	text := strings.ReplaceAll(string(raw), st.base, "https://smba.example")
	text = regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:.]+Z`).ReplaceAllString(text, "MOMENT")
	text = regexp.MustCompile(`\b1[5-9]\d{11}\b`).ReplaceAllString(text, "MESSAGE")
	return []byte(regexp.MustCompile(`"[fr]:[0-9a-f-]{36}"`).ReplaceAllString(text, `"SERIAL"`))
}

// What people do is told as Teams tells it.
func TestActivities(t *testing.T) {
	st := start(t, Options{BotName: "Interbot"})
	at := "<at>Interbot</at> "
	ann, n := st.ann.ObjectID, 0
	var out bytes.Buffer
	told := func(name string, count int, do func()) {
		do()
		n += count
		st.told(n)
		for _, d := range st.Deliveries()[n-count:] {
			out.WriteString("-- " + name + " --\n")
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, d.Payload, "", " "); err != nil {
				t.Fatal(err)
			}
			out.Write(st.steady(pretty.Bytes()))
			out.WriteString("\n")
		}
	}
	var first, mine string
	told("mention", 1, func() { first = st.Say(st.channel, ann, at+"plan <at>Bob</at> & co") })
	told("mention with a no-break space", 1, func() { st.Say(ThreadOf(st.channel, first), ann, at+"go", Nbsp) })
	told("mention from a sparse client", 1, func() { st.Say(st.channel, ann, at+"go", NoEntityText|NoHTML, NoKind, NoObjectID) })
	told("personal", 1, func() { st.Personal(ann, "help") })
	told("group", 1, func() { st.Say(st.group, ann, at+"help") })
	told("edit", 1, func() { st.Edit(first, at+"plan prod") })
	told("reaction", 1, func() {
		mine = st.post(ThreadOf(st.channel, first), text("done"))
		st.React(ann, mine, "like")
	})
	told("delete", 1, func() { st.Delete(first) })
	told("member gone", 1, func() { st.RemoveMember(st.group, st.bob.ObjectID) })
	told("member added", 1, func() { st.AddMember(st.team, st.AddUser(User{Name: "New"}).ObjectID) })
	told("personal installation", 2, func() { st.Install(st.Chat(st.bob.ObjectID), st.bob.ObjectID) })
	told("team uninstalled", 2, func() { st.Uninstall(st.team, ann) })
	told("message action", 1, func() {
		st.bot.says(http.StatusOK, `{"task":{"type":"message","value":"ok"}}`)
		id := st.Personal(ann, "about this")
		st.told(n + 1)
		n++
		if o := st.MessageAction(ann, id, "ask"); o.Notice != "ok" {
			t.Errorf("message action: %+v", o)
		}
	})
	golden := filepath.Join("testdata", "activities.golden")
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden) //nolint:gosec // it is ours
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("activities differ from %s; look at them with -update:\n%s", golden, out.String())
	}
}

// The bot hears what Teams lets it hear.
func TestHears(t *testing.T) {
	st := start(t, Options{})
	open := st.AddTeam(Team{Name: "Open", Members: []string{st.ann.ObjectID}, Installed: true, Consent: true})
	far := st.AddTeam(Team{Name: "Far", Members: []string{st.ann.ObjectID}})
	for name, c := range map[string]struct {
		conversation, text string
		heard              bool
	}{
		"a mention":         {st.channel, "<at>bot</at> hi", true},
		"somebody else":     {st.channel, "<at>Bob</at> hi", false},
		"no mention":        {st.group, "hi", false},
		"a chat":            {st.Chat(st.ann.ObjectID), "hi", true},
		"consent":           {open, "hi", true},
		"a team without it": {far, "<at>bot</at> hi", false},
	} {
		before := len(st.Deliveries())
		id := st.Say(c.conversation, st.ann.ObjectID, c.text)
		if heard := len(st.Deliveries()) > before; heard != c.heard || id == "" {
			t.Errorf("%s: heard %v", name, heard)
		}
	}
	st.told(3)
}

func TestMisuse(t *testing.T) {
	st := start(t, Options{})
	ann, bob := st.ann.ObjectID, st.bob.ObjectID
	id := st.Say(st.channel, ann, "hi")
	for name, do := range map[string]func(){
		"no channel":       func() { st.Say("x", ann, "hi") },
		"no thread":        func() { st.Say(ThreadOf(st.channel, "1"), ann, "hi") },
		"nobody":           func() { st.Say(st.channel, "x", "hi") },
		"not installed":    func() { st.Personal(bob, "hi") },
		"mentions nobody":  func() { st.Say(st.channel, ann, "<at>x</at>") },
		"edit of nothing":  func() { st.Edit("1", "a") },
		"no such button":   func() { st.Click(ann, id, "x", nil) },
		"no such message":  func() { st.View(ann, "1") },
		"no dialog":        func() { st.Submit(ann, "", nil) },
		"no delivery":      func() { st.Redeliver("1"); st.Forgive(); st.Repeat("1") },
		"installed twice":  func() { st.Install(st.team, ann) },
		"is there already": func() { st.AddMember(st.team, bob) },
		"no team":          func() { st.AddChannel(Channel{Team: "x"}) },
		"no activity":      func() { st.Send(json.RawMessage("1")) },
	} {
		do()
		if got := st.Forgive(); len(got) != 1 || got[0].Rule != ruleMisuse {
			t.Errorf("%s: %v", name, got)
		}
	}
	st.wait(func() bool { return len(st.Deliveries()) == 0 })
}

// Who blocked the bot, or has it no more, cannot be written to.
func TestUnreachable(t *testing.T) {
	st := start(t, Options{})
	in := "conversations/" + st.Chat(st.ann.ObjectID) + "/activities"
	st.Block(st.ann.ObjectID, true)
	if status, n, _ := st.call("POST", in, text("a")); status != http.StatusForbidden || !strings.Contains(n.node("error").text("message"), "blocked") {
		t.Errorf("blocked: %d %v", status, n)
	}
	st.Block(st.ann.ObjectID, false)
	if status, n, _ := st.call("POST", in, text("a")); status != http.StatusCreated {
		t.Errorf("not blocked: %d %v", status, n)
	}
	st.Uninstall(st.Chat(st.ann.ObjectID), st.ann.ObjectID)
	st.told(1)
	if status, n, _ := st.call("POST", in, text("a")); status != http.StatusForbidden {
		t.Errorf("uninstalled: %d %v", status, n)
	}
}

func TestGraph(t *testing.T) {
	for _, allowed := range []bool{true, false} {
		st := start(t, Options{Installable: allowed})
		install := func(user string) int {
			status, _, _ := st.request("POST", st.GraphURL()+"users/"+user+"/teamwork/installedApps", st.token(graphScope),
				object{"teamsApp@odata.bind": "https://graph.microsoft.com/v1.0/appCatalogs/teamsApps/" + st.Options().CatalogID})
			return status
		}
		want := map[string]int{st.bob.ObjectID: 201, st.ann.ObjectID: 409, st.foreign.ObjectID: 404, "x": 404}
		for user, status := range want {
			if !allowed {
				status = http.StatusForbidden
			}
			if got := install(user); got != status {
				t.Errorf("%v: %s: %d, want %d", allowed, user, got, status)
			}
		}
		if !allowed {
			continue
		}
		st.told(2)
		_, n, _ := st.request("GET", st.GraphURL()+"users/"+st.bob.ObjectID+"/teamwork/installedApps", st.token(graphScope), "")
		if len(n.list("value")) != 1 {
			t.Errorf("installed: %v", n)
		}
		st.Personal(st.bob.ObjectID, "hi")
		st.told(3)
	}
}

func TestDelivery(t *testing.T) {
	st := start(t, Options{Scale: 1000})
	st.bot.says(http.StatusInternalServerError, "")
	id := st.Personal(st.ann.ObjectID, "hi")
	st.wait(func() bool { return st.Deliveries()[0].GaveUp })
	d := st.Deliveries()[0]
	if len(d.Attempts) != 2 || d.Done || d.ID != id || d.Attempts[1].Status != 500 {
		t.Errorf("delivery: %s", d)
	}
	st.bot.says(http.StatusOK, "")
	st.Redeliver(id)
	st.wait(func() bool { return st.Deliveries()[0].Done })
	if again := st.bot.last(t); again.text("id") != id {
		t.Errorf("redelivered: %v", again)
	}
	other := st.Repeat(id)
	st.told(2)
	if again := st.bot.last(t); again.text("id") != other || other == id || again.text("text") != "hi" {
		t.Errorf("repeated: %v", again)
	}
	st.Send(json.RawMessage(`{"type":"handoff","conversation":{"id":"x"}}`))
	if a := st.told(3); a.text("type") != "handoff" || a.text("serviceUrl") != st.ServiceURL() {
		t.Errorf("sent: %v", a)
	}
	status, _, err := st.Post(t.Context(), []byte("{}"), "")
	st.bot.mu.Lock()
	token := st.bot.tokens[len(st.bot.tokens)-1]
	st.bot.mu.Unlock()
	if err != nil || status != http.StatusOK || token != "" {
		t.Errorf("post: %d %v with %q", status, err, token)
	}
}

func TestSlowAnswer(t *testing.T) {
	st := start(t, Options{Scale: 1000, Patience: 20 * time.Millisecond})
	st.DelayAnswers(time.Hour)
	st.Personal(st.ann.ObjectID, "hi")
	st.wait(func() bool { return st.Deliveries()[0].GaveUp })
	if d := st.Deliveries()[0]; len(d.Attempts) != 2 || d.Attempts[0].Status != 0 || d.Attempts[0].Err == "" || d.Attempts[0].Took < 60*time.Millisecond {
		t.Errorf("delivery: %s", d)
	}
}
