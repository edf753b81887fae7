package slack

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"github.com/slack-go/slack"
)

// What Slack sends, by the names that socket mode gives it. The library parses
// whole events and refuses one for a single block that it does not know; what
// decides here are few fields, so those alone are read.
const (
	kindEvents      = "events_api"
	kindInteractive = "interactive"
	kindSlash       = "slash_commands"
)

// outer is the envelope of an event.
type outer struct {
	Type           string          `json:"type"`
	Team           string          `json:"team_id"`
	App            string          `json:"api_app_id"`
	ID             string          `json:"event_id"`
	Challenge      string          `json:"challenge"`
	Event          json.RawMessage `json:"event"`
	Authorizations []struct {
		Team string `json:"team_id"`
		User string `json:"user_id"`
		Bot  bool   `json:"is_bot"`
	} `json:"authorizations"`
}

// event is what the events that start something have in common.
type event struct {
	Type        string `json:"type"`
	Subtype     string `json:"subtype"`
	Hidden      bool   `json:"hidden"`
	User        string `json:"user"`
	Bot         string `json:"bot_id"`
	App         string `json:"app_id"`
	Text        string `json:"text"`
	Channel     string `json:"channel"`
	ChannelType string `json:"channel_type"`
	TS          string `json:"ts"`
	EventTS     string `json:"event_ts"`
	ThreadTS    string `json:"thread_ts"`
	Team        string `json:"team"`
	UserTeam    string `json:"user_team"`
	Tab         string `json:"tab"`
	Files       []file `json:"files"`
	Assistant   struct {
		User    string `json:"user_id"`
		Channel string `json:"channel_id"`
		Thread  string `json:"thread_ts"`
	} `json:"assistant_thread"`
}

// file is one that came along with a message.
type file struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Type  string `json:"mimetype"`
	Size  int64  `json:"size"`
	URL   string `json:"url_private_download"`
	Plain string `json:"url_private"`
	Mode  string `json:"mode"`
}

// id is a workspace, a channel or a person.
type id struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Team string `json:"team_id"`
}

// interaction is a pressed button, a sent modal or a shortcut.
type interaction struct {
	Type      string `json:"type"`
	App       string `json:"api_app_id"`
	Team      id     `json:"team"`
	User      id     `json:"user"`
	Channel   id     `json:"channel"`
	Trigger   string `json:"trigger_id"`
	Response  string `json:"response_url"`
	Callback  string `json:"callback_id"`
	ActionTS  string `json:"action_ts"`
	MessageTS string `json:"message_ts"`
	Container struct {
		Type      string `json:"type"`
		Channel   string `json:"channel_id"`
		Message   string `json:"message_ts"`
		Thread    string `json:"thread_ts"`
		Ephemeral bool   `json:"is_ephemeral"`
	} `json:"container"`
	Message struct {
		TS     string `json:"ts"`
		Thread string `json:"thread_ts"`
		Text   string `json:"text"`
		User   string `json:"user"`
	} `json:"message"`
	Actions []json.RawMessage `json:"actions"`
	View    json.RawMessage   `json:"view"`
}

// slash is a slash command.
type slash struct {
	App      string `json:"api_app_id"`
	Team     string `json:"team_id"`
	Channel  string `json:"channel_id"`
	User     string `json:"user_id"`
	UserName string `json:"user_name"`
	Command  string `json:"command"`
	Text     string `json:"text"`
	Response string `json:"response_url"`
	Trigger  string `json:"trigger_id"`
}

var errMalformed = errors.New("not as Slack sends it")

// decode reads a body into one of the shapes above.
func decode[T any](body []byte) (v T, err error) {
	if err := json.Unmarshal(body, &v); err != nil {
		return v, fmt.Errorf("%w: %v", errMalformed, err) //nolint:errorlint // the cause is for people
	}
	return v, nil
}

// formed turns the form that HTTP brings into the JSON that a socket brings.
func formed(kind string, body []byte) ([]byte, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, fmt.Errorf("%w: no form", errMalformed)
	}
	if kind == kindInteractive {
		if !form.Has("payload") {
			return nil, fmt.Errorf("%w: no payload", errMalformed)
		}
		return []byte(form.Get("payload")), nil
	}
	flat := map[string]string{}
	for k := range form {
		flat[k] = form.Get(k)
	}
	return json.Marshal(flat)
}

// workspace is the team that an interaction belongs to: of a modal, the one that
// installed the app, because its reader may be somebody else's.
func (in interaction) workspace() string {
	var v struct {
		Installed string `json:"app_installed_team_id"`
	}
	if len(in.View) > 0 && json.Unmarshal(in.View, &v) == nil && v.Installed != "" {
		return v.Installed
	}
	if in.Team.ID != "" {
		return in.Team.ID
	}
	return in.User.Team
}

// action is the pressed button; there is always one.
func (in interaction) action() (a slack.BlockAction, ok bool) {
	if len(in.Actions) == 0 {
		return a, false
	}
	return a, json.Unmarshal(in.Actions[0], &a) == nil
}

// digest names what has no id of its own.
func digest(body []byte) string {
	sum := sha256.Sum256(bytes.TrimSpace(body))
	return hex.EncodeToString(sum[:12])
}
