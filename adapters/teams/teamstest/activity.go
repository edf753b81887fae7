package teamstest

import (
	"time"
)

const timeLayout = "2006-01-02T15:04:05.0000000Z"

// Form is how a client of a person writes an activity. Forms can be joined.
type Form uint

// The forms that differ from what most clients send.
const (
	Nbsp         Form = 1 << iota // a no-break space behind each mention, instead of a space
	NoEntityText                  // mention entities without their text
	NoHTML                        // no attachment with the same text as HTML
	NoKind                        // no conversationType, no team and no channel
	NoObjectID                    // from without the Entra object id
)

// joinForms are some forms as one.
func joinForms(forms []Form) Form {
	var all Form
	for _, f := range forms {
		all |= f
	}
	return all
}

// recipient is the bot as activities name it.
func (s *Server) recipient() object {
	return object{"id": s.opts.bot(), "name": s.opts.BotName}
}

// activity is what all activities of a person in a place have.
func (s *Server) activity(kind, id string, r *room, root string, u *User, f Form) object {
	now := time.Now().UTC().Format(timeLayout)
	tenant := s.opts.TenantID
	if r.kind == kindPersonal {
		tenant = u.TenantID
	}
	a := object{
		"type": kind, "id": id, "timestamp": now, "localTimestamp": now, "channelId": "msteams", "serviceUrl": s.ServiceURL(),
		"from": from(u, f), "recipient": s.recipient(), "locale": "en-US", "localTimezone": "Europe/London",
	}
	conversation := object{"id": r.conversation(root), "tenantId": tenant}
	data := object{"tenant": object{"id": tenant}}
	if r.kind != kindPersonal {
		conversation["isGroup"] = true
	}
	if f&NoKind == 0 {
		conversation["conversationType"] = r.kind
		if r.kind == kindGroup {
			conversation.set("name", r.name)
		}
		if r.kind == kindChannel {
			data["teamsChannelId"], data["teamsTeamId"] = r.id, r.team
			data["channel"], data["team"] = object{"id": r.id}, object{"id": r.team}
		}
	}
	a["conversation"], a["channelData"] = conversation, data
	return a
}

// from is a person as activities name them.
func from(u *User, f Form) object {
	o := object{"id": u.ID, "name": u.Name}
	if f&NoObjectID == 0 {
		o["aadObjectId"] = u.ObjectID
	}
	return o
}

// said makes of an activity a message with what a person typed.
func (a object) said(t typed, f Form) {
	a["text"], a["textFormat"] = t.text, "plain"
	if f&NoHTML == 0 {
		a["attachments"] = []any{object{"contentType": "text/html", "content": t.html}}
	}
	entities := []any{}
	for _, e := range t.entities {
		entities = append(entities, e)
	}
	a["entities"] = append(entities, object{
		"type": "clientInfo", "locale": "en-US", "country": "US", "platform": "Web", "timezone": "Europe/London",
	})
}
