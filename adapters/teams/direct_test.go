package teams

import (
	"errors"
	"testing"

	"interlock/agent"
	"interlock/bot"
)

// A direct room is the personal conversation, which the Ref names: a press there comes
// from the same thread.
func TestADirectRoom(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	x.thread(t)
	r, err := x.p.Post(t.Context(), org, agent.Thread{Platform: Name, Channel: "@" + ben, ID: "~copy/1"}, card("wake up"))
	if err != nil || r.Thread != (agent.Thread{Platform: Name, Channel: x.Chat(ben), ID: chatThread}) {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := x.p.Edit(t.Context(), org, r, card("taken")); err != nil {
		t.Error(err)
	}
}

// Whoever cannot be reached is not waited for.
func TestADirectRoomOfNobody(t *testing.T) {
	t.Parallel()
	x := open(t, fast)
	for name, channel := range map[string]string{"nobody was heard of": "@" + ben, "no id": "@ben", "an empty one": "@"} {
		_, err := x.p.Post(t.Context(), org, agent.Thread{Platform: Name, Channel: channel, ID: "~copy/1"}, card("wake up"))
		if !forGood(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	x.thread(t)
	if _, err := x.p.Post(t.Context(), org, agent.Thread{Platform: Name, Channel: "@ben", ID: "~copy/1"}, card("wake up")); !forGood(err) {
		t.Errorf("no id, once the tenant is known: %v", err)
	}
}

// forGood tells whether a post was refused and always will be.
func forGood(err error) bool {
	var pe *bot.PostError
	return errors.As(err, &pe) && pe.Refused && pe.Permanent
}
