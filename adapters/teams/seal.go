package teams

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"interlock/agent"
	"interlock/rbac"
)

// seal says, in a card that is shown to one person elsewhere, which thread it belongs
// to: the client could say another one, and a thread is where somebody belongs.
func (p *Platform) seal(org string, who rbac.Actor, t agent.Thread) spot {
	return spot{Conversation: t.Channel, Thread: t.ID, Seal: p.sealOf(org, who, t.Channel, t.ID), key: p.key(org)}
}

func (p *Platform) sealed(org string, who rbac.Actor, at spot) bool {
	return hmac.Equal([]byte(at.Seal), []byte(p.sealOf(org, who, at.Conversation, at.Thread)))
}

func (p *Platform) sealOf(org string, who rbac.Actor, conversation, thread string) string {
	h := hmac.New(sha256.New, []byte(p.key(org)))
	h.Write(encoded([]string{"of one person", who.Tenant, who.ID, conversation, thread}))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:18])
}

// key signs what cards of an Org carry.
func (p *Platform) key(org string) string { return string(p.opt.Lookups.Key(org)) }

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}
