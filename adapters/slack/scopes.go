package slack

// What people reach the bot by, beside a mention. Click and command handlers
// know them by these names.
const (
	shortcutAsk  = "ask"
	slashCommand = "/interlock"
)

// scope is one permission of the bot token. Nothing is asked for that is not in
// use: Uses are the methods of the Web API, the events and the fields that need
// it, and a test finds them in this package.
type scope struct {
	Name string
	Uses []string
	Why  string
	Lost string // what does not work without it
}

var scopes = [...]scope{
	{"app_mentions:read", []string{"app_mention"}, "hears when somebody mentions it", "mentions"},
	{"assistant:write", []string{"assistant_thread_started", "assistant.threads.setStatus", "assistant.threads.setSuggestedPrompts"}, "says what it is doing while it works, and suggests what to ask", "status and suggestions in the assistant's pane"},
	{"channels:history", []string{"message.channels", "conversations.replies", "conversations.history"}, "hears answers in threads that it is in, and finds its own cards again, in public channels", "answers without a mention, and finding lost cards, in public channels"},
	{"channels:read", []string{"conversations.info"}, "lets doctor check that it is in the public channels of the configuration", "the check of public channels"},
	{"chat:write", []string{"chat.postMessage", "chat.postEphemeral", "chat.update", "chat.delete", "chat.startStream", "chat.appendStream", "chat.stopStream"}, "posts cards and answers where it was invited, and keeps them up to date", "everything: it cannot say a word"},
	{"commands", []string{slashCommand, shortcutAsk}, "offers /interlock and the shortcut on messages", "the command and the shortcut"},
	{"files:read", []string{"url_private_download", "files.info"}, "reads a file that is attached to a message for it, and looks whether Slack has finished with its charts", "attached files, and charts on cards"},
	{"files:write", []string{"files.getUploadURLExternal"}, "attaches what is too long for a card, such as a whole plan, and puts charts on cards", "long plans as files, and charts on cards"},
	{"groups:history", []string{"message.groups", "conversations.replies", "conversations.history"}, "hears answers in threads that it is in, and finds its own cards again, in private channels", "answers without a mention, and finding lost cards, in private channels"},
	{"groups:read", []string{"conversations.info"}, "lets doctor check that it is in the private channels of the configuration", "the check of private channels"},
	{"im:history", []string{"message.im", "conversations.replies", "conversations.history"}, "hears direct messages to it, and finds its own cards again there", "direct messages"},
	{"im:write", []string{"conversations.open"}, "opens a direct conversation with somebody who is called, such as who is on call", "finding lost cards in direct conversations that it began"},
	{"metadata.message:read", []string{"include_all_metadata"}, "knows its own cards again by a mark, when Slack did not say whether a post arrived", "finding lost cards: one may be posted twice"},
	{"users:read", []string{"users.info", "bots.info"}, "shows names, and tells guests and bots from members, who alone may ask", "asking and approving: nobody can be vouched for"},
}

// socketScope is the permission of the app-level token.
const socketScope = "connections:write"

// events are what Slack tells, each by the scope that it needs; the last two
// need none.
var events = [...]string{
	"app_home_opened", "app_mention", "assistant_thread_started", "message.channels", "message.groups", "message.im",
	"app_uninstalled", "tokens_revoked",
}
