package teams

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"interlock/adapters/teams/teamstest"
	"interlock/bot"
)

func TestAMentionIsOneJob(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]teamstest.Form{
		"as most clients do": 0, "no-break spaces": teamstest.Nbsp, "an entity without text": teamstest.NoEntityText,
		"an old client": teamstest.NoHTML | teamstest.NoKind | teamstest.NoEntityText, "without the object id": teamstest.NoObjectID,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := open(t, fast)
			id := x.Say(x.room, ana, "<at>"+x.Options().BotName+"</at> please look & tell <at>Ben</at>", form)
			x.until(t, func() bool { return len(x.in.jobs()) == 1 && x.settled() })
			m := x.in.jobs()[0]
			if m.Thread.ID != id || m.Thread.Channel != x.room || m.Org != org || m.Actor.ID != ana || m.Actor.Tenant != x.Options().TenantID {
				t.Errorf("mention %+v", m)
			}
			if m.Text != "please look & tell @Ben" {
				t.Errorf("text %q", m.Text)
			}
			x.Redeliver(id)
			x.Redeliver(id)
			x.until(t, x.settled)
			x.in.mu.Lock()
			defer x.in.mu.Unlock()
			if n := len(x.in.mentions); n != 1 { // a Command would run twice
				t.Errorf("the bot was told %d times of one mention", n)
			}
		})
	}
}

func TestWhatIsNotForTheBotStartsNothing(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	id := x.Say(x.room, ana, "good morning") // it is told of it, by consent
	x.Say(teamstest.ThreadOf(x.room, id), ben, "good morning, too")
	x.Edit(id, "good morning <at>"+x.Options().BotName+"</at>")
	x.Delete(id)
	x.AddMember(x.team, x.AddUser(teamstest.User{Name: "New"}).ObjectID)
	for _, kind := range []string{"messageReaction", "typing", "event", "neverHeardOf"} {
		x.Send(json.RawMessage(`{"type":"` + kind + `","conversation":{"id":"` + x.room + `","tenantId":"` + x.Options().TenantID + `"}}`))
	}
	x.Send(json.RawMessage(`{"type":"invoke","name":"something/new","from":{"id":"29:x","aadObjectId":"` + ana + `"},"conversation":{"id":"` + x.room + `","tenantId":"` + x.Options().TenantID + `"},"value":[1]}`))
	x.until(t, func() bool { return len(x.Deliveries()) >= 9 && x.settled() })
	if got := x.in.jobs(); len(got) > 0 {
		t.Errorf("jobs %+v", got)
	}
}

func TestAThreadIsFollowedForWhoAsked(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	th := x.thread(t)
	x.in.mu.Lock()
	x.in.asked[th.ID+"/"+ana] = true
	x.in.mu.Unlock()
	x.Say(conversation(th), ana, "and orders")
	x.Say(conversation(th), ben, "I would wait")
	x.until(t, func() bool { return len(x.in.jobs()) == 2 && x.settled() })
	if m := x.in.jobs()[1]; m.Text != "and orders" || m.Thread != th {
		t.Errorf("followed %+v", m)
	}
}

func TestADirectMessageNeedsNoMention(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	x.in.says(bot.Reply{Private: "Nothing waits."})
	x.Personal(ana, "approvals")
	x.until(t, func() bool { return len(x.Messages(x.Chat(ana))) == 2 && x.settled() })
	m := x.in.jobs()[0]
	if m.Thread.Channel != x.Chat(ana) || m.Thread.ID != chatThread || m.Text != "approvals" {
		t.Errorf("mention %+v", m)
	}
	if said := reads(x.Messages(x.Chat(ana))[1]); !strings.Contains(said, "Nothing waits.") {
		t.Errorf("said %q", said)
	}
}

// What is answered to one person in a channel is told in their own chat.
func TestAPrivateReplyIsPrivate(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	x.in.says(bot.Reply{Private: "payments-prod drifts."})
	x.Say(x.room, ana, "<at>"+x.Options().BotName+"</at> status")
	x.until(t, func() bool { return len(x.Messages(x.Chat(ana))) == 1 })
	for _, m := range x.Messages(x.room) {
		if strings.Contains(reads(m), "drifts") {
			t.Error("everybody reads it")
		}
	}
}

