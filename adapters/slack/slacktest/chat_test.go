package slacktest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

const section = `[{"type":"section","text":{"type":"mrkdwn","text":"hello"}}]`

func TestChat(t *testing.T) {
	s, api := start(t, Options{})
	ctx := t.Context()
	_, first, err := api.PostMessageContext(ctx, "C1", slack.MsgOptionText("one", false), slack.MsgOptionMetadata(slack.SlackMetadata{
		EventType: "card", EventPayload: map[string]any{"id": "7"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	button := slack.NewButtonBlockElement("go", "v", slack.NewTextBlockObject("plain_text", "Go", false, false))
	_, reply, err := api.PostMessageContext(ctx, "C1", slack.MsgOptionTS(first), slack.MsgOptionText("two", false),
		slack.MsgOptionBlocks(slack.NewActionBlock("row", button)))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := api.UpdateMessageContext(ctx, "C1", reply, slack.MsgOptionText("three", false), slack.MsgOptionBlocks(
		slack.NewSectionBlock(slack.NewTextBlockObject("mrkdwn", "done", false, false), nil, nil))); err != nil {
		t.Fatal(err)
	}
	msgs, more, _, err := api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
		ChannelID: "C1", Timestamp: first, IncludeAllMetadata: true,
	})
	if err != nil || more || len(msgs) != 2 {
		t.Fatalf("replies: %v %v %v", msgs, more, err)
	}
	if md := msgs[0].Metadata; md.EventType != "card" || md.EventPayload["id"] != "7" || msgs[0].ReplyCount != 1 {
		t.Errorf("the first message came back as %+v", msgs[0].Msg)
	}
	if m := msgs[1]; m.ThreadTimestamp != first || m.BotID != s.Options().BotID || m.Edited == nil || m.ParentUserId != s.Options().BotUser {
		t.Errorf("the reply came back as %+v", m.Msg)
	}
	m, _ := s.Message("C1", reply)
	if len(m.Versions) != 2 || m.Versions[0].Text != "two" || len(m.Versions[1].Seen) != 2 || m.Text != "three" {
		t.Errorf("versions: %+v", m.Versions)
	}
	if v := (Message{Blocks: m.Versions[0].Blocks}); len(v.Buttons()) != 1 || v.Buttons()[0] != (Button{"row", "go", "Go", "v", "", ""}) || len(m.Buttons()) != 0 {
		t.Errorf("buttons: %+v, then %+v", v.Buttons(), m.Buttons())
	}
	link, err := api.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: "C1", Ts: reply})
	if err != nil || !strings.HasSuffix(link, "/archives/C1/p"+strings.ReplaceAll(reply, ".", "")) {
		t.Errorf("permalink: %q %v", link, err)
	}
	if _, _, err := api.DeleteMessageContext(ctx, "C1", reply); err != nil {
		t.Fatal(err)
	}
	if got := s.Thread("C1", first); len(got) != 1 {
		t.Errorf("the thread after the deletion: %+v", got)
	}
	if m, _ := s.Message("C1", reply); !m.Deleted || len(m.Versions) != 3 {
		t.Errorf("the deleted message: %+v", m)
	}
}

func TestHistory(t *testing.T) {
	s, api := start(t, Options{})
	var said []string
	for range 5 {
		said = append(said, s.Say("C1", "", "U1", "text"))
	}
	s.Say("C1", said[0], "U2", "reply")
	for i := 1; i < len(said); i++ {
		if said[i] <= said[i-1] {
			t.Errorf("%s came after %s", said[i], said[i-1])
		}
	}
	got, err := api.GetConversationHistoryContext(t.Context(), &slack.GetConversationHistoryParameters{
		ChannelID: "C1", Limit: 2, Oldest: said[1],
	})
	if err != nil || len(got.Messages) != 2 || got.Messages[0].Timestamp != said[4] || !got.HasMore {
		t.Fatalf("the first page: %+v %v", got, err)
	}
	got, err = api.GetConversationHistoryContext(t.Context(), &slack.GetConversationHistoryParameters{
		ChannelID: "C1", Limit: 2, Oldest: said[1], Cursor: got.ResponseMetaData.NextCursor,
	})
	if err != nil || len(got.Messages) != 1 || got.Messages[0].Timestamp != said[2] || got.HasMore {
		t.Errorf("the second page: %+v %v", got, err)
	}
}

func TestEphemeral(t *testing.T) {
	s, api := start(t, Options{})
	if _, err := api.PostEphemeralContext(t.Context(), "C1", "U1", slack.MsgOptionText("psst", false)); err != nil {
		t.Fatal(err)
	}
	if p := s.Private("U1"); len(p) != 1 || p[0].Text != "psst" || len(s.Private("U2")) != 0 || len(s.Messages("C1")) != 0 {
		t.Errorf("private: %+v", p)
	}
}

