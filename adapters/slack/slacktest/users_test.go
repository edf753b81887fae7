package slacktest

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"
)

func TestUsers(t *testing.T) {
	s, api := start(t, Options{})
	s.AddUser(User{ID: "W9", Name: "eve", Team: "T9", Stranger: true, UltraRestricted: true})
	s.AddUser(User{ID: "U3", Deleted: true})
	u, err := api.GetUserInfoContext(t.Context(), "U1")
	if err != nil || u.RealName != "Ann" || !u.IsAdmin || u.TZ != "Europe/Berlin" || u.TZOffset < 3600 || u.Profile.Email != "ann@example.com" || u.TeamID != "T0TEST" {
		t.Errorf("ann: %+v %v", u, err)
	}
	u, err = api.GetUserInfoContext(t.Context(), "W9")
	if err != nil || !u.IsStranger || !u.IsRestricted || !u.IsUltraRestricted || u.TeamID != "T9" {
		t.Errorf("eve: %+v %v", u, err)
	}
	all, err := api.GetUsersContext(t.Context(), slack.GetUsersOptionLimit(2))
	if err != nil || len(all) != 5 {
		t.Errorf("users: %+v %v", all, err)
	}
	if i := slices.IndexFunc(all, func(u slack.User) bool { return u.Deleted }); i < 0 || all[i].ID != "U3" {
		t.Errorf("deleted: %d", i)
	}
}

func TestUsergroups(t *testing.T) {
	s, api := start(t, Options{})
	s.AddUsergroup(Usergroup{ID: "S1", Handle: "oncall", Name: "On call", Users: []string{"U1", "U2"}})
	s.AddUsergroup(Usergroup{ID: "S2", Handle: "old", Disabled: true})
	list, err := api.GetUserGroupsContext(t.Context(), slack.GetUserGroupsOptionIncludeUsers(true))
	if err != nil || len(list) != 1 || list[0].Handle != "oncall" || !slices.Equal(list[0].Users, []string{"U1", "U2"}) {
		t.Errorf("groups: %+v %v", list, err)
	}
	users, err := api.GetUserGroupMembersContext(t.Context(), "S1")
	if err != nil || !slices.Equal(users, []string{"U1", "U2"}) {
		t.Errorf("members: %v %v", users, err)
	}
	if got := code(t, s, "usergroups.users.list", `{"usergroup":"S2"}`); got != "no_such_subteam" {
		t.Error(got)
	}
}

func TestConversations(t *testing.T) {
	s, api := start(t, Options{})
	s.AddChannel(Channel{ID: "G1", Name: "secret", Private: true, Shared: true, Members: []string{"U1", "U0BOT"}})
	s.AddChannel(Channel{ID: "G2", Name: "hidden", Private: true, Members: []string{"U1"}})
	list, _, err := api.GetConversationsContext(t.Context(), &slack.GetConversationsParameters{Types: []string{"public_channel", "private_channel"}})
	if err != nil || len(list) != 3 {
		t.Errorf("list: %+v %v", list, err)
	}
	mine, _, err := api.GetConversationsForUserContext(t.Context(), &slack.GetConversationsForUserParameters{Types: []string{"public_channel", "private_channel"}})
	if err != nil || len(mine) != 2 || mine[0].ID != "C1" || !mine[1].IsExtShared || !mine[1].IsPrivate {
		t.Errorf("mine: %+v %v", mine, err)
	}
	info, err := api.GetConversationInfoContext(t.Context(), &slack.GetConversationInfoInput{ChannelID: "C2"})
	if err != nil || info.Name != "other" || info.IsMember {
		t.Errorf("info: %+v %v", info, err)
	}
	members, _, err := api.GetUsersInConversationContext(t.Context(), &slack.GetUsersInConversationParameters{ChannelID: "C1"})
	if err != nil || len(members) != 3 {
		t.Errorf("members: %v %v", members, err)
	}
	dm, _, _, err := api.OpenConversationContext(t.Context(), &slack.OpenConversationParameters{Users: []string{"U2"}})
	if err != nil || dm.ID != s.Direct("U2") {
		t.Errorf("dm: %+v %v", dm, err)
	}
	if got := code(t, s, "conversations.info", `{"channel":"G2"}`); got != "channel_not_found" {
		t.Error(got)
	}
}

func TestFiles(t *testing.T) {
	s, api := start(t, Options{})
	root := s.Say("C1", "", "U1", "plan?")
	f, err := api.UploadFileContext(t.Context(), slack.UploadFileParameters{
		Filename: "plan.txt", Reader: strings.NewReader("+ bucket"), FileSize: 8, Channel: "C1", ThreadTimestamp: root, InitialComment: "the plan",
	})
	if err != nil {
		t.Fatal(err)
	}
	thread := s.Thread("C1", root)
	if len(thread) != 2 || thread[1].Text != "the plan" || !slices.Equal(thread[1].Files, []string{f.ID}) {
		t.Errorf("thread: %+v", thread)
	}
	if got, _ := s.File(f.ID); string(got.Content) != "+ bucket" || got.Thread != root || got.Mimetype != "text/plain; charset=utf-8" {
		t.Errorf("file: %+v", got)
	}
	info, _, _, err := api.GetFileInfoContext(t.Context(), f.ID, 0, 0)
	if err != nil || info.Size != 8 {
		t.Fatalf("info: %+v %v", info, err)
	}
	for _, url := range []string{info.URLPrivate, info.URLPrivateDownload} {
		var b bytes.Buffer
		if err := api.GetFileContext(t.Context(), url, &b); err != nil || b.String() != "+ bucket" {
			t.Errorf("%s: %q %v", url, b.String(), err)
		}
	}
	// Who has no token gets a page to sign in, with status 200.
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, info.URLPrivate, nil)
	if status, _, a := send(t, r); status != 200 || !strings.Contains(a["body"].(string), "Sign in") {
		t.Errorf("without a token: %d %v", status, a)
	}
}

