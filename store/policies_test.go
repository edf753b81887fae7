package store_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"interlock/agent"
	"interlock/agent/agenttest"
	"interlock/bot"
	"interlock/bot/bottest"
	"interlock/rbac"
	"interlock/store"
)

func TestFreezes(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		agenttest.TestFreezes(t, func(t *testing.T) agenttest.Freezer { return open(t, another(t, o)) })
	})
}

func TestUses(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		agenttest.TestUses(t, func(t *testing.T) agenttest.User { return open(t, another(t, o)) })
	})
}

func TestLinks(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		bottest.TestLinks(t, func(t *testing.T) bot.Links { return open(t, another(t, o)) })
	})
}

// Whatever says who may do what moves the count; what changes nothing does not.
func TestPolicyCount(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		was := int64(0)
		moves := func(what string, want bool, err error) {
			t.Helper()
			n, cerr := db.PolicyCount(t.Context(), agenttest.Org)
			if err != nil || cerr != nil || n > was != want {
				t.Errorf("%s: %d after %d, %v %v", what, n, was, err, cerr)
			}
			was = n
		}
		ctx, org, at := t.Context(), agenttest.Org, agenttest.Now()
		identity := rbac.Actor{Org: org, Platform: "slack", Tenant: "T1", ID: "U1"}
		moves("nothing", false, nil)
		moves("a person", true, db.AddPerson(ctx, org, store.Person{ID: "alice"}))
		moves("another Org's person", false, db.AddPerson(ctx, agenttest.Rival, store.Person{ID: "alice"}))
		moves("members", true, db.SetMembers(ctx, org, "oidc:dba", []string{"person:b", "person:a", "person:b"}))
		moves("the same members, read anew", true, db.SetMembers(ctx, org, "oidc:dba", []string{"person:a", "person:b"}))
		moves("a freeze", true, db.Freeze(ctx, org, rbac.Freeze{ID: "f", Env: "prod", Until: at.Add(time.Hour), At: at}))
		moves("the same freeze", false, db.Freeze(ctx, org, rbac.Freeze{ID: "f", Env: "lab", Until: at.Add(time.Hour), At: at}))
		_, err := db.Thaw(ctx, org, "lab", rbac.Actor{}, at)
		moves("nothing to thaw", false, err)
		_, err = db.Thaw(ctx, org, "prod", rbac.Actor{}, at)
		moves("a thaw", true, err)
		_, err = db.SetPolicyText(ctx, org, 0, store.PolicyVersion{Text: []byte("people: {}"), By: "alice", Why: "first", At: at})
		moves("a text", true, err)
		moves("an offer", false, db.PutLink(ctx, bot.Link{ID: "l", Org: org, From: identity, Expires: at.Add(time.Minute)}))
		_, err = db.TakeLink(ctx, org, "l", identity)
		moves("taken", false, err)
		moves("joined", true, db.JoinLink(ctx, org, "l", "alice", identity))
		if got, err := db.Identities(ctx, org); err != nil || len(got["alice"]) != 1 || got["alice"][0].ID != "U1" {
			t.Errorf("identities: %v %v", got, err)
		}
		if err := db.Unlink(ctx, org, "bob", identity); !errors.Is(err, agent.ErrNotFound) {
			t.Errorf("unlinked from somebody else: %v", err)
		}
		moves("unlinked", true, db.Unlink(ctx, org, "alice", identity))
		moves("recorded", false, db.RecordPolicy(ctx, org, store.PolicyVersion{Hash: "a", At: at}))
	})
}

// Members that were not read again give no right.
func TestMembersGrowOld(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		must(t, db.SetMembers(t.Context(), agenttest.Org, "oidc:dba", []string{"person:a"}))
		for since, want := range map[time.Duration]int{-time.Hour: 1, time.Hour: 0} {
			got, err := db.Members(t.Context(), agenttest.Org, time.Now().Add(since))
			if err != nil || len(got["oidc:dba"]) != want {
				t.Errorf("since %s: %v %v", since, got, err)
			}
		}
		if got, err := db.Members(t.Context(), agenttest.Rival, time.Time{}); err != nil || len(got) != 0 {
			t.Errorf("another Org's: %v %v", got, err)
		}
	})
}

func TestPolicyHistory(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db, at := open(t, o), agenttest.Now()
		for _, hash := range []string{"a", "a", "b", "a"} {
			must(t, db.RecordPolicy(t.Context(), agenttest.Org, store.PolicyVersion{Hash: hash, Source: "file", At: at, Rules: []byte(`{"n":"` + hash + `"}`)}))
		}
		all, err := db.Policies(t.Context(), agenttest.Org, 10)
		if err != nil || len(all) != 3 || all[0].Hash != "a" || all[0].N != 3 || all[1].Hash != "b" || len(all[1].Rules) > 0 {
			t.Fatalf("%+v %v", all, err)
		}
		v, err := db.PolicyAt(t.Context(), agenttest.Org, "b")
		if err != nil || string(v.Rules) != `{"n":"b"}` || !v.At.Equal(at) || v.Source != "file" {
			t.Fatalf("%+v %v", v, err)
		}
		for _, c := range []struct{ org, hash string }{{agenttest.Rival, "b"}, {agenttest.Org, "c"}} {
			if _, err := db.PolicyAt(t.Context(), c.org, c.hash); !errors.Is(err, agent.ErrNotFound) {
				t.Errorf("%v: %v", c, err)
			}
		}
		// Who changed it is on record, though a process has loaded the same rules before.
		must(t, db.RecordPolicy(t.Context(), agenttest.Org, store.PolicyVersion{Hash: "a", Source: "erin", By: "erin", At: at}))
		if all, err := db.Policies(t.Context(), agenttest.Org, 1); err != nil || all[0].N != 4 || all[0].Source != "erin" {
			t.Errorf("%+v %v", all, err)
		}
	})
}

