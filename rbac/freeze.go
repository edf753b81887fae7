package rbac

import "time"

// Freeze holds every live change of an environment until its time or a thaw.
type Freeze struct {
	ID     string
	Env    string // "all" is every environment
	Until  time.Time
	Reason string
	By     string    // name of who ordered it
	At     time.Time `json:",omitzero"`
}
