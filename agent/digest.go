package agent

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Bound is what a call stands on: the stored plan by the hash of its bytes,
// the state it was made from, the commit, the sandbox image. Plan is counted
// from the plan's own data, never by the model; Summary says it in one line.
type Bound struct {
	Artifact, Lineage, Commit, Image string
	Serial                           int64
	Changed                          int64 `json:",omitempty"` // how many live changes of the stack had begun
	Plan                             *Plan `json:",omitempty"`
	Summary                          string
}

// digest binds an approval to exactly this call. The length before each field
// keeps two different holds from ever giving the same bytes.
func digest(key []byte, h Hold, b Bound) string {
	mac := hmac.New(sha256.New, key)
	fields := []string{
		h.Org, h.Session, h.ID, h.Call.ID, h.Call.Tool, string(h.Call.Args),
		b.Artifact, strconv.FormatInt(b.Serial, 10), b.Lineage, b.Commit, b.Image,
		string(h.Request.Actor.Subject()), h.Expires.UTC().Format(time.RFC3339Nano),
	}
	if b.Changed > 0 { // cards from before it was counted stay good
		fields = append(fields, strconv.FormatInt(b.Changed, 10))
	}
	for _, f := range fields {
		_, _ = fmt.Fprintf(mac, "%d:%s", len(f), f)
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// PlanCode is the short form of the digest: a person can read it, the button carries it.
// One whose words were erased has none.
func (a *Approval) PlanCode() string {
	if len(a.Digest) < 8 {
		return ""
	}
	return a.Digest[:4] + "-" + a.Digest[4:8]
}

// seal gives the hold its digest over how things are now.
func (c *Control) seal(ctx context.Context, h *Hold) error {
	b, d, err := c.now(ctx, *h)
	if err != nil {
		return err
	}
	h.Approval.Bound, h.Approval.Digest = b, d
	return nil
}

// moved says what under the hold is no longer as it was shown, if anything.
func (c *Control) moved(ctx context.Context, h Hold) (string, error) {
	b, d, err := c.now(ctx, h)
	switch was := h.Approval.Bound; {
	case errors.Is(err, ErrNotFound):
		return "the stored plan is gone", nil
	case err != nil:
		return "", err
	case hmac.Equal([]byte(d), []byte(h.Approval.Digest)):
		return "", nil
	case b.Commit != was.Commit:
		return "the code has a new commit since", nil
	case b.Serial != was.Serial || b.Lineage != was.Lineage:
		return "the state has changed since", nil
	case b.Changed != was.Changed:
		return "another change of the stack has begun since", nil
	case b.Image != was.Image:
		return "the sandbox image has changed since", nil
	}
	return "what the card showed has changed since", nil
}

func (c *Control) now(ctx context.Context, h Hold) (b Bound, d string, err error) {
	key := c.Keys[h.Org]
	if len(key) == 0 {
		return b, "", errors.New("organisation has no key to sign approvals")
	}
	if t, ok := c.Tools.Tool(h.Call.Tool); ok {
		if t, ok := t.(Binder); ok {
			if b, err = t.Bind(ctx, h.Org, h.Call.Args); err != nil {
				return b, "", fmt.Errorf("bind %s: %w", h.Call.Tool, err)
			}
		}
	}
	return b, digest(key, h, b), nil
}
