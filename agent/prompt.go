package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// Window is how much a model takes, in tokens. The zero value is DefaultWindow.
type Window struct{ Context, Output int }

// DefaultWindow fits the models of today that call tools well.
var DefaultWindow = Window{Context: 100_000, Output: 8192}

// bytesPerToken is low on purpose: code and JSON take a token for about three
// bytes, prose for four. What is denser still is met by FaultTooLong.
const bytesPerToken = 3

// prompt tells a model of the turn within share of the window, 1 being all. It
// compacts when the history has grown beyond that; a first compaction leaves
// half of the room free, so that the next one is far.
func (u *run) prompt(ctx context.Context, share float64) (Prompt, error) {
	p := Prompt{Model: u.profile.Model, Tools: u.Tools.Specs(u.profile.Tools), Output: u.window.Output}
	if u.Brief != nil {
		p.System = u.Brief(u.s.Org, u.s.Thread, u.profile)
	}
	u.brief = version(p.System)
	fixed := 0
	for _, s := range p.System {
		fixed += len(s)
	}
	for _, t := range p.Tools {
		fixed += len(t.Name) + len(t.Description) + len(t.Schema) + 40
	}
	room := int(share*float64(u.window.Context-u.window.Output)*bytesPerToken) - fixed
	if room < 4*1024 {
		return p, &ModelError{Fault: FaultTooLong, Model: p.Model, Err: fmt.Errorf(
			"rules and tools alone take about %d of %d tokens", fixed/bytesPerToken, u.window.Context-u.window.Output)}
	}
	p.Messages = u.s.history(u.turn)
	if weight(p.Messages) > room {
		if _, err := u.compact(ctx, room/2); err != nil {
			return p, err
		}
		p.Messages = u.s.history(u.turn)
	}
	for limit := longResult; weight(p.Messages) > room && limit >= 512; limit /= 2 {
		shortResults(p.Messages, limit)
	}
	return p, nil
}

// version names a text by its content, short enough for a line.
func version(sections []string) string {
	if len(sections) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(sections, "\n\n")))
	return hex.EncodeToString(sum[:4])
}

// weight is about how many bytes messages take.
func weight(ms []Message) (n int) {
	for _, m := range ms {
		for _, b := range m.Blocks {
			n += len(b.Text) + 20
			switch {
			case b.Call != nil:
				n += len(b.Call.Tool) + len(b.Call.Args) + 80
			case b.Result != nil:
				n += len(b.Result.Text) + 80
			case b.Opaque != nil:
				n += len(b.Opaque.Data)
			}
		}
	}
	return n
}

// shortResults is for one step whose results alone are too much.
func shortResults(ms []Message, limit int) {
	for _, m := range ms {
		for i, b := range m.Blocks {
			if b.Result != nil && len(b.Result.Text) > limit {
				short := *b.Result
				short.Text = headTail(short.Text, limit*2/3, limit/3, "\n[cut for want of room]\n")
				m.Blocks[i].Result = &short
			}
		}
	}
}

// think asks the model once. A prompt that proves too long is halved once: our
// count of tokens is only an estimate.
func (u *run) think(ctx context.Context) (Reply, error) {
	for _, share := range []float64{1, 0.5} {
		p, err := u.prompt(ctx, share)
		if err != nil {
			return Reply{}, err
		}
		p.Stream = u.stream()
		began := time.Now()
		rep, err := u.Model.Next(ctx, p)
		if err == nil && rep.Stop == StopNone {
			err = &ModelError{Fault: FaultProtocol, Model: rep.Model, Usage: rep.Usage}
		}
		if me, ok := faulty(err); ok && me.Fault == FaultTooLong && share == 1 {
			continue
		}
		if err == nil && u.Meter != nil {
			u.Meter.Step(time.Since(began), rep.Usage)
		}
		return rep, err
	}
	return Reply{}, nil // not reached: the second share returns
}

// showEvery is how often streamed text is shown: often enough to be alive.
const showEvery = 250 * time.Millisecond

// stream shows the end of what a model writes.
func (u *run) stream() func(string) {
	if u.Progress == nil {
		return nil
	}
	var text []rune
	var shown time.Time
	return func(piece string) {
		text = append(text, []rune(piece)...)
		if over := len(text) - 120; over > 0 {
			text = append(text[:0], text[over:]...)
		}
		if time.Since(shown) < showEvery {
			return
		}
		shown = time.Now()
		if len(text) == 0 {
			u.tell("thinking")
			return
		}
		u.tell("writing: " + line(string(text)))
	}
}
