package teams

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// timed are keys of an authority without a socket, by the clock of the bubble.
func timed(a *authority) *keys {
	return newKeys(a.url+"/openid", &http.Client{Transport: a}, time.Now)
}

func (a *authority) want(t *testing.T, requests int64, when string) {
	t.Helper()
	synctest.Wait()
	if n := a.asked.Swap(0); n != requests {
		t.Errorf("%s: %d requests, want %d", when, n, requests)
	}
}

func found(t *testing.T, k *keys, kid, when string) {
	t.Helper()
	if _, err := k.find(t.Context(), kid); err != nil {
		t.Errorf("%s: %v", when, err)
	}
}

func missing(t *testing.T, k *keys, kid string, want error, when string) {
	t.Helper()
	if _, err := k.find(t.Context(), kid); !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", when, err, want)
	}
}

func TestKeysGrowOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority()
		k := timed(a)
		found(t, k, testKey, "first")
		a.want(t, 2, "first")
		time.Sleep(keysRipe - time.Second)
		found(t, k, testKey, "before they are ripe")
		a.want(t, 0, "before they are ripe")
		time.Sleep(time.Second)
		a.set(func(a *authority) { a.slow = make(chan struct{}) })
		found(t, k, testKey, "while they are refreshed beside the work")
		a.want(t, 1, "the metadata is asked for")
		close(a.slow)
		a.want(t, 1, "the set, too")
		time.Sleep(keysRipe - time.Second)
		found(t, k, testKey, "after the refresh")
		a.want(t, 0, "after the refresh")
		time.Sleep(keysOld)
		a.set(func(a *authority) { a.keys = []map[string]any{jwk("key-2", &otherKey().PublicKey, channelTeams)} })
		missing(t, k, testKey, errUnauthorized, "a key that was withdrawn while nobody asked")
		a.want(t, 2, "an old set")
	})
}

func TestTheOldSetServesWhileRefreshingFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority()
		k := timed(a)
		found(t, k, testKey, "first")
		a.want(t, 2, "first")
		a.set(func(a *authority) { a.fail = true })
		time.Sleep(keysOld)
		for range 100 {
			found(t, k, testKey, "while it fails")
		}
		a.want(t, 1, "a hundred requests in one minute")
		time.Sleep(keysDead - keysOld - time.Second)
		found(t, k, testKey, "just before five days")
		a.want(t, 1, "just before five days")
		time.Sleep(time.Second)
		missing(t, k, testKey, errNoKeys, "after five days")
		time.Sleep(keysRest)
		a.set(func(a *authority) { a.fail = false })
		found(t, k, testKey, "when it answers again")
	})
}

func TestTheFirstSetIsAskedForSoonAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority()
		a.fail = true
		k := timed(a)
		for range 100 {
			missing(t, k, testKey, errNoKeys, "while it fails")
		}
		a.want(t, 1, "a hundred requests at once")
		a.set(func(a *authority) { a.fail = false })
		time.Sleep(keysSoon)
		found(t, k, testKey, "five seconds later")
	})
}

func TestAnUnknownKeyRefreshesSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority()
		k := timed(a)
		found(t, k, testKey, "first")
		a.want(t, 2, "first")
		missing(t, k, "key-2", errUnauthorized, "within the same minute")
		a.want(t, 0, "within the same minute")
		time.Sleep(keysRest)
		missing(t, k, "key-2", errUnauthorized, "a minute later")
		a.want(t, 2, "a minute later")
		a.set(func(a *authority) { a.keys = append(a.keys, jwk("key-2", &otherKey().PublicKey, channelTeams)) })
		time.Sleep(keyAgain - time.Second)
		missing(t, k, "key-2", errUnauthorized, "the same key within an hour")
		a.want(t, 0, "the same key within an hour")
		time.Sleep(time.Second)
		found(t, k, "key-2", "an hour later")
		a.want(t, 2, "an hour later")
	})
}

func TestANewKeyIsAskedForAgainAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority()
		k := timed(a)
		found(t, k, testKey, "first")
		a.want(t, 2, "first")
		time.Sleep(keysRest)
		a.set(func(a *authority) {
			a.fail, a.keys = true, []map[string]any{jwk("key-2", &otherKey().PublicKey, channelTeams)}
		})
		for range 10 {
			missing(t, k, "key-2", errUnauthorized, "while it fails")
		}
		a.want(t, 1, "while it fails")
		a.set(func(a *authority) { a.fail = false })
		time.Sleep(keysRest)
		found(t, k, "key-2", "a minute later")
		a.want(t, 2, "a minute later")
	})
}

func TestANewKeyIsTakenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority()
		k := timed(a)
		found(t, k, testKey, "first")
		time.Sleep(keysRest)
		a.set(func(a *authority) { a.keys = append(a.keys, jwk("key-2", &otherKey().PublicKey, channelTeams)) })
		found(t, k, "key-2", "after a rotation")
	})
}

func TestStrangersAreRememberedWithinBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority()
		k := timed(a)
		found(t, k, testKey, "first")
		a.want(t, 2, "first")
		for i := range 10_000 {
			time.Sleep(time.Second)
			missing(t, k, fmt.Sprint("stranger-", i), errUnauthorized, "a stranger")
			if n := len(k.unknown); n > 60 {
				t.Fatalf("%d keys are remembered", n)
			}
		}
		a.want(t, 2*(10_000/60), "10,000 strangers in 10,000 s")
	})
}

func TestManyWaitForOneRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority()
		a.slow = make(chan struct{})
		k := timed(a)
		first, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := k.find(first, testKey); !errors.Is(err, context.Canceled) {
				t.Errorf("who left: %v", err)
			}
		})
		synctest.Wait()
		for range 50 {
			all.Go(func() { found(t, k, testKey, "who waits") })
		}
		synctest.Wait()
		leave()
		synctest.Wait()
		close(a.slow)
		all.Wait()
		a.want(t, 2, "51 who ask")
	})
}

func TestARefreshEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority()
		a.slow = make(chan struct{})
		begun := time.Now()
		missing(t, timed(a), testKey, errNoKeys, "a server that never answers")
		if took := time.Since(begun); took != keysWait {
			t.Errorf("took %v", took)
		}
	})
}

// A hundred at a time verify while the set rotates under them: good tokens are
// always taken, forged ones never, and the authority is hardly asked.
func TestKeysRotateUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rounds = 10
		a := newAuthority()
		v := newVerifier(a.config(), &http.Client{Transport: a}, time.Now)
		var round atomic.Int64
		token := func(forged bool) string {
			head, body := facts()
			head["kid"], body["nbf"], body["exp"] = fmt.Sprint("round-", round.Load()), time.Now().Unix(), time.Now().Unix()+60
			by := goodKey()
			if forged {
				by = otherKey()
			}
			return "Bearer " + assemble(asJSON(head), asJSON(body), rs256(by))
		}
		for i := range rounds {
			a.set(func(a *authority) {
				a.keys = append(a.keys, jwk(fmt.Sprint("round-", i), &goodKey().PublicKey, channelTeams))
				a.keys = a.keys[max(0, len(a.keys)-2):]
			})
			round.Store(int64(i))
			good, forged := token(false), token(true)
			var all sync.WaitGroup
			for n := range 100 {
				all.Go(func() {
					if n%4 == 0 {
						if err := v.verify(t.Context(), forged, testService, channelTeams); !errors.Is(err, errUnauthorized) {
							t.Errorf("forged: %v", err)
						}
						return
					}
					if err := v.verify(t.Context(), good, testService, channelTeams); err != nil {
						t.Errorf("good: %v", err)
					}
				})
			}
			all.Wait()
			time.Sleep(keysRest)
		}
		a.want(t, 2*rounds, "ten rotations")
	})
}
