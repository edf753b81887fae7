package teamstest

import (
	"net/http"
	"strings"
	"testing"
)

func TestConversation(t *testing.T) {
	st := start(t, Options{})
	status, n, _ := st.call("POST", "conversations", object{
		"isGroup": true, "channelData": object{"channel": object{"id": st.channel}}, "activity": text("first"),
	})
	root := n.text("activityId")
	if status != http.StatusCreated || n.text("id") != ThreadOf(st.channel, root) {
		t.Fatalf("create: %d %v", status, n)
	}
	thread := n.text("id")
	reply := st.post(thread, text("second"))
	_, n, _ = st.call("POST", "conversations/"+thread+"/activities/"+reply, text("third"))
	third := n.text("id")
	other := st.post(st.channel, text("another thread"))
	if root >= reply || reply >= third || third >= other {
		t.Errorf("ids do not grow: %s %s %s %s", root, reply, third, other)
	}
	if status, _, _ := st.call("PUT", "conversations/"+thread+"/activities/"+reply, text("changed")); status != http.StatusOK {
		t.Errorf("update: %d", status)
	}
	if status, _, _ := st.call("DELETE", "conversations/"+thread+"/activities/"+third, ""); status != http.StatusOK {
		t.Errorf("delete: %d", status)
	}
	var said []string
	for _, m := range st.Messages(thread) {
		said = append(said, m.Text)
	}
	if got := strings.Join(said, ","); got != "first,changed" {
		t.Errorf("thread: %s", got)
	}
	if all := st.Messages(st.channel); len(all) != 3 || all[2].Root != other {
		t.Errorf("channel: %+v", all)
	}
	if m, _ := st.Message(reply); m.Edits != 1 || len(m.Versions) != 2 || m.Versions[0].Text != "second" {
		t.Errorf("history: %+v", m)
	}
	if m, ok := st.Message(third); !ok || !m.Deleted || m.Versions[1].Text != "" || m.ReplyTo != reply {
		t.Errorf("deleted: %+v", m)
	}
}

func TestChat(t *testing.T) {
	st := start(t, Options{Unlimited: true})
	open := func(id, tenant string) (int, node) {
		status, n, _ := st.call("POST", "conversations", object{
			"isGroup": false, "bot": object{"id": st.Options().bot()}, "members": []any{object{"id": id}}, "tenantId": tenant,
		})
		return status, n
	}
	home := st.Options().TenantID
	for name, c := range map[string]struct {
		id, tenant string
		status     int
		rules      []string
	}{
		"installed":      {st.ann.ID, home, http.StatusCreated, nil},
		"by object id":   {st.ann.ObjectID, home, http.StatusCreated, nil},
		"shares a team":  {st.bob.ID, home, http.StatusCreated, nil},
		"wrong tenant":   {st.bob.ID, "x", http.StatusBadRequest, []string{ruleBody}},
		"another tenant": {st.foreign.ID, st.foreign.TenantID, http.StatusCreated, nil},
		"nobody":         {"29:nobody", home, http.StatusBadRequest, []string{ruleBody}},
	} {
		status, n := open(c.id, c.tenant)
		if status != c.status || status == http.StatusCreated && !strings.HasPrefix(n.text("id"), "a:") {
			t.Errorf("%s: %d %v", name, status, n)
		}
		st.forgive(c.rules...)
	}
	alone := st.AddUser(User{Name: "Lone"})
	if status, n := open(alone.ID, home); status != http.StatusForbidden || n.node("error").text("code") != "ForbiddenOperationException" {
		t.Errorf("a stranger: %d %v", status, n)
	}
	_, n := open(st.bob.ID, home)
	if id := st.post(n.text("id"), text("hello")); len(st.Messages(st.Chat(st.bob.ObjectID))) != 1 {
		t.Errorf("%s is not in the chat", id)
	}
}

