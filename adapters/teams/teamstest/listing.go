package teamstest

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// usualTop and mostTop are how many messages Graph tells of at once.
const (
	usualTop = 20
	mostTop  = 50
)

// graphChannel lists the first messages of a channel's threads, the newest first.
func (s *Server) graphChannel(c *call) (int, any, error) {
	r, err := s.consented(c)
	if err != nil {
		return 0, nil, err
	}
	return s.list(c, r, func(e *entry) bool { return e.Root == e.ID })
}

// graphReplies lists the replies in a thread, the newest first.
func (s *Server) graphReplies(c *call) (int, any, error) {
	r, err := s.consented(c)
	if err != nil {
		return 0, nil, err
	}
	root := c.path("root")
	return s.list(c, r, func(e *entry) bool { return e.Root == root && e.ID != root })
}

// graphChat lists the messages of a group chat. Of a person's chat with the bot
// Graph has another id than the connector.
func (s *Server) graphChat(c *call) (int, any, error) {
	r := s.rooms[c.path("chat")]
	switch {
	case r == nil || r.kind != kindGroup:
		return 0, nil, refuse(http.StatusNotFound, "NotFound", "The chat was not found.")
	case !r.installed || !r.consent:
		return 0, nil, refuse(http.StatusForbidden, "Forbidden", "Missing the permission ChatMessage.Read.Chat.")
	}
	return s.list(c, r, func(*entry) bool { return true })
}

// consented is a channel whose team lets the bot read it.
func (s *Server) consented(c *call) (*room, error) {
	r := s.rooms[c.path("channel")]
	if r == nil || r.kind != kindChannel || s.teams[r.team].GroupID != c.path("group") {
		return nil, refuse(http.StatusNotFound, "NotFound", "The channel was not found.")
	}
	if t := s.teams[r.team]; !t.Installed || !t.Consent {
		return nil, refuse(http.StatusForbidden, "Forbidden", "Missing the permission ChannelMessage.Read.Group.")
	}
	return r, nil
}

// list is one page of the messages of a room. Deleted ones are there, without
// what they said.
func (s *Server) list(c *call, r *room, wanted func(*entry) bool) (int, any, error) {
	q := c.request.URL.Query()
	top, from := usualTop, 0
	if n, err := strconv.Atoi(q.Get("$top")); err == nil && n > 0 {
		top = min(n, mostTop)
	}
	if n, err := strconv.Atoi(q.Get("$skiptoken")); err == nil && n > 0 {
		from = n
	}
	all := []object{}
	for _, e := range slices.Backward(s.order) {
		if e.Conversation == r.id && wanted(e) {
			all = append(all, s.told(e))
		}
	}
	from = min(from, len(all))
	to := min(from+top, len(all))
	out := object{"value": all[from:to], "@odata.count": to - from}
	if to < len(all) {
		q.Set("$skiptoken", strconv.Itoa(to))
		out["@odata.nextLink"] = s.base + c.request.URL.EscapedPath() + "?" + q.Encode()
	}
	return http.StatusOK, out, nil
}

// told is a message as Graph tells of it. Cards are text in it.
func (s *Server) told(e *entry) object {
	o := object{
		"id": e.ID, "messageType": "message", "createdDateTime": e.Versions[0].At.UTC().Format(time.RFC3339Nano), "replyToId": nil,
		"deletedDateTime": nil, "from": s.writer(e), "body": object{"contentType": "html", "content": e.Text},
	}
	if e.Root != "" && e.Root != e.ID {
		o["replyToId"] = e.Root
	}
	if e.Deleted {
		o["deletedDateTime"] = e.Versions[len(e.Versions)-1].At.UTC().Format(time.RFC3339Nano)
	}
	attachments := []object{}
	for i, card := range e.Cards {
		attachments = append(attachments, object{
			"id": guid(e.ID + strconv.Itoa(i)), "contentType": cardType, "contentUrl": nil, "content": string(card), "name": nil,
		})
	}
	o["attachments"] = attachments
	return o
}
