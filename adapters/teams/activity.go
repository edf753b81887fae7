package teams

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/infracloudio/msbotbuilder-go/schema"
)

// activity is what Teams sends, as far as it is read. The library's own drops what
// mentions are of, and fails on a value that is no object; its parts serve.
type activity struct {
	Type         string                     `json:"type"`
	Name         string                     `json:"name"` // of an invoke
	Action       string                     `json:"action"`
	ID           string                     `json:"id"`
	ReplyTo      string                     `json:"replyToId"`
	ServiceURL   string                     `json:"serviceUrl"`
	ChannelID    string                     `json:"channelId"`
	From         schema.ChannelAccount      `json:"from"`
	Recipient    schema.ChannelAccount      `json:"recipient"`
	Conversation schema.ConversationAccount `json:"conversation"`
	Text         string                     `json:"text"`
	Value        json.RawMessage            `json:"value"`
	Entities     []entity                   `json:"entities"`
	Attachments  []attached                 `json:"attachments"`
	MembersAdded []schema.ChannelAccount    `json:"membersAdded"`
	Data         channelData                `json:"channelData"`
}

// entity is a mention, or something else that is not looked at.
type entity struct {
	Type      string                `json:"type"`
	Text      string                `json:"text"`
	Mentioned schema.ChannelAccount `json:"mentioned"`
}

// attached is what came with a message.
type attached struct {
	Type    string          `json:"contentType"`
	Name    string          `json:"name"`
	Content json.RawMessage `json:"content"`
}

type channelData struct {
	Tenant  named `json:"tenant"`
	Channel named `json:"channel"`
	Team    struct {
		ID    string `json:"id"`
		Group string `json:"aadGroupId"`
		Name  string `json:"name"`
	} `json:"team"`
}

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

var errMalformed = errors.New("it is not understood")

func decode[T any](b []byte) (v T, err error) {
	if !utf8.Valid(b) {
		return v, fmt.Errorf("%w: it is not UTF-8", errMalformed)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return v, fmt.Errorf("%w: %v", errMalformed, err) //nolint:errorlint // the cause is for people
	}
	return v, nil
}

// What kinds of conversation there are.
const (
	inChannel  = "channel"
	inGroup    = "groupChat"
	inPersonal = "personal"
)

const rootMark = ";messageid="

// base is a conversation without the message that its thread began with.
func base(conversation string) string {
	room, _, _ := strings.Cut(conversation, rootMark)
	return room
}

// kind is what kind of conversation it is. Old clients leave it out.
func (a activity) kind() string {
	switch c := a.Conversation; {
	case c.ConversationType != "":
		return c.ConversationType
	case strings.Contains(c.ID, rootMark) || a.Data.Channel.ID != "":
		return inChannel
	case c.IsGroup:
		return inGroup
	}
	return inPersonal
}

// chatThread is the one thread of a chat: only channels have several.
const chatThread = "chat"

// root is the message that a channel's thread began with; of a chat there is one thread.
func (a activity) root() string {
	if a.kind() != inChannel {
		return chatThread
	}
	_, root, _ := strings.Cut(a.Conversation.ID, rootMark)
	return first(root, a.ReplyTo, a.ID)
}

// tenant is whose conversation it is. Two that differ are none.
func (a activity) tenant() string {
	if c, d := strings.ToLower(a.Conversation.TenantID), strings.ToLower(a.Data.Tenant.ID); c == "" || d == "" || c == d {
		return first(c, d)
	}
	return ""
}

func first(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}
