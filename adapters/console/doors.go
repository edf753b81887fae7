package console

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"sync"

	"interlock/rbac"
)

// doors holds the one-time code of the first admin, as a hash: whoever reads this
// memory cannot use it.
type doors struct {
	mu     sync.Mutex
	first  [sha256.Size]byte
	create func(ctx context.Context, name string) (rbac.Actor, error)
}

// FirstAdmin gives the one-time code that, typed on the sign-in page together
// with a name, makes the first admin by create. Calling it again replaces the
// code.
func (p *Platform) FirstAdmin(create func(ctx context.Context, name string) (rbac.Actor, error)) (code string) {
	code = p.random()
	p.doors.mu.Lock()
	defer p.doors.mu.Unlock()
	p.doors.first, p.doors.create = sha256.Sum256([]byte(code)), create
	return code
}

// awaitsFirst tells whether nobody has used the first code.
func (d *doors) awaitsFirst() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.create != nil
}

// enter uses the first code. A failing create leaves it usable; two at once
// wait for one another, and only one enters.
func (d *doors) enter(ctx context.Context, code, name string) (a rbac.Actor, ok bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := sha256.Sum256([]byte(code))
	if d.create == nil || subtle.ConstantTimeCompare(h[:], d.first[:]) != 1 {
		return a, false, nil
	}
	if a, err = d.create(ctx, name); err == nil {
		d.create, d.first = nil, [sha256.Size]byte{}
	}
	return a, err == nil, err
}
