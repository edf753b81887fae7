package agenttest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"

	"interlock/agent"
)

// TestArtifacts is what every agent.Artifacts must do. Open gives an empty one
// that knows Org and Rival, and the most bytes that it keeps.
func TestArtifacts(t *testing.T, open func(t *testing.T) (a agent.Artifacts, limit int)) {
	for name, test := range map[string]func(t *testing.T, a agent.Artifacts, limit int){
		"what comes out is what went in": artifactRoundTrip,
		"only with the Org":              artifactTenants,
		"within the limit":               artifactLimit,
		"until it expires":               artifactExpires,
		"the first meta stays":           artifactMeta,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, limit := open(t)
			test(t, a, limit)
		})
	}
}

func plan(text string) agent.Artifact {
	return agent.Artifact{
		Org: Org, Kind: "plan", Session: "s", Meta: json.RawMessage(`{"b": 1,"a":"<"}`), Bytes: []byte(text),
		At: Now(), Expires: Now().Add(time.Hour),
	}
}

func mustKeep(t *testing.T, s agent.Artifacts, a agent.Artifact) string {
	t.Helper()
	id, err := s.Keep(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func artifactRoundTrip(t *testing.T, s agent.Artifacts, _ int) {
	for _, text := range []string{"plan\x00\xff", ""} {
		want := plan(text)
		sum := sha256.Sum256(want.Bytes)
		want.ID = hex.EncodeToString(sum[:])
		if id := mustKeep(t, s, want); id != want.ID {
			t.Errorf("id %s, want the hash of the bytes %s", id, want.ID)
		}
		got, err := s.Artifact(t.Context(), Org, want.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes, want.Bytes) {
			t.Errorf("bytes %q, want %q", got.Bytes, want.Bytes)
		}
		got.Bytes, want.Bytes = nil, nil
		got.At, want.At = got.At.UTC(), want.At.UTC()
		same(t, "artifact", got, want)
	}
}

func artifactTenants(t *testing.T, s agent.Artifacts, _ int) {
	id := mustKeep(t, s, plan("x"))
	for _, org := range []string{Rival, "nobody", ""} {
		_, err := s.Artifact(t.Context(), org, id)
		isErr(t, err, agent.ErrNotFound)
	}
	_, err := s.Artifact(t.Context(), Org, "none")
	isErr(t, err, agent.ErrNotFound)
}

func artifactLimit(t *testing.T, s agent.Artifacts, limit int) {
	mustKeep(t, s, plan(string(make([]byte, limit))))
	_, err := s.Keep(t.Context(), plan(string(make([]byte, limit+1))))
	isErr(t, err, agent.ErrTooLarge)
}

func artifactExpires(t *testing.T, s agent.Artifacts, _ int) {
	past, forever := plan("past"), plan("forever")
	past.Expires, forever.Expires = Now().Add(-time.Second), time.Time{}
	id := mustKeep(t, s, past)
	_, err := s.Artifact(t.Context(), Org, id)
	isErr(t, err, agent.ErrNotFound)
	mustKeep(t, s, plan("past")) // made anew
	if _, err := s.Artifact(t.Context(), Org, id); err != nil {
		t.Error(err)
	}
	if _, err := s.Artifact(t.Context(), Org, mustKeep(t, s, forever)); err != nil {
		t.Error(err)
	}
}

func artifactMeta(t *testing.T, s agent.Artifacts, _ int) {
	id := mustKeep(t, s, plan("x"))
	second := plan("x")
	second.Meta, second.Expires = json.RawMessage(`{}`), Now().Add(2*time.Hour)
	mustKeep(t, s, second)
	got, err := s.Artifact(t.Context(), Org, id)
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Meta) != string(plan("x").Meta) {
		t.Errorf("meta %s", got.Meta)
	}
	if !got.Expires.Equal(second.Expires) {
		t.Errorf("expires %v, want the later %v", got.Expires, second.Expires)
	}
}
