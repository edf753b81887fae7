package rbac

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// BadPolicy is a policy that cannot serve; the one before it stays in force.
type BadPolicy struct{ Err error }

func (b *BadPolicy) Error() string { return fmt.Sprintf("policy: %v", b.Err) }

// Unwrap gives the cause.
func (b *BadPolicy) Unwrap() error { return b.Err }

// Watch is a Source that looks before each answer whether a policy has moved, so
// that a change counts at the next decision, in every process.
//
// Version must be cheap and must differ whenever anything did. Load makes the
// Snapshot anew. When either fails, the answer is an error, which denies, and the
// next question tries again; but a *BadPolicy leaves the running Snapshot in
// force until the version moves once more, and is told to Failed, once. Its
// methods are safe for concurrent use; the fields are set before.
type Watch struct {
	Version func(ctx context.Context, org string) (string, error)
	Load    func(ctx context.Context, org string) (*Snapshot, error)
	Failed  func(ctx context.Context, org string, err error) // nil tells nobody

	orgs sync.Map // *watched
}

var _ Source = (*Watch)(nil)

// watched is one Org's policy. The version is that of the newest attempt.
type watched struct {
	mu      sync.RWMutex
	version string
	now     *Snapshot
}

// Policy is the policy in force.
func (w *Watch) Policy(ctx context.Context, org string) (Policy, error) {
	v, err := w.Version(ctx, org)
	if err != nil {
		return nil, fmt.Errorf("look for changes of policy: %w", err)
	}
	o, _ := w.orgs.LoadOrStore(org, &watched{})
	s, err := o.(*watched).at(ctx, w, org, v)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// at gives the snapshot of a version: the first who sees it move loads, and the
// others wait.
func (o *watched) at(ctx context.Context, w *Watch, org, version string) (*Snapshot, error) {
	o.mu.RLock()
	now, same := o.now, o.version == version
	o.mu.RUnlock()
	if same && now != nil {
		return now, nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.version == version && o.now != nil {
		return o.now, nil
	}
	s, err := w.Load(ctx, org)
	var bad *BadPolicy
	switch {
	case err == nil && s == nil:
		return nil, errors.New("load policy: there is none")
	case err == nil:
		o.now, o.version = s, version
	case errors.As(err, &bad) && o.now != nil:
		o.version = version
		if w.Failed != nil {
			w.Failed(ctx, org, err)
		}
	default:
		return nil, fmt.Errorf("load policy: %w", err)
	}
	return o.now, nil
}
