package teams

// consent is one permission that a team or a chat gives by adding the app
// (resource-specific consent): for itself, and no other. The roster is asked of the
// connector, which needs none.
type consent struct {
	Name string
	Why  string
	Lost string // what does not work without it
}

var consents = [...]consent{
	{
		"ChannelMessage.Read.Group",
		"hears answers without a mention in threads that it is in, and finds its own cards again, in the channels of the team",
		"answers without a mention, and finding lost cards: one may be posted twice",
	},
	{
		"ChatMessage.Read.Chat",
		"hears answers without a mention, and finds its own cards again, in the group chat",
		"answers without a mention, and finding lost cards: one may be posted twice",
	},
}

// What of them belongs to which kind of conversation.
var consentOf = map[string]consent{inChannel: consents[0], inGroup: consents[1]}

func consentFields() (all []fields) {
	for _, c := range consents {
		all = append(all, fields{"name": c.Name, "type": "Application"})
	}
	return all
}