// The wire form of the library: text and chunks are ways that do not mix.
func TestStream(t *testing.T) {
	s, api := start(t, Options{Scale: 1000, Patience: time.Second, Unlimited: true})
	root := s.Say("C1", "", "U1", "go on")
	to := []slack.MsgOption{slack.MsgOptionTS(root), slack.MsgOptionRecipientTeamID("T0TEST"), slack.MsgOptionRecipientUserID("U1")}
	_, ts, err := api.StartStreamContext(t.Context(), "C1", append(to, slack.MsgOptionChunks(slack.NewMarkdownTextChunk("one ")))...)
	if err != nil {
		t.Fatal(err)
	}
	task := slack.NewTaskUpdateChunk("t1", "plan")
	if _, _, err := api.AppendStreamContext(t.Context(), "C1", ts, slack.MsgOptionChunks(task, slack.NewMarkdownTextChunk("two"))); err != nil {
		t.Fatal(err)
	}
	for method, want := range map[string]string{
		"chat.appendStream": "streaming_mode_mismatch", "chat.update": "streaming_state_conflict", "chat.delete": "cant_delete_message",
	} {
		if got := code(t, s, method, `{"channel":"C1","ts":"`+ts+`","markdown_text":"x"}`); got != want {
			t.Errorf("%s on a stream: %q, want %q", method, got, want)
		}
	}
	if _, _, err := api.StopStreamContext(t.Context(), "C1", ts); err != nil {
		t.Fatal(err)
	}
	m, _ := s.Message("C1", ts)
	if m.Text != "one two" || m.Streaming || len(m.Chunks) != 3 || m.Thread != root || len(m.Versions) != 3 {
		t.Errorf("streamed: %+v", m)
	}
	if got := code(t, s, "chat.appendStream", `{"channel":"C1","ts":"`+ts+`","markdown_text":"x"}`); got != "message_not_in_streaming_state" {
		t.Errorf("after the stop: %q", got)
	}
	// A stream that is not fed ends by itself: five minutes are 300 ms here.
	_, ts, err = api.StartStreamContext(t.Context(), "C1", append(to, slack.MsgOptionMarkdownText("again"))...)
	if err != nil {
		t.Fatal(err)
	}
	wait(t, s, func() bool {
		s.Emit(map[string]any{"type": "tick"})
		return code(t, s, "chat.update", `{"channel":"C1","ts":"`+ts+`","text":"new"}`) == ""
	})
}

// refusedCall is a call with the error code and the problem that come of it.
type refusedCall struct{ method, body, want, problem string }

