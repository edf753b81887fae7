package slack

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What Slack's documentation says that methods and events need; any of the
// scopes serves. Empty needs none.
var scopesNeeded = map[string][]string{
	"auth.test":                             nil,
	"chat.postMessage":                      {"chat:write"},
	"chat.postEphemeral":                    {"chat:write"},
	"chat.update":                           {"chat:write"},
	"chat.delete":                           {"chat:write"},
	"chat.startStream":                      {"chat:write"},
	"chat.appendStream":                     {"chat:write"},
	"chat.stopStream":                       {"chat:write"},
	"views.open":                            nil,
	"views.push":                            nil,
	"views.update":                          nil,
	"views.publish":                         nil,
	"conversations.replies":                 {"channels:history", "groups:history", "im:history"},
	"conversations.history":                 {"channels:history", "groups:history", "im:history"},
	"conversations.info":                    {"channels:read", "groups:read", "im:read"},
	"conversations.open":                    {"im:write"},
	"users.info":                            {"users:read"},
	"bots.info":                             {"users:read"},
	"usergroups.list":                       {"usergroups:read"},
	"usergroups.users.list":                 {"usergroups:read"},
	"files.getUploadURLExternal":            {"files:write"},
	"files.info":                            {"files:read"},
	"url_private_download":                  {"files:read"},
	"assistant.threads.setStatus":           {"assistant:write"},
	"assistant.threads.setTitle":            {"assistant:write"},
	"assistant.threads.setSuggestedPrompts": {"assistant:write"},
	"include_all_metadata":                  {"metadata.message:read"},
	"app_mention":                           {"app_mentions:read"},
	"message.channels":                      {"channels:history"},
	"message.groups":                        {"groups:history"},
	"message.im":                            {"im:history"},
	"assistant_thread_started":              {"assistant:write"},
	"app_home_opened":                       nil,
	"app_uninstalled":                       nil,
	"tokens_revoked":                        nil,
	slashCommand:                            {"commands"},
	shortcutAsk:                             {"commands"},
	"apps.connections.open":                 {socketScope},
}

// The library's calls, and the method that each of them is.
var scopesCalls = map[string]string{
	"AuthTestContext": "auth.test", "PostMessageContext": "chat.postMessage", "PostEphemeralContext": "chat.postEphemeral",
	"UpdateMessageContext": "chat.update", "DeleteMessageContext": "chat.delete", "StartStreamContext": "chat.startStream",
	"AppendStreamContext": "chat.appendStream", "StopStreamContext": "chat.stopStream", "OpenViewContext": "views.open",
	"PushViewContext": "views.push", "UpdateViewContext": "views.update", "PublishViewContext": "views.publish",
	"GetConversationRepliesContext": "conversations.replies", "GetConversationHistoryContext": "conversations.history",
	"GetConversationInfoContext": "conversations.info", "OpenConversationContext": "conversations.open",
	"GetUserInfoContext": "users.info", "GetBotInfoContext": "bots.info", "GetUserGroupsContext": "usergroups.list",
	"GetUserGroupMembersContext": "usergroups.users.list", "UploadFileContext": "files.getUploadURLExternal",
	"GetFileInfoContext": "files.info", "SetAssistantThreadsStatusContext": "assistant.threads.setStatus",
	"SetAssistantThreadsTitleContext": "assistant.threads.setTitle", "SetAssistantThreadsSuggestedPromptsContext": "assistant.threads.setSuggestedPrompts",
	"StartSocketModeContext": "apps.connections.open",
}

// Each scope has a reason, and each of its uses needs it.
func TestScopesReason(t *testing.T) {
	t.Parallel()
	var names []string
	for _, s := range scopes {
		names = append(names, s.Name)
		if s.Why == "" || s.Lost == "" || len(s.Uses) == 0 {
			t.Errorf("%s has no reason", s.Name)
		}
		for _, use := range s.Uses {
			if !slices.Contains(scopesNeeded[use], s.Name) {
				t.Errorf("%s does not need %s", use, s.Name)
			}
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(names)) != len(scopes) {
		t.Errorf("not in order, or twice: %v", names)
	}
	for _, e := range events {
		if need, known := scopesNeeded[e]; !known || len(need) > 0 && !slices.Contains(names, need[0]) {
			t.Errorf("the event %s does not come", e)
		}
	}
}

// The source uses what the table asks for, and nothing beside it.
func TestScopesInUse(t *testing.T) {
	t.Parallel()
	source := scopesSource(t)
	used := map[string]bool{"include_all_metadata": strings.Contains(source, "IncludeAllMetadata: true")}
	for _, call := range regexp.MustCompile(`\bapi\.([A-Z]\w*Context)\(`).FindAllStringSubmatch(source, -1) {
		method, known := scopesCalls[call[1]]
		if !known {
			t.Errorf("say here which method %s is, and which scopes it needs", call[1])
		}
		used[method] = true
	}
	for _, s := range scopes {
		for _, use := range s.Uses {
			kind, _, _ := strings.Cut(use, ".")
			if !used[use] && !strings.Contains(source, `"`+kind+`"`) {
				t.Errorf("%s is asked for because of %s, which nothing here uses", s.Name, use)
			}
		}
	}
	for _, use := range slices.Sorted(maps.Keys(used)) {
		if need := scopesNeeded[use]; used[use] && len(need) > 0 && need[0] != socketScope && !slices.ContainsFunc(scopes[:], func(s scope) bool { return slices.Contains(s.Uses, use) }) {
			t.Errorf("%s is used, and no scope is there for it", use)
		}
	}
}

// scopesSource is the package without its tests and without the table.
func scopesSource(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text := string(b)
		if f == "scopes.go" {
			text, _, _ = strings.Cut(text, "var scopes")
		}
		all.WriteString(text)
	}
	return all.String()
}

// The document tells every scope and event, with the same words.
func TestScopesDocument(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "slack.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `[a-z_.]+[:a-z]*` \\| [^|]+ \\|$").FindAllString(string(b), -1)
	var want []string
	for _, s := range scopes {
		want = append(want, "| `"+s.Name+"` | "+s.Why+" |")
	}
	if !slices.Equal(rows, want) {
		t.Errorf("docs/slack.md has\n%s\nnot\n%s", strings.Join(rows, "\n"), strings.Join(want, "\n"))
	}
	if list := "`" + strings.Join(events[:], "`, `") + "`"; !strings.Contains(strings.Join(strings.Fields(string(b)), " "), list) {
		t.Errorf("docs/slack.md lacks %s", list)
	}
}
