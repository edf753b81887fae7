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
// force, or none if there is none, until the version moves once more, and is told
// to Failed, once. Its methods are safe for concurrent use; the fields are set
// before. The zero value has no policy.
type Watch struct {
	Version func(ctx context.Context, org string) (string, error)
	Load    func(ctx context.Context, org string) (*Snapshot, error)
	Failed  func(ctx context.Context, org string, err error) // nil tells nobody

	orgs sync.Map // *watched
}

var (
	_ Source = (*Watch)(nil)

	errNoWatch   = errors.New("nothing to load policy from")
	errNoneThere = errors.New("there is none")
	errOthers    = errors.New("it is another organisation's")
)

// watched is one Org's policy. The version is that of the newest attempt.
type watched struct {
	mu      sync.RWMutex
	tried   bool
	version string
	now     *Snapshot
	bad     error // why there is no Snapshot at this version
}

// Policy is the policy in force.
func (w *Watch) Policy(ctx context.Context, org string) (Policy, error) {
	v, err := w.version(ctx, org)
	if err != nil {
		return nil, err
	}
	o, _ := w.orgs.LoadOrStore(org, &watched{})
	is, _ := o.(*watched)
	s, err := is.at(ctx, w, org, v)
	if err != nil {
		return nil, fmt.Errorf("load policy: %w", err)
	}
	return s, nil
}

func (w *Watch) version(ctx context.Context, org string) (string, error) {
	if w.Version == nil || w.Load == nil {
		return "", errNoWatch
	}
	v, err := w.Version(ctx, org)
	if err != nil {
		return "", fmt.Errorf("look for changes of policy: %w", err)
	}
	return v, nil
}

// at gives the snapshot of a version: the first who sees it move loads, and the
// others wait, and look again, because it may have moved while they waited.
func (o *watched) at(ctx context.Context, w *Watch, org, version string) (*Snapshot, error) {
	o.mu.RLock()
	now, bad, same := o.now, o.bad, o.tried && o.version == version
	o.mu.RUnlock()
	if same {
		return now, bad
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	version, err := w.version(ctx, org)
	if err != nil {
		return nil, err
	}
	if !o.tried || o.version != version {
		if err := o.load(ctx, w, org, version); err != nil {
			return nil, err
		}
	}
	return o.now, o.bad
}

func (o *watched) load(ctx context.Context, w *Watch, org, version string) error {
	s, err := w.Load(ctx, org)
	switch {
	case err == nil && s == nil:
		return errNoneThere
	case err == nil && s.Org() != org:
		return errOthers
	}
	var bad *BadPolicy
	switch {
	case err == nil:
		o.now, o.bad = s, nil
	case !errors.As(err, &bad):
		return err
	case o.now == nil:
		o.bad = err
	}
	o.tried, o.version = true, version
	if err != nil && w.Failed != nil {
		w.Failed(ctx, org, err)
	}
	return nil
}
