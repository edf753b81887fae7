package apply

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"interlock/agent"
	"interlock/agent/tools/tofu"
)

// What became of an apply.
const (
	applied       = "applied"
	notApplied    = "not applied"
	partlyApplied = "partly applied"
	look          = "look"
)

// finishedShown is how many resources are named of an apply that broke off.
const finishedShown = 20

// stateAge is how long a rescued state is kept: somebody must see it first.
const stateAge = 30 * 24 * time.Hour

// What OpenTofu itself says. Its words are all there is to tell these apart.
var (
	complete = regexp.MustCompile(`(?m)^Apply complete! Resources: (.+?)\.\s*$`)
	stale    = regexp.MustCompile(`(?m)^\W*Error: Saved plan (is stale|does not match the given state)`)
	finished = regexp.MustCompile(`(?m)^(\S.*): (?:Creation|Modifications|Destruction|Import) complete`)
	locked   = regexp.MustCompile(`(?m)^\W*Error: Error acquiring the state lock`)
	began    = regexp.MustCompile(`(?m)^\S.*: (Creating|Modifying|Destroying|Importing|Creation|Modifications|Destruction|Import)\b`)
	lockInfo = regexp.MustCompile(`(?m)^\W*(ID|Who|Created|Operation):\s*(\S.*?)\s*$`)
)

// judge says what is known of an apply from its exit code, its words and the
// state before and after. A result that is not sure says "look".
func (t Tool) judge(ctx context.Context, e agent.Env, m tofu.Meta, src tofu.Source, out agent.Output) (agent.ToolResult, error) {
	o := tofu.Read(tofu.Apply, src, out)
	now, err := tofu.ReadState(src.Stack)
	s := seen{Outcome: o, meta: m, now: now, unread: err}
	what, why := s.verdict()
	res := verdict(m, what, why)
	if state := o.Rescued(); len(state) > 0 {
		id, err := t.rescue(ctx, e, state)
		if err != nil {
			return res, err
		}
		res.Text += "\nOpenTofu could not write the state. It is kept as artifact " + id + ": write it back before anything else is planned."
	}
	if m.Image != "" && out.Image != m.Image {
		res.Text += "\nIt ran in another sandbox image than the plan was made in."
	}
	return res, nil
}

func (t Tool) rescue(ctx context.Context, e agent.Env, state []byte) (string, error) {
	now := time.Now()
	id, err := t.Deps.Artifacts.Keep(ctx, agent.Artifact{
		Org: e.Org, Session: e.Session, Kind: tofu.KindState, Bytes: state, At: now, Expires: now.Add(stateAge),
	})
	if err != nil {
		return "", fmt.Errorf("keep state: %w", err)
	}
	return id, nil
}

func verdict(m tofu.Meta, what, why string) agent.ToolResult {
	res := tofu.Result(origin(m), what+": "+why)
	res.Applied, res.Failed = what, what != applied
	return res
}

// seen is all that a judgement stands on.
type seen struct {
	tofu.Outcome
	meta   tofu.Meta
	now    tofu.State
	unread error // the state could not be read
}

func (s seen) moved() bool { return s.now != s.meta.State }

func (s seen) verdict() (what, why string) {
	done := complete.FindSubmatch(s.Out("apply"))
	switch {
	case s.Step == "init":
		return notApplied, s.Why()
	case len(s.Rescued()) > 0:
		return look, s.Why()
	case s.Done && done != nil:
		// Putting drift back leaves the state as it was: its serial stays the
		// same although the change was made (measured).
		return applied, string(done[1])
	case s.Done:
		return look, "OpenTofu ended well, but did not say that it is complete"
	case s.early(stale):
		return notApplied, "the state was changed by somebody else since the plan: plan again"
	case s.early(locked):
		return notApplied, "somebody else holds the lock of the state" + holder(string(s.Err("apply")))
	}
	return s.failed()
}

// early tells of an error that OpenTofu only has before it changes anything. A
// provider could use the same words, but then a resource has begun.
func (s seen) early(why *regexp.Regexp) bool {
	return s.Ended("apply") && why.Match(s.Err("apply")) && !began.Match(s.Out("apply"))
}

// failed judges an apply that did not come to its end.
func (s seen) failed() (what, why string) {
	switch {
	case s.unread != nil:
		return look, s.Why() + "\nThe state cannot be read: " + s.unread.Error()
	case s.moved() || finished.MatchString(string(s.Out("apply"))):
		return partlyApplied, fmt.Sprintf("%s, %s. %s", s.move(), s.finished(), s.Why())
	case !s.Ended("apply"):
		return look, "the state has not moved, but OpenTofu was not seen to end. " + s.Why()
	case began.Match(s.Out("apply")):
		return look, "the state has not moved, but a resource was begun: whether it took effect is not known, scan " + s.meta.Stack + ". " + s.Why()
	}
	return notApplied, "the state has not moved. " + s.Why()
}

// move says how the state is now.
func (s seen) move() string {
	if s.now.Serial == s.meta.Serial {
		return fmt.Sprintf("the state is still at serial %d", s.now.Serial)
	}
	return fmt.Sprintf("the state has moved from serial %d to %d", s.meta.Serial, s.now.Serial)
}

// finished names the resources that OpenTofu told to be complete.
func (s seen) finished() string {
	var all []string
	for _, f := range finished.FindAllSubmatch(s.Out("apply"), finishedShown) {
		all = append(all, tofu.Line(string(f[1])))
	}
	if len(all) == 0 {
		return "no resource was told to be complete"
	}
	return "complete: " + strings.Join(all, ", ")
}

// holder is who holds a lock, as the error tells it.
func holder(words string) string {
	var all []string
	for _, f := range lockInfo.FindAllStringSubmatch(words, -1) {
		all = append(all, f[1]+" "+tofu.Line(f[2]))
	}
	if len(all) == 0 {
		return ""
	}
	return " (" + strings.Join(all, ", ") + ")"
}