// Of many who change a policy at once, one does; nobody overwrites unseen.
func TestPolicyTexts(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db := open(t, o)
		if _, ok, err := db.PolicyText(t.Context(), agenttest.Org); ok || err != nil {
			t.Fatal("there is a text before the first", err)
		}
		var wg sync.WaitGroup
		won := make(chan int64, 8)
		for i := range 8 {
			wg.Go(func() {
				v := store.PolicyVersion{Text: []byte("limits: {}"), By: strconv.Itoa(i), Why: "first", At: agenttest.Now()}
				if n, err := db.SetPolicyText(context.Background(), agenttest.Org, 0, v); err == nil {
					won <- n
				} else if !errors.Is(err, agent.ErrRaced) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(won) != 1 || <-won != 1 {
			t.Error("not one of them won")
		}
		n, err := db.SetPolicyText(t.Context(), agenttest.Org, 1, store.PolicyVersion{Text: []byte("raises: []"), By: "bob", Why: "second"})
		if err != nil || n != 2 {
			t.Fatal(n, err)
		}
		v, ok, err := db.PolicyText(t.Context(), agenttest.Org)
		if err != nil || !ok || v.N != 2 || v.By != "bob" || v.Why != "second" || string(v.Text) != "raises: []" {
			t.Fatalf("%+v %v %v", v, ok, err)
		}
		if all, err := db.PolicyTexts(t.Context(), agenttest.Org, 10); err != nil || len(all) != 2 || all[1].Why != "first" {
			t.Fatalf("%+v %v", all, err)
		}
	})
}

func TestSessionsInTime(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o store.Options) {
		db, at := open(t, o), agenttest.Now()
		var ids []string
		for i := range 3 {
			s, err := db.Open(t.Context(), agenttest.Org, agenttest.Thread(strconv.Itoa(i)))
			must(t, err)
			ev := agenttest.Answer(s, "x")
			ev.At = at.Add(time.Duration(i) * time.Hour)
			must(t, db.Append(t.Context(), agenttest.Org, agent.Batch{Events: []agent.Event{ev}}))
			ids = append(ids, s.ID)
		}
		for name, c := range map[string]struct {
			org         string
			from, to    time.Time
			skip, limit int
			want        []string
		}{
			"all":           {agenttest.Org, at, at.Add(24 * time.Hour), 0, 10, ids},
			"the end is no": {agenttest.Org, at, at.Add(2 * time.Hour), 0, 10, ids[:2]},
			"a page":        {agenttest.Org, at, at.Add(24 * time.Hour), 1, 1, ids[1:2]},
			"another Org's": {agenttest.Rival, at, at.Add(24 * time.Hour), 0, 10, nil},
		} {
			if got, err := db.Sessions(t.Context(), c.org, c.from, c.to, c.skip, c.limit); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%s: %v %v", name, got, err)
			}
		}
	})
}

// A method without an Org does not exist: everything of the store that looks at
// rows takes one right after the context.
func TestEveryMethodTakesAnOrg(t *testing.T) {
	t.Parallel()
	ours := map[string]string{
		"Ping": "reads no row", "Consume": "hands out jobs of all, each with its Org", "Sealer": "seals each Org", "Purge": "deletes what has expired", "Stats": "counts for the operator, and gives no content",
		"Enqueue": "the job names its Org", "Say": "the message names its Org", "PutLink": "the link names its Org", "Keep": "the artifact names its Org",
		"Claim":     "the tick names its Org",
		"PutNotice": "the notice names its Org", "PurgeNotices": "deletes what is old",
	}
	db := reflect.TypeFor[*store.DB]()
	ctx, text := reflect.TypeFor[context.Context](), reflect.TypeFor[string]()
	for i := range db.NumMethod() {
		m := db.Method(i)
		if m.Type.NumIn() < 2 || m.Type.In(1) != ctx || ours[m.Name] != "" {
			continue
		}
		if m.Type.NumIn() < 3 || m.Type.In(2) != text {
			t.Errorf("%s takes no Org", m.Name)
		}
	}
}

func BenchmarkPolicyCount(b *testing.B) {
	db := open(b, store.Options{DataDir: b.TempDir(), Keys: testKeys()})
	if err := db.AddPerson(b.Context(), agenttest.Org, store.Person{ID: "alice"}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := db.PolicyCount(b.Context(), agenttest.Org); err != nil {
			b.Fatal(err)
		}
	}
}