func TestRefusals(t *testing.T) {
	st := start(t, Options{Unlimited: true})
	mine := st.post(st.channel, text("mine"))
	theirs := st.Say(st.channel, st.ann.ObjectID, "theirs")
	deleted := st.post(st.channel, text("x"))
	st.call("DELETE", "conversations/"+st.channel+"/activities/"+deleted, "")
	closed := st.AddGroupChat(GroupChat{Name: "closed", Members: []string{st.ann.ObjectID}})
	lone := st.AddUser(User{Name: "Lone"})
	in := func(conversation string) string { return "conversations/" + conversation + "/activities" }
	for name, c := range map[string]struct {
		method, path string
		body         any
		status       int
		code         string
		rules        []string
	}{
		"no conversation":   {"POST", in("19:x@thread.tacv2"), text("a"), 404, "ConversationNotFound", []string{ruleConversation}},
		"no thread":         {"POST", in(ThreadOf(st.channel, "1")), text("a"), 404, "ConversationNotFound", []string{ruleConversation}},
		"thread of a chat":  {"POST", in(ThreadOf(st.group, mine)), text("a"), 404, "ConversationNotFound", []string{ruleConversation}},
		"thread of another": {"POST", in(ThreadOf(st.team, mine)), text("a"), 404, "ConversationNotFound", []string{ruleConversation}},
		"not in a chat":     {"POST", in(closed), text("a"), 403, "BotNotInConversationRoster", nil},
		"not installed":     {"POST", in(st.Chat(lone.ObjectID)), text("a"), 403, "ForbiddenOperationException", nil},
		"no JSON":           {"POST", in(st.channel), "{", 400, "BadSyntax", []string{ruleBody}},
		"no type":           {"POST", in(st.channel), object{"text": "a"}, 400, "BadSyntax", []string{ruleBody}},
		"empty":             {"POST", in(st.channel), text(""), 400, "BadSyntax", []string{ruleBody}},
		"reply to nothing":  {"POST", in(st.channel) + "/1", text("a"), 404, "ActivityNotFoundInConversation", []string{ruleActivity}},
		"update nothing":    {"PUT", in(st.channel) + "/1", text("a"), 404, "ActivityNotFoundInConversation", []string{ruleActivity}},
		"update deleted":    {"PUT", in(st.channel) + "/" + deleted, text("a"), 404, "ActivityNotFoundInConversation", nil},
		"update theirs":     {"PUT", in(st.channel) + "/" + theirs, text("a"), 403, "ForbiddenOperationException", []string{ruleOthers}},
		"delete theirs":     {"DELETE", in(st.channel) + "/" + theirs, "", 403, "ForbiddenOperationException", []string{ruleOthers}},
		"another thread":    {"PUT", in(ThreadOf(st.channel, theirs)) + "/" + mine, text("a"), 404, "ActivityNotFoundInConversation", []string{ruleActivity}},
		"too big":           {"POST", in(st.channel), text(strings.Repeat("a", 51<<10)), 413, "MessageSizeTooBig", []string{ruleSize}},
		"group chat":        {"POST", "conversations", object{"isGroup": true, "activity": text("a")}, 404, "ConversationNotFound", []string{ruleConversation}},
		"empty thread":      {"POST", "conversations", object{"isGroup": true, "channelData": object{"channel": object{"id": st.channel}}}, 400, "BadSyntax", []string{ruleBody}},
		"two members":       {"POST", "conversations", object{"members": []any{object{"id": "a"}, object{"id": "b"}}}, 400, "BadSyntax", []string{ruleBody}},
		"no team":           {"GET", "teams/x", "", 404, "NotFound", []string{ruleConversation}},
	} {
		status, n, _ := st.call(c.method, c.path, c.body)
		if status != c.status || n.node("error").text("code") != c.code {
			t.Errorf("%s: %d %v", name, status, n)
		}
		st.forgive(c.rules...)
	}
	image := text(`<img src="data:image/png;base64,` + strings.Repeat("A", 200<<10) + `">`)
	st.post(st.channel, image)
	if got := st.Messages(st.channel); len(got) != 3 {
		t.Errorf("messages: %+v", got)
	}
}

func TestTyping(t *testing.T) {
	st := start(t, Options{})
	status, n, _ := st.call("POST", "conversations/"+st.channel+"/activities", object{"type": "typing"})
	if status != http.StatusCreated || n.text("id") == "" || len(st.Messages(st.channel)) != 0 {
		t.Errorf("typing: %d %v", status, n)
	}
}

func TestMembers(t *testing.T) {
	st := start(t, Options{})
	in := "conversations/" + ThreadOf(st.channel, st.post(st.channel, text("a")))
	for _, id := range []string{st.guest.ID, st.guest.ObjectID} {
		status, n, _ := st.call("GET", in+"/members/"+id, "")
		if status != http.StatusOK || n.text("userRole") != "guest" || n.text("aadObjectId") != st.guest.ObjectID || n.text("id") != st.guest.ID {
			t.Errorf("%s: %d %v", id, status, n)
		}
	}
	if _, n, _ := st.call("GET", in+"/members/"+st.foreign.ID, ""); n.text("tenantId") != st.foreign.TenantID {
		t.Errorf("of another tenant: %v", n)
	}
	for _, id := range []string{"29:x", guid("user Zed"), guid("user otherbot")} {
		if status, n, _ := st.call("GET", in+"/members/"+id, ""); status != http.StatusNotFound {
			t.Errorf("%s: %d %v", id, status, n)
		}
	}
	var names []string
	for token, more := "", true; more; more = token != "" {
		_, n, _ := st.call("GET", in+"/pagedmembers?pageSize=3&continuationToken="+token, "")
		for _, m := range n.nodes("members") {
			names = append(names, m.text("name"))
		}
		token = n.text("continuationToken")
	}
	if len(names) != 4 {
		t.Errorf("members: %q", names)
	}
	all := st.Messages(st.channel)
	if _, n, _ := st.call("GET", "conversations/"+st.channel+"/activities/"+all[0].ID+"/members", ""); len(n.list("list")) != 4 {
		t.Errorf("of a message: %v", n)
	}
	if _, n, _ := st.call("GET", "teams/"+st.team, ""); n.text("name") != "Ops" || n.text("aadGroupId") == "" || n["channelCount"] != 2.0 {
		t.Errorf("team: %v", n)
	}
	_, n, _ := st.call("GET", "teams/"+st.team+"/conversations", "")
	list := n.nodes("conversations")
	if len(list) != 2 || list[0].text("id") != st.team || list[0]["name"] != nil || list[1].text("name") != "deploys" {
		t.Errorf("channels: %v", n)
	}
}
