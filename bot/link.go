package bot

import (
	"context"
	"time"

	"interlock/rbac"
)

// Link is an offer to join two chat identities to one person. From offers, To
// takes it up in the other chat, and From confirms.
type Link struct {
	ID, Org  string
	From, To rbac.Actor
	Expires  time.Time
	Done     bool
}

// Links keeps offers and what came of them. TakeLink sets To once, and JoinLink
// joins once: a second time is agent.ErrRaced, as is an identity that was joined
// to somebody before. What belongs to another Org is agent.ErrNotFound. From
// JoinLink on the identity is the person's, for every later decision.
type Links interface {
	PutLink(ctx context.Context, l Link) error
	Link(ctx context.Context, org, id string) (Link, error)
	TakeLink(ctx context.Context, org, id string, to rbac.Actor) (Link, error)
	JoinLink(ctx context.Context, org, id, person string, identity rbac.Actor) error
}
