package teams

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// How long a key set counts. Microsoft's page on authentication with the Bot
// Connector wants it asked for at least every 24 hours, because a new key may be
// added at any time, and lets it be kept for 5 days, as its own SDK did.
const (
	keysRipe = 12 * time.Hour     // from here on it is refreshed beside the work
	keysOld  = 24 * time.Hour     // from here on it is refreshed first
	keysDead = 5 * 24 * time.Hour // from here on nobody is believed
	keyAgain = time.Hour          // until the same unknown key is asked for again
	keysRest = time.Minute        // between two refreshes, whatever they are for
	keysSoon = 5 * time.Second    // the same, as long as there is no set at all
	keysWait = 10 * time.Second   // for a whole refresh
)

// errNoKeys means that nobody can be believed or refused: who signs is not known.
// It is no fault of whoever sent something.
var (
	errNoKeys  = errors.New("the Bot Framework's signing keys cannot be had")
	errUnasked = errors.New("they were not asked for yet")
)

// keys are those that sign what we are sent, as the metadata names them. They are
// safe for concurrent use. A stranger can cause one refresh a minute at most, and
// what is remembered of it is 60 names of keys.
type keys struct {
	metadata string
	client   *http.Client
	now      func() time.Time
	once     singleflight.Group

	mu         sync.Mutex
	set        map[string]signingKey // replaced, never changed
	had, tried time.Time             // when the set came, and when one was last asked for
	failed     error                 // why the last refresh came to nothing
	unknown    map[string]time.Time
}

func newKeys(metadata string, client *http.Client, now func() time.Time) *keys {
	return &keys{metadata: metadata, client: within(client), now: now, unknown: map[string]time.Time{}}
}

// find gives the key with an id, from the current set. The error is errNoKeys or
// errUnauthorized, or the context's.
func (k *keys) find(ctx context.Context, kid string) (signingKey, error) {
	need, wait := k.need(kid)
	if !need {
		return k.known(kid)
	}
	done := k.once.DoChan("", func() (any, error) { // for all who wait, whoever came first
		return nil, k.refresh(context.WithoutCancel(ctx), kid)
	})
	if !wait {
		return k.known(kid)
	}
	select {
	case <-ctx.Done():
		return signingKey{}, fmt.Errorf("wait for signing keys: %w", ctx.Err())
	case <-done: // if it failed, the old set serves
		return k.known(kid)
	}
}

// need tells whether a refresh would be good, and whether nothing can be said
// before it.
func (k *keys) need(kid string) (need, wait bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	age := k.now().Sub(k.had)
	_, known := k.set[kid]
	return !known || age >= keysRipe, !known || age >= keysOld
}

// known looks in the set at hand.
func (k *keys) known(kid string) (signingKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.set == nil || k.now().Sub(k.had) >= keysDead {
		return signingKey{}, fmt.Errorf("%w: %w", errNoKeys, cmp.Or(k.failed, errUnasked))
	}
	if found, ok := k.set[kid]; ok {
		return found, nil
	}
	return signingKey{}, fmt.Errorf("%w: signed with a key that the Bot Framework does not name", errUnauthorized)
}

// refresh asks for the set, if it is time. Only one runs at a time.
func (k *keys) refresh(ctx context.Context, kid string) error {
	if !k.may(kid) {
		return nil
	}
	ctx, done := context.WithTimeout(ctx, keysWait)
	defer done()
	set, err := fetchKeys(ctx, k.client, k.metadata)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failed = err; err != nil {
		return err
	}
	k.set, k.had = set, k.now()
	k.note(kid)
	return nil
}

// may keeps to the limits. A refresh that failed has said nothing of its key, so
// the same key may be asked for again when the minute is over.
func (k *keys) may(kid string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	now, rest := k.now(), keysRest
	if k.set == nil {
		rest = keysSoon
	}
	if !k.tried.IsZero() && now.Sub(k.tried) < rest {
		return false
	}
	if at, asked := k.unknown[kid]; asked && now.Sub(at) < keyAgain {
		return false
	}
	k.tried = now
	return true
}

// note remembers a key that even the new set does not have. Those that may be asked
// for again are forgotten: with one refresh a minute, 60 stay.
func (k *keys) note(kid string) {
	for old, at := range k.unknown {
		if k.had.Sub(at) >= keyAgain {
			delete(k.unknown, old)
		}
	}
	if _, known := k.set[kid]; !known {
		k.unknown[kid] = k.had
	}
}