func TestForeignTenantsAreNotHeard(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	for name, conversation := range map[string]string{
		"another":     `{"id":"19:x@thread.tacv2","tenantId":"99999999-2222-3333-4444-555555555555"}`,
		"none":        `{"id":"19:x@thread.tacv2"}`,
		"two of them": `{"id":"19:x@thread.tacv2","tenantId":"` + x.Options().TenantID + `"},"channelData":{"tenant":{"id":"99999999-2222-3333-4444-555555555555"}}`,
	} {
		body := `{"type":"message","id":"1","text":"scan","channelId":"msteams","serviceUrl":"` + x.ServiceURL() + `","from":{"id":"29:x","aadObjectId":"` + ana + `"},"recipient":{"id":"28:b"},"conversation":` + conversation + `}`
		status, _, err := x.Post(t.Context(), []byte(body), x.Token(teamstest.Forgery{}))
		if err != nil || status != 403 {
			t.Errorf("%s: %d, %v", name, status, err)
		}
	}
	if len(x.in.jobs()) > 0 {
		t.Error("it was heard")
	}
}

// A token for a service that is not ours is sent nowhere, even when it is signed.
func TestAnUntrustedServiceGetsNoToken(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	const evil = "https://smba.trafficmanager.net.evil.example/"
	body := `{"type":"message","id":"1","text":"scan","channelId":"msteams","serviceUrl":"` + evil + `","from":{"id":"29:x","aadObjectId":"` + ana + `"},"recipient":{"id":"28:b"},"conversation":{"id":"a:1","tenantId":"` + x.Options().TenantID + `"}}`
	status, _, err := x.Post(t.Context(), []byte(body), x.Token(teamstest.Forgery{Claims: map[string]any{"serviceurl": evil}}))
	if err != nil || status != 403 || len(x.in.jobs()) > 0 || len(x.Calls("login")) > 0 {
		t.Errorf("%d, %v, %d jobs, %d logins", status, err, len(x.in.jobs()), len(x.Calls("login")))
	}
}

// What was recorded elsewhere is understood: whom it is for is in it.
func TestRecordedActivities(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"message.channel.mention.html-nbsp": "Hey", "message.channel.mention.no-entity-text": "Hey", "message.groupchat.mention": "Hello",
		"message.reply.mention.approve": "approve pending-id", "message.channel.followup.no-mention": "",
	}
	files, err := filepath.Glob("testdata/activities/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no activities: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		a, err := decode[activity](b)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if text, ok := want[name]; ok && (a.mentionsBot() != (text != "") || text != "" && a.said() != text) {
			t.Errorf("%s: %q, for the bot %v", name, a.said(), a.mentionsBot())
		}
		if a.tenant() == "" {
			t.Errorf("%s: no tenant", name)
		}
	}
}

func TestMentionsAreStripped(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/activities/mention_strip.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var c struct {
			Text   string
			Entity string `json:"entity_text"`
			Expect string
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		a := activity{Text: c.Text}
		a.Recipient.ID, a.Recipient.Name = "28:b", "Chat SDK Demo"
		e := entity{Type: "mention", Text: c.Entity}
		e.Mentioned.ID = "28:b"
		a.Entities = []entity{e}
		if got := strings.Join(strings.Fields(a.stripped()), " "); got != strings.Join(strings.Fields(c.Expect), " ") {
			t.Errorf("%q: %q", c.Text, got)
		}
	}
}

func FuzzActivity(f *testing.F) {
	f.Add([]byte(`{"type":"message","text":"<at>x</at> hi","entities":[{"type":"mention","mentioned":{"id":"28:b"}}],"recipient":{"id":"28:b"},"value":[]}`))
	f.Add([]byte(`{"type":"invoke","value":{"action":{"data":{"v":"approve","n":"1"}}}}`))
	f.Fuzz(func(_ *testing.T, b []byte) {
		a, err := decode[activity](b)
		if err != nil {
			return
		}
		_, _, _, _ = a.said(), a.root(), a.tenant(), a.kind()
		if p, ok := pressed(a.Value, ""); ok && p.Verb == "" {
			panic("a press without a verb")
		}
	})
}

// reads is a message as somebody reads it: all texts of its cards.
func reads(m teamstest.Message) string {
	var b strings.Builder
	b.WriteString(m.Text)
	for _, c := range m.Cards {
		b.WriteString("\n" + cardText(c))
	}
	return b.String()
}

func cardText(card json.RawMessage) string {
	var b strings.Builder
	var v any
	if json.Unmarshal(card, &v) == nil {
		gather(&b, v)
	}
	return b.String()
}

func gather(b *strings.Builder, v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			gather(b, e)
		}
	case map[string]any:
		for _, k := range []string{"text", "title"} {
			if s, ok := v[k].(string); ok {
				b.WriteString(s + "\n")
			}
		}
		for _, k := range []string{"body", "items", "columns", "rows", "cells", "inlines", "actions"} {
			gather(b, v[k])
		}
	}
}
