package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"interlock/agent"
)

// Delivery is one notice on its way to one target. ID is the same however often the
// notice is routed. Alone is sent by itself, at once; the rest is gathered with
// what else is due to the same target.
type Delivery struct {
	ID, Org, Notice, Target string
	Way                     string // where to: a room, "service:NAME", "chain:NAME", or "mail:ADDRESS"
	Lane                    string // the service that sends it; empty is a chat or a chain
	Type, Stack             string
	Severity                Severity
	Key, Topic              string
	Step                    Step // of the incident that Key names
	Due                     time.Time
	Alone                   bool
	Repeat                  bool // told within the window: only counted
	More                    int  // how many repeats were counted since it was told last
}

func deliveryID(org, notice, target string) string {
	sum := sha256.Sum256([]byte(org + "\x00" + notice + "\x00" + target))
	return hex.EncodeToString(sum[:13])
}

// Asked is what a router wants to know of a target.
type Asked struct{ Target, Key, Topic string }

// Past is what a target was told, and what it does not want to be told.
type Past struct {
	Muted bool
	Told  time.Time // last, of the key, or will be; zero is never, or what it began is over
	More  int       // repeats since then
	Opens time.Time // when what is gathered for it now is sent; zero is nothing
}

// Notices is what waits to be routed. Unrouted gives the oldest; a notice whose
// event tells nothing any more has no Type. Past answers all that is asked, in its
// order, as it is at a moment. Route settles notices, keeps their deliveries and puts
// in further notices, in one write; what was routed before stays as it is. A delivery
// that resolves a key has its telling forgotten.
type Notices interface {
	Unrouted(ctx context.Context, org string, limit int) ([]Notice, error)
	Past(ctx context.Context, org string, at time.Time, all []Asked) ([]Past, error)
	Route(ctx context.Context, org string, notices []string, ds []Delivery, more ...Notice) error
}

// Bundle is what goes to a target as one message. Its ID and what is in it stay the
// same when it is sent again. Top are the first notices, the most severe before all,
// at most MostLines; Tallies count all of them.
type Bundle struct {
	ID, Org, Target, Way string
	Count, More          int // deliveries; repeats that were only counted
	Tallies              []Tally
	Top                  []Notice
	Since                time.Time // the oldest happened
	Attempts             int       // that failed
}

// Tally counts the deliveries of one type in a bundle.
type Tally struct {
	Type  string
	Count int
}

// MostLines is how many things one message names.
const MostLines = 20

// Bundles is what waits to be sent. Lanes are the services for which something may be
// due. Due binds what is due in a lane by now into bundles and gives those whose time
// has come, the oldest first; what belongs to a key waits until all that came before
// it is sent or given up, so that no end overtakes its beginning. Delivered settles a
// bundle and enqueues the job that shows it, in one write. Postpone counts an attempt;
// GiveUp ends them, and puts in what is told of it and what follows.
type Bundles interface {
	Lanes(ctx context.Context, org string, at time.Time) ([]string, error)
	Due(ctx context.Context, org string, at time.Time, lane string, limit int) ([]Bundle, error)
	Delivered(ctx context.Context, org, bundle string, follow ...agent.Job) error
	Postpone(ctx context.Context, org, bundle string, until time.Time, why string) error
	GiveUp(ctx context.Context, org, bundle, why string, tell []Notice, follow ...agent.Job) error
}
