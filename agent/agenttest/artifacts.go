package agenttest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"interlock/agent"
)

// ArtifactLimit is the most bytes that Memory keeps as one artifact.
const ArtifactLimit = 1 << 20

// Keep stores an artifact under the hash of its bytes.
func (m *Memory) Keep(_ context.Context, a agent.Artifact) (string, error) {
	if len(a.Bytes) > ArtifactLimit {
		return "", agent.ErrTooLarge
	}
	sum := sha256.Sum256(a.Bytes)
	a.ID = hex.EncodeToString(sum[:])
	a.Bytes, a.Meta = slices.Clone(a.Bytes), slices.Clone(a.Meta)
	m.mu.Lock()
	defer m.mu.Unlock()
	old, ok := m.artifacts[key{a.Org, a.ID}]
	if ok && live(old) {
		if a.Expires.IsZero() || !old.Expires.IsZero() && a.Expires.After(old.Expires) {
			old.Expires = a.Expires
		}
		a = old
	}
	put(&m.artifacts, key{a.Org, a.ID}, a)
	return a.ID, nil
}

// Artifact gives what was kept, until it expires.
func (m *Memory) Artifact(_ context.Context, org, id string) (agent.Artifact, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.artifacts[key{org, id}]
	if !ok || !live(a) {
		return agent.Artifact{}, agent.ErrNotFound
	}
	a.Bytes, a.Meta = slices.Clone(a.Bytes), slices.Clone(a.Meta)
	return a, nil
}

func live(a agent.Artifact) bool { return a.Expires.IsZero() || time.Now().Before(a.Expires) }

func decode(b []byte, v any) error {
	if len(b) == 0 {
		return nil
	}
	return json.Unmarshal(b, v)
}