func TestUploadChecks(t *testing.T) {
	s, _ := start(t, Options{})
	_, _, a := invoke(t, s, s.Options().BotToken, "files.getUploadURLExternal", `{"filename":"a.txt","length":3}`)
	url, _ := a["upload_url"].(string)
	id, _ := a["file_id"].(string)
	put := func(body string) int {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPut, url, io.NopCloser(strings.NewReader(body)))
		status, _, _ := send(t, r)
		return status
	}
	done := `{"files":[{"id":"` + id + `"}],"channel_id":"C1"}`
	if got := code(t, s, "files.completeUploadExternal", done); got != "file_not_found" {
		t.Errorf("before the upload: %q", got)
	}
	if got := put("four"); got != http.StatusBadRequest {
		t.Errorf("a wrong length: %d", got)
	}
	if got := put("abc"); got != http.StatusOK {
		t.Errorf("the upload: %d", got)
	}
	if got := code(t, s, "files.info", `{"file":"`+id+`"}`); got != "file_not_found" {
		t.Errorf("before it is shared: %q", got)
	}
	if got := code(t, s, "files.completeUploadExternal", done); got != "" {
		t.Error(got)
	}
}

func TestTokens(t *testing.T) {
	s, _ := start(t, Options{ClientID: "1.2", ClientSecret: "s", RefreshToken: "xoxe-1"})
	old := s.Options().BotToken
	status, header, a := invoke(t, s, old, "auth.test", "")
	if status != 200 || a["team_id"] != "T0TEST" || a["bot_id"] != "B0BOT" || !strings.Contains(header.Get("X-OAuth-Scopes"), "chat:write") {
		t.Errorf("auth.test: %v %v", a, header)
	}
	for token, want := range map[string]string{"": "not_authed", "xoxb-other": "invalid_auth", s.Options().AppToken: "not_allowed_token_type"} {
		if _, _, a := invoke(t, s, token, "auth.test", ""); a["error"] != want {
			t.Errorf("%q: %v", token, a)
		}
	}
	s.Expire()
	if got := code(t, s, "auth.test", ""); got != "token_expired" {
		t.Error(got)
	}
	refresh := func(with string) (*slack.OAuthV2Response, error) {
		return slack.RefreshOAuthV2TokenContext(t.Context(), http.DefaultClient, "1.2", "s", with, slack.OAuthOptionAPIURL(s.URL()))
	}
	if _, err := refresh("xoxe-0"); err == nil {
		t.Error("a wrong refresh token was taken")
	}
	r, err := refresh("xoxe-1")
	if err != nil || r.ExpiresIn != 43200 || r.RefreshToken == "xoxe-1" || r.BotUserID != "U0BOT" {
		t.Fatalf("refreshed: %+v %v", r, err)
	}
	if _, err := refresh("xoxe-1"); err == nil {
		t.Error("a refresh token was taken twice")
	}
	if _, _, a := invoke(t, s, r.AccessToken, "auth.test", ""); a["ok"] != true {
		t.Errorf("the new token: %v", a)
	}
	s.Revoke()
	if _, _, a := invoke(t, s, r.AccessToken, "auth.test", ""); a["error"] != "token_revoked" {
		t.Errorf("revoked: %v", a)
	}
}

func TestAssistant(t *testing.T) {
	s, api := start(t, Options{})
	ch, ts := s.AssistantThread("U1")
	ctx := t.Context()
	if err := api.SetAssistantThreadsStatusContext(ctx, slack.AssistantThreadsSetStatusParameters{ChannelID: ch, ThreadTS: ts, Status: "thinks"}); err != nil {
		t.Fatal(err)
	}
	if err := api.SetAssistantThreadsTitleContext(ctx, slack.AssistantThreadsSetTitleParameters{ChannelID: ch, ThreadTS: ts, Title: "drift"}); err != nil {
		t.Fatal(err)
	}
	prompts := slack.AssistantThreadsSetSuggestedPromptsParameters{ChannelID: ch, ThreadTS: ts}
	prompts.AddPrompt("Status", "status")
	if err := api.SetAssistantThreadsSuggestedPromptsContext(ctx, prompts); err != nil {
		t.Fatal(err)
	}
	if s.Status(ch, ts) != "thinks" || s.Title(ch, ts) != "drift" || !strings.Contains(string(s.Prompts(ch, ts)), `"Status"`) {
		t.Errorf("shown: %q %q %s", s.Status(ch, ts), s.Title(ch, ts), s.Prompts(ch, ts))
	}
	if _, _, err := api.PostMessageContext(ctx, ch, slack.MsgOptionTS(ts), slack.MsgOptionText("x", false)); err != nil {
		t.Fatal(err)
	}
	if s.Status(ch, ts) != "" {
		t.Error("the status stayed after an answer")
	}
	if err := api.AddReactionContext(ctx, "ok", slack.NewRefToMessage(ch, ts)); err != nil {
		t.Fatal(err)
	}
	if m, _ := s.Message(ch, ts); !slices.Equal(m.Reactions, []string{"ok"}) {
		t.Errorf("reactions: %v", m.Reactions)
	}
}