func refusals(theirs, ours string) []refusedCall {
	return []refusedCall{
		{"chat.nothing", `{}`, "unknown_method", ""},
		{"chat.postMessage", `{"channel":"C9","text":"x"}`, "channel_not_found", ""},
		{"chat.postMessage", `{"channel":"G1","text":"x"}`, "channel_not_found", ""},
		{"chat.postMessage", `{"channel":"C2","text":"x"}`, "not_in_channel", ""},
		{"chat.postMessage", `{"channel":"C3","text":"x"}`, "is_archived", ""},
		{"chat.postMessage", `{"channel":"C1"}`, "no_text", ""},
		{"chat.postMessage", `{"channel":"C1","text":"x","thread_ts":"1.000001"}`, "thread_not_found", ""},
		{"chat.postMessage", `{"channel":"C1","text":"x","metadata":{"event_type":"a"}}`, "invalid_metadata_schema", ""},
		{"chat.postMessage", `{"channel":"C1","text":"x","metadata":"{"}`, "invalid_metadata_format", ""},
		{"chat.postMessage", `{"channel":"C1","text":"` + long(40000) + `"}`, "", ""},
		{"chat.postMessage", `{"channel":"C1","text":"` + long(40001) + `"}`, "", "too_long"},
		{"chat.postMessage", `{"channel":"C1","markdown_text":"` + long(12001) + `"}`, "msg_too_long", "too_long"},
		{"chat.postMessage", `{"channel":"C1","text":"x","markdown_text":"x"}`, "markdown_text_conflict", ""},
		{"chat.postMessage", `{"channel":"C1","text":"x","blocks":"{"}`, "invalid_blocks_format", "bad_blocks"},
		{"chat.postMessage", `{"channel":"C1","text":"x","blocks":[{"type":"card"}]}`, "invalid_blocks", "bad_blocks"},
		{"chat.update", `{"channel":"C1","ts":"` + theirs + `","text":"x"}`, "cant_update_message", ""},
		{"chat.update", `{"channel":"C1","ts":"1.000001","text":"x"}`, "message_not_found", ""},
		{"chat.update", `{"channel":"C1","ts":"` + ours + `","text":"` + long(4001) + `"}`, "msg_too_long", "too_long"},
		{"chat.delete", `{"channel":"C1","ts":"` + theirs + `"}`, "cant_delete_message", ""},
		{"chat.postEphemeral", `{"channel":"C1","user":"U9","text":"x"}`, "user_not_in_channel", ""},
		{"chat.startStream", `{"channel":"C1","markdown_text":"x","thread_ts":"` + ours + `"}`, "missing_recipient_team_id", ""},
		{"conversations.history", `{"channel":"C2"}`, "not_in_channel", ""},
		{"conversations.history", `{"channel":"G1"}`, "missing_scope", "missing_scope"},
		{"conversations.replies", `{"channel":"C1","ts":"1.000001"}`, "thread_not_found", ""},
		{"conversations.history", `{"channel":"C1","cursor":"?"}`, "invalid_cursor", ""},
		{"conversations.list", `{"types":"public_channel,private_channel"}`, "missing_scope", "missing_scope"},
		{"chat.getPermalink", `{"channel":"C1","message_ts":"1.000001"}`, "message_not_found", ""},
		{"chat.getPermalink", `{"channel":"C9","message_ts":"1.000001"}`, "channel_not_found", ""},
		{"conversations.list", `{}`, "", ""},
		{"conversations.open", `{"users":"U1,U2"}`, "missing_scope", "missing_scope"},
		{"views.update", `{"view_id":"V9"}`, "not_found", ""},
		{"views.publish", `{"user_id":"U9"}`, "user_not_found", ""},
		{"users.info", `{"user":"U9"}`, "user_not_found", ""},
		{"usergroups.list", `{}`, "missing_scope", "missing_scope"},
		{"reactions.add", `{"channel":"C1","timestamp":"` + ours + `","name":"ok"}`, "missing_scope", "missing_scope"},
		{"apps.connections.open", `{}`, "not_allowed_token_type", ""},
		{"oauth.v2.access", `{}`, "invalid_client_id", ""},
		{"chat.postMessage", `{`, "invalid_form_data", ""},
	}
}

// What the real one refuses, by the names it has for that.
func TestRefusals(t *testing.T) {
	o := Options{Unlimited: true, Scopes: []string{"chat:write", "channels:read", "channels:history", "users:read"}}
	s, api := start(t, o)
	s.AddChannel(Channel{ID: "C3", Archived: true, Members: []string{s.Options().BotUser}})
	s.AddChannel(Channel{ID: "G1", Private: true, Members: []string{"U1"}})
	theirs := s.Say("C1", "", "U1", "mine")
	_, ours, err := api.PostMessageContext(t.Context(), "C1", slack.MsgOptionText("x", false))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range refusals(theirs, ours) {
		if got := code(t, s, c.method, c.body); got != c.want {
			t.Errorf("%s %.60s: %q, want %q", c.method, c.body, got, c.want)
		}
		if c.problem == "" {
			forgive(t, s)
		} else {
			forgive(t, s, c.problem)
		}
	}
	if calls := s.Calls("conversations.replies"); len(calls) != 1 || calls[0].Error != "thread_not_found" || calls[0].Args["ts"] != "1.000001" {
		t.Errorf("calls: %+v", calls)
	}
}

// What an update does not name stays as it is.
func TestUpdateKeeps(t *testing.T) {
	s, _ := start(t, Options{})
	_, _, a := invoke(t, s, s.Options().BotToken, "chat.postMessage", `{"channel":"C1","text":"a","blocks":`+section+`,"metadata":{"event_type":"e","event_payload":{}}}`)
	ts, _ := a["ts"].(string)
	if got := code(t, s, "chat.update", `{"channel":"C1","ts":"`+ts+`","text":"b"}`); got != "" {
		t.Fatal(got)
	}
	m, _ := s.Message("C1", ts)
	if m.Text != "b" || !json.Valid(m.Blocks) || !strings.Contains(string(m.Blocks), "hello") || len(m.Metadata) == 0 {
		t.Errorf("kept: %+v", m)
	}
	if got := code(t, s, "chat.update", `{"channel":"C1","ts":"`+ts+`","blocks":[],"metadata":{}}`); got != "" {
		t.Fatal(got)
	}
	if m, _ = s.Message("C1", ts); string(m.Blocks) != "[]" || m.Metadata != nil || m.Text != "b" {
		t.Errorf("emptied: %+v", m)
	}
}
