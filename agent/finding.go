package agent

import "time"

// Finding is one fact of a scan. Fingerprint is stable over scans: the same
// resource and attribute give the same one, whatever the value.
type Finding struct {
	Org, Stack, Fingerprint string
	Resource, Attribute     string
	Code, Real              string // what the code says, what the world has; "(sensitive)" for secrets
	Since                   time.Time
	Seen                    time.Time
}

// ScanNews is what one scan told: what is new, what is still there and what is gone.
type ScanNews struct {
	Stack, Environment, Commit string
	New, Known, Gone           []Finding `json:",omitempty"`
	Pending                    *Plan     `json:",omitempty"` // what the code would change beside the drift
	Failed                     string    `json:",omitempty"` // why the stack could not be scanned: never silence
}
