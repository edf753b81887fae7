package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"interlock/rbac"
)

// Kinds of artifacts that the agent itself keeps, and for how long: longer than
// anybody works in one thread.
const (
	KindOutput = "output" // of a tool, whole
	KindLog    = "log"    // words that were compacted
	keptFor    = 30 * 24 * time.Hour
)

// Sizes in bytes. A result longer than longResult goes on record by its head and
// tail; what both leave out is an artifact.
const (
	longResult = 16 << 10
	headOf     = 10 << 10
	tailOf     = 4 << 10
)

// compact writes a summary of all events but the newest, so that what a model is
// told of the rest takes at most room bytes. It answers false when there is
// nothing left to sum up.
func (u *run) compact(ctx context.Context, room int) (bool, error) {
	through := u.s.cut(u.turn, room)
	from := int64(1)
	if sum := u.s.summary(); sum != nil {
		from = sum.Through + 1
	}
	if through < from {
		return false, nil
	}
	sum := Summary{From: from, Through: through}
	if u.Artifacts != nil {
		id, err := u.keep(ctx, KindLog, u.s.wording(from, through), u.s.Label())
		if err != nil {
			return false, fmt.Errorf("keep log: %w", err)
		}
		sum.Kept = id
	}
	sum.Text = u.s.summarize(sum, room)
	u.tell("summing up what was said before")
	return true, u.emit(ctx, KindSummary, Payload{Summary: &sum})
}

// keep stores words of this session with their label. Artifacts are found by
// their bytes, so these name the session: what two sessions read is kept twice.
func (u *run) keep(ctx context.Context, kind, text string, l rbac.Label) (string, error) {
	meta, err := json.Marshal(l)
	if err != nil {
		return "", err
	}
	text += "\n[the end; kept for thread " + u.s.ID + "]"
	return u.Artifacts.Keep(ctx, Artifact{
		Org: u.s.Org, Kind: kind, Session: u.s.ID, Meta: meta, Bytes: []byte(text), At: u.clock(), Expires: u.clock().Add(keptFor),
	})
}

// cut is the Seq up to which events are summed up: what stays fits in room, begins
// with a step or an ask, and holds at least the newest step of the turn.
func (s *Session) cut(turn string, room int) int64 {
	newest := len(s.Events)
	for i, ev := range s.Events {
		if ev.Turn == turn && (ev.Kind == KindStep || ev.Kind == KindAsk) {
			newest = i
		}
	}
	at, size := newest, 0
	for i := len(s.Events) - 1; i >= 0; i-- {
		ev := s.Events[i]
		size += sizeOf(ev)
		if i < newest && size > room {
			break
		}
		if i <= newest && (ev.Kind == KindStep || ev.Kind == KindAsk) {
			at = i
		}
	}
	if at == 0 || at >= len(s.Events) {
		return 0
	}
	return s.Events[at].Seq - 1
}

// sizeOf is about how many bytes an event adds to a prompt.
func sizeOf(ev Event) (n int) {
	p := ev.Payload
	switch ev.Kind {
	case KindAsk, KindAnswer, KindStopped, KindGaveUp:
		return len(p.Text) + 60
	case KindResult:
		return len(p.Result.Text) + 200
	case KindFinding:
		return len(scanText(*p.Scan))
	case KindStep:
		n = len(p.Step.Text)
		for _, c := range p.Step.Calls {
			n += len(c.Tool) + len(c.Args) + 80
		}
		for _, b := range p.Step.Blocks {
			if b.Opaque != nil {
				n += len(b.Opaque.Data)
			}
		}
	}
	return n
}
