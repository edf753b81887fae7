package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"interlock/rbac"
)

// Finding is one fact of a scan. Fingerprint is stable over scans: the same
// resource and attribute give the same one, whatever the value.
type Finding struct {
	Org, Stack, Fingerprint string
	Scanner                 string `json:",omitempty"` // of compliance; empty is a drift
	Resource, Attribute     string
	Code, Real              string // what the code says, what the world has; "(sensitive)" for secrets
	Rule, Title, Severity   string `json:",omitempty"` // of compliance
	Since                   time.Time
	Seen                    time.Time
	Accepted                *Acceptance `json:",omitempty"`
	Owner                   *rbac.Actor `json:",omitempty"` // who said that it is theirs
}

// Acceptance is a person's word that a finding may stay until a moment. It is about
// one value: when the world moves on, it is over.
type Acceptance struct {
	By        rbac.Actor
	At, Until time.Time
	Because   string
}

// ScanNews is what one scan told: what is new, what is still there and what is gone.
type ScanNews struct {
	Stack, Environment, Commit string
	Scanner                    string    `json:",omitempty"` // of compliance; empty is a scan for drift
	New, Known, Gone           []Finding `json:",omitempty"`
	Lapsed                     []Finding `json:",omitempty"` // of those that are known: whose acceptance is over
	Ignored                    int       `json:",omitempty"` // findings that the stack's own rules leave out
	Pending                    *Plan     `json:",omitempty"` // what the code would change beside the drift
	Authored                   *Authored `json:",omitempty"` // of the code; nil is not known
	Failed                     string    `json:",omitempty"` // why the stack could not be scanned: never silence
}

// Authored is who changed the code of a stack last, by its history.
type Authored struct {
	By, Commit string
	At         time.Time
}

// Drift is what is known of one stack: what its scans saw, and the thread in which it
// is told while it differs from its code. It is written by compare-and-swap on Version.
type Drift struct {
	Org, Stack, Environment string
	Version                 int64
	Thread                  Thread    // where it is told; that of the last time when it is over
	Began, Ended            time.Time // of what is told there; both zero when nothing ever was
	Findings                []Finding `json:",omitempty"` // that are not gone, oldest first
	Scanned, Clean          time.Time // when a scan could look last; when nothing was found and all could look
	Commit                  string
	Pending                 string           `json:",omitempty"` // what the code would change beside it, in counts
	Ignored                 int              `json:",omitempty"`
	Authored                *Authored        `json:",omitempty"`
	Sights                  map[string]Sight `json:",omitempty"` // by scanner; empty is a scan for drift
	Alike                   []string         `json:",omitempty"` // other stacks with the same change, when it is told as one with them
	Joined                  bool             `json:",omitempty"` // of a snapshot: it is told in the thread of Alike from now on
	Fixing                  *Fixing          `json:",omitempty"` // of a snapshot: what puts it right just now
	Gone                    []Finding        `json:",omitempty"` // of a snapshot: what has just gone
}

// Fixing is a change that puts a stack right, on its way.
type Fixing struct{ Hold, PlanCode, State string }

// Sight is how far one scanner sees a stack.
type Sight struct {
	Looked  time.Time // when the newest look that succeeded began
	Failing time.Time // since when none succeeds; zero when the last one did
	Failed  string    `json:",omitempty"` // why
}

// Open tells whether the stack is being told of: it drifts, or cannot be scanned.
func (d Drift) Open() bool { return !d.Began.IsZero() && d.Ended.IsZero() }

// Blind are the scanners that cannot look, by name; that for drift is first.
func (d Drift) Blind() (scanners []string) {
	for _, name := range slices.Sorted(maps.Keys(d.Sights)) {
		if !d.Sights[name].Failing.IsZero() {
			scanners = append(scanners, name)
		}
	}
	return scanners
}

// Change is the same for two stacks that show the same findings, values included. It is
// empty for one without any, which is like no other.
func (d Drift) Change() string {
	return d.sum(func(f Finding) []string {
		return []string{f.Scanner, f.Rule, f.Resource, f.Attribute, f.Code, f.Real}
	})
}

// Unsettled is a short sum of what nobody has accepted, values included: a word about it
// counts only as long as it is the same.
func (d Drift) Unsettled() string {
	sum := d.sum(func(f Finding) []string {
		if f.Accepted != nil {
			return nil
		}
		return []string{f.Fingerprint, f.Real}
	})
	return sum[:min(len(sum), 12)]
}

func (d Drift) sum(of func(f Finding) []string) string {
	var all []string
	for _, f := range d.Findings {
		if parts := of(f); parts != nil {
			all = append(all, fmt.Sprintf("%q", parts))
		}
	}
	if len(all) == 0 {
		return ""
	}
	slices.Sort(all)
	sum := sha256.Sum256([]byte(strings.Join(all, "\n")))
	return hex.EncodeToString(sum[:])
}

// shared begins the thread of several stacks that show the same change.
const shared = "~alike/"

// Shared tells whether the stack is told of in one thread with others.
func (d Drift) Shared() bool { return strings.HasPrefix(d.Thread.ID, shared) }

// Settled are the findings that somebody has accepted.
func (d Drift) Settled() (n int) {
	for _, f := range d.Findings {
		if f.Accepted != nil {
			n++
		}
	}
	return n
}

// Of are the findings of one scanner; that for drift has no name.
func Of(all []Finding, scanner string) (own []Finding) {
	for _, f := range all {
		if f.Scanner == scanner {
			own = append(own, f)
		}
	}
	return own
}

func find(all []Finding, fingerprint string) int {
	return slices.IndexFunc(all, func(f Finding) bool { return f.Fingerprint == fingerprint })
}
