package teamstest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestListing(t *testing.T) {
	st := start(t, Options{Unlimited: true})
	open := st.AddTeam(Team{Name: "Open", GroupID: guid("open"), Members: []string{st.ann.ObjectID}, Installed: true, Consent: true})
	chat := st.AddGroupChat(GroupChat{Name: "read", Members: []string{st.ann.ObjectID}, Installed: true, Consent: true})
	var roots []string
	for i := range 5 {
		roots = append(roots, st.post(open, text(fmt.Sprint(i), plain("a"))))
	}
	reply := st.post(ThreadOf(open, roots[0]), text("reply"))
	gone := st.post(ThreadOf(open, roots[0]), text("gone", plain("b")))
	st.call("DELETE", "conversations/"+open+"/activities/"+gone, "")
	st.post(chat, text("in the chat"))
	get := func(target string) (int, node) {
		status, n, _ := st.request("GET", target, st.token(graphScope), "")
		return status, n
	}
	var seen []string
	for next, pages := st.GraphURL()+"teams/"+guid("open")+"/channels/"+open+"/messages?$top=2", 0; next != "" && pages < 9; pages++ {
		_, n := get(next)
		for _, m := range n.nodes("value") {
			card := m.nodes("attachments")[0].text("content")
			if m["replyToId"] != nil || m.node("from").node("application").text("id") != st.Options().AppID || !strings.Contains(card, `"a"`) {
				t.Errorf("message: %v", m)
			}
			seen = append(seen, m.node("body").text("content"))
		}
		next = n.text("@odata.nextLink")
	}
	if got := strings.Join(seen, ""); got != "43210" {
		t.Errorf("listed %q", got)
	}
	_, n := get(st.GraphURL() + "teams/" + guid("open") + "/channels/" + open + "/messages/" + roots[0] + "/replies")
	list := n.nodes("value")
	if len(list) != 2 || list[1].text("id") != reply || list[1].text("replyToId") != roots[0] || list[0]["deletedDateTime"] == nil || len(list[0].list("attachments")) != 0 {
		t.Errorf("replies: %v", n)
	}
	if _, n := get(st.GraphURL() + "chats/" + chat + "/messages"); len(n.list("value")) != 1 {
		t.Errorf("chat: %v", n)
	}
	for path, want := range map[string]int{
		"teams/x/channels/" + open + "/messages":                                    http.StatusNotFound,
		"teams/" + guid(st.team) + "/channels/" + st.channel + "/messages":          http.StatusForbidden,
		"teams/" + guid("open") + "/channels/" + st.channel + "/messages/1/replies": http.StatusNotFound,
		"chats/" + st.group + "/messages":                                           http.StatusForbidden,
		"chats/" + st.Chat(st.ann.ObjectID) + "/messages":                           http.StatusNotFound,
	} {
		if got, _ := get(st.GraphURL() + path); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
}
