package teams

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"interlock/bot"
	"interlock/rbac"
)

// A button that no card of ours carried is none: whatever a client changes in one
// that it has, and whatever it makes up.
func TestAButtonCannotBeMadeUp(t *testing.T) {
	t.Parallel()
	const key = "key of acme"
	good := carry(imprint(approval()), bot.Button{Verb: "why", Value: "do||scan|read|web|lab", Label: "Why?"}, spot{Conversation: "19:x", Thread: "1", Seal: "s", key: key})
	if b, ok := pressed(encoded(good), key); !ok || b.Verb != "why" {
		t.Fatalf("its own: %+v", b)
	}
	typed := *good
	typed.Typed = "what a person types is theirs"
	if _, ok := pressed(encoded(typed), key); !ok {
		t.Error("what is typed is not of the card")
	}
	for name, change := range map[string]func(*carried){
		"verb": func(c *carried) { c.Verb = "approve" }, "value": func(c *carried) { c.Value = "do||scan|read|secret|prod" },
		"label": func(c *carried) { c.Label = "yes" }, "nonce": func(c *carried) { c.Nonce = "n" },
		"conversation": func(c *carried) { c.At.Conversation = "19:y" }, "thread": func(c *carried) { c.At.Thread = "2" },
		"seal": func(c *carried) { c.At.Seal = "" }, "no signature": func(c *carried) { c.Sign = "" },
		"of another Org": func(c *carried) { c.Sign = c.sign("key of rival") },
		"too long":       func(c *carried) { c.Typed = strings.Repeat("x", mostPressed) },
	} {
		forged := *good
		change(&forged)
		if b, ok := pressed(encoded(forged), key); ok {
			t.Errorf("%s: %+v", name, b)
		}
	}
}

func TestAMadeUpButtonDecidesNothing(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	th := x.thread(t)
	for _, name := range []string{"adaptiveCard/action", "task/fetch", "task/submit"} {
		data := `{"v":"approve","x":"hold1.code1","n":"123456789012","a":{},"typed":"x"}`
		value := `{"data":` + data + `,"action":{"type":"Action.Execute","verb":"approve","data":` + data + `}}`
		x.Send(json.RawMessage(`{"type":"invoke","name":"` + name + `","replyToId":"` + th.ID + `","from":{"id":"29:x","aadObjectId":"` + ben + `"},"conversation":{"conversationType":"channel","id":"` + conversation(th) + `","tenantId":"` + x.Options().TenantID + `"},"value":` + value + `}`))
	}
	x.until(t, x.settled)
	if got := x.in.pressed(); len(got) > 0 {
		t.Errorf("pressed %+v", got)
	}
}

// Where two people talk to each other is no place to write to one of them.
func TestAChatOfOthersIsNotTheirChatWithUs(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	x.Personal(ana, "hello")
	x.until(t, x.settled)
	who := rbac.Actor{Org: org, Platform: Name, Tenant: x.Options().TenantID, ID: ana}
	place := func() place {
		pl, err := x.p.places.find(t.Context(), org, personPlace(who.Tenant, ana))
		if err != nil {
			t.Fatal(err)
		}
		return pl
	}
	before := place()
	for _, kind := range []string{`"invoke","name":"composeExtension/fetchTask","value":{"commandId":"ask"}`, `"typing"`} {
		x.Send(json.RawMessage(`{"type":` + kind + `,"from":{"id":"` + before.User + `","aadObjectId":"` + ana + `"},"conversation":{"conversationType":"personal","id":"19:a_b@unq.gbl.spaces","tenantId":"` + who.Tenant + `"}}`))
	}
	x.until(t, x.settled)
	if after := place(); after != before || before.Chat != x.Chat(ana) {
		t.Errorf("%+v became %+v", before, after)
	}
}

// What the connector answers with another address is not followed: our token and a
// card's words would go along.
func TestNoRedirectIsFollowed(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	th := x.thread(t)
	followed := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed = true }))
	defer other.Close()
	away := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	}))
	defer away.Close()
	x.p.opt.ServiceURLs = append(x.p.opt.ServiceURLs, away.URL+"/")
	err := x.p.places.change(t.Context(), org, conversationPlace(th.Channel), func(pl *place) { pl.Service = away.URL + "/" })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.p.Post(t.Context(), org, th, card("one")); err == nil || followed {
		t.Errorf("%v, followed %v", err, followed)
	}
}

// What a process before this one showed of a run that has ended is removed.
func TestProgressOfADeadProcessGoes(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	th := x.thread(t)
	x.p.Show(org, th, "planning payments-prod")
	before := len(x.Messages(conversation(th)))
	x.until(t, func() bool { return len(x.Messages(conversation(th))) == before+1 })
	left := x.Messages(conversation(th))[before]
	next := platform(t, x) // which knows of nothing
	defer next.tasks.Close()
	next.progress.born = time.Now().Add(time.Hour)
	if _, err := next.Post(t.Context(), org, th, card("done")); err != nil {
		t.Fatal(err)
	}
	x.until(t, func() bool { now, _ := x.Message(left.ID); return now.Deleted })
	x.Forgive() // the first process, which is not dead, changes it no more
}

// A delivery that comes while another one of the same message is being taken waits for
// how that goes, and is taken in its place when it fails.
func TestDeliveriesOfAMessageWaitForEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s presses
		began := func() bool {
			t.Helper()
			taken, err := s.begin(t.Context(), "m", time.Now())
			if err != nil {
				t.Error(err)
			}
			return !taken
		}
		if !began() {
			t.Error("the first one is not taken")
		}
		var second, third atomic.Int64
		go func() {
			if began() {
				second.Add(1)
				time.Sleep(time.Second)
				s.end("m", true)
			}
		}()
		synctest.Wait()
		s.end("m", false)
		synctest.Wait()
		go func() {
			if !began() {
				third.Add(1)
			}
		}()
		synctest.Wait()
		if second.Load() != 1 || third.Load() != 0 {
			t.Errorf("after the first one failed: %d, beside the second one: %d", second.Load(), third.Load())
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.begin(ctx, "m", time.Now()); !errors.Is(err, context.Canceled) {
			t.Errorf("who left: %v", err)
		}
		time.Sleep(2 * time.Second)
		if third.Load() != 1 || began() {
			t.Error("a message was taken twice")
		}
		time.Sleep(again)
		if !began() {
			t.Error("much later it is still remembered")
		}
	})
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	t.Parallel()
	var s presses
	now := time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)
	for i := range 3 * mostRemembered {
		id := fmt.Sprint(i)
		if _, err := s.begin(t.Context(), id, now); err != nil {
			t.Fatal(err)
		}
		s.end(id, true)
		s.id("who", press{Verb: "v", Nonce: id}, now)
	}
	if len(s.messages) > mostRemembered+1 || len(s.ids) > mostRemembered {
		t.Errorf("%d messages, %d presses are kept in mind", len(s.messages), len(s.ids))
	}
}
