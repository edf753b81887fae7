package teams

// What people read of the app before they add it.
const (
	shortText = "Plans and runs infrastructure work; nothing changes before people approve it."
	fullText  = "Mention Interlock in a channel with a question or a task. It plans infrastructure work in the thread and shows exactly what would " +
		"change. Nothing that changes anything runs before somebody who may has approved that very plan, and never by the one who asked. " +
		"It looks for drift on a schedule and reports it into the channel of each stack.\n\n" +
		"It reads the messages of the teams and chats that it is added to, so that it can answer in its threads without being mentioned, " +
		"and finds its own cards again. It reads no files, and nothing elsewhere."
)

// offered is a command that Teams suggests where people write to the bot. Teams
// takes 32 characters of a title and 128 of what it says, and 10 of them in a list.
type offered struct{ Title, Says string }

// suggested are those of every conversation; a person's own chat has home besides.
// They are words that the bot knows without a model.
var (
	suggested = [...]offered{
		{"help", "Show what can be said without a model"},
		{"status", "Show what runs and what waits"},
		{"scan", "scan STACK: compare the real world with the reviewed code"},
		{"approvals", "List the cards that wait for people"},
		{"why", "why PLAN-CODE: explain why a card stands as it does"},
		{"oncall", "Say who is on call"},
		{"link", "Join your accounts of two chats; link alone begins"},
	}
	suggestedHome = offered{"home", "Show what waits for you, everywhere"}
)

func botFields(id string) fields {
	common := make([]fields, 0, len(suggested)+1)
	for _, c := range suggested {
		common = append(common, c.fields())
	}
	personal := append(common[:len(common):len(common)], suggestedHome.fields())
	return fields{
		"botId": id, "scopes": []string{"personal", "team", "groupChat"},
		"supportsFiles": false, "supportsCalling": false, "supportsVideo": false, "isNotificationOnly": false,
		"commandLists": []fields{
			{"scopes": []string{"team", "groupChat"}, "commands": common},
			{"scopes": []string{"personal"}, "commands": personal},
		},
	}
}

func (c offered) fields() fields { return fields{"title": c.Title, "description": c.Says} }

// messageAction is in the menu of a message. Its title names the app, for menus
// show those of all apps together.
func messageAction(id, name string) fields {
	title := "Ask " + name
	if len([]rune(title)) > 32 {
		title = "Ask"
	}
	return fields{
		"botId": id, "commands": []fields{{
			"id": commandAsk, "type": "action", "context": []string{"message"}, "fetchTask": true,
			"title": title, "description": "Ask about this message, in its thread",
		}},
	}
}
