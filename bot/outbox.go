package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"interlock/agent"
	"interlock/rbac"
)

// Row is one event to show; the store wrote it together with the event. Thread
// is the real one, as far as it is known. Room is the other room that a copy is
// shown in, as "platform:channel". Attempts counts the failed ones.
type Row struct {
	ID       string
	Thread   agent.Thread
	Event    agent.Event
	Room     string
	Attempts int
}

// at is the thread that a row is shown in. A copy begins one of its own.
func (r Row) at() agent.Thread {
	platform, channel, ok := strings.Cut(r.Room, ":")
	if !ok {
		return r.Thread
	}
	return agent.Thread{Platform: platform, Channel: channel, ID: "~copy/" + r.ID}
}

// Rows is the outbox. Pending gives at most one row a thread, the oldest, and
// only when its time has come; and at most OfRoom of one room, so that one with
// much to say hides no other. Sent marks a row and keeps its Ref in one
// transaction; the key is empty for what is never edited, the Ref for what was
// not shown. When the Ref names another thread than the row, the session moves
// there. Later puts a row off; Dropped gives it up. Copy makes further rows of a
// row's event, one for each room, each once; their Refs move nothing.
type Rows interface {
	Pending(ctx context.Context, org string, limit int) ([]Row, error)
	Sent(ctx context.Context, org, row, key string, r Ref) error
	Later(ctx context.Context, org, row string, until time.Time, why string) error
	Dropped(ctx context.Context, org, row, why string) error
	Ref(ctx context.Context, org, key string) (r Ref, ok bool, err error)
	Copy(ctx context.Context, org, row string, rooms []string) error
}

// OfRoom is how many rows of one room Rows gives at once.
const OfRoom = 10

// Outbox shows the log. It runs beside the agent and never in its way.
type Outbox struct {
	Rows      Rows
	Platforms map[string]Platform
	Orgs      []string
	Wake      <-chan struct{} // something was written; nil only polls
	Log       *slog.Logger

	// Deciders are the chat identities of those who may decide on a card. Nil
	// leaves Card.Deciders empty.
	Deciders func(ctx context.Context, h agent.Hold) []rbac.Actor

	// Copies are the other rooms that a card for approval is shown in, of which one
	// may decide too. Nil is none.
	Copies func(h agent.Hold) []string
	Title  func(room string) string // as people know it; nil is as it is configured

	// Lost hears of a row that is given up, before it is: whoever had to see it has
	// to be told otherwise. Nil tells nobody.
	Lost func(ctx context.Context, org string, row Row, why string) error

	since time.Time
}

// idle is how long the outbox sleeps when nothing wakes it.
const idle = time.Second

// Run shows what is written until ctx ends.
func (o *Outbox) Run(ctx context.Context) error {
	o.since = time.Now()
	for {
		more := false
		for _, org := range o.Orgs {
			n, err := o.Drain(ctx, org)
			if err != nil && ctx.Err() == nil {
				o.Log.WarnContext(ctx, "show events", "org", org, "error", err)
			}
			more = more || n > 0
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-o.Wake:
		case <-time.After(idle):
		}
	}
}

// atOnce is how many rooms are written to at once.
const atOnce = 32

// Drain shows one round of what is pending: the oldest of each thread. A thread
// that fails keeps its order by waiting; other threads go on. A room is written to
// by one alone, and rooms do not wait for each other. It returns how many rows
// were settled.
func (o *Outbox) Drain(ctx context.Context, org string) (settled int, err error) {
	rows, err := o.Rows.Pending(ctx, org, 100)
	if err != nil {
		return 0, fmt.Errorf("read outbox: %w", err)
	}
	rooms := map[string][]Row{}
	for _, row := range rows {
		rooms[row.at().Room()] = append(rooms[row.at().Room()], row)
	}
	var (
		g    errgroup.Group
		mu   sync.Mutex
		errs []error
	)
	g.SetLimit(atOnce)
	for _, rows := range rooms {
		g.Go(func() error {
			n, err := o.room(ctx, org, rows)
			mu.Lock()
			defer mu.Unlock()
			settled, errs = settled+n, append(errs, err)
			return nil
		})
	}
	return settled, errors.Join(append(errs, g.Wait())...)
}

// roundTime is how long one room is written to before others get another look: a
// chat that takes one message a second would hold up everybody.
const roundTime = time.Second

// room shows the rows of one room, one after the other. What is left over stays
// pending.
func (o *Outbox) room(ctx context.Context, org string, rows []Row) (settled int, err error) {
	var errs []error
	for began := time.Now(); len(rows) > 0 && time.Since(began) < roundTime; rows = rows[1:] {
		row := rows[0]
		err := o.show(ctx, org, row)
		if err == nil {
			settled++
			continue
		}
		errs = append(errs, fmt.Errorf("show %s: %w", row.Event.Kind, err), o.postpone(ctx, org, row, err))
	}
	return settled, errors.Join(errs...)
}

func (o *Outbox) show(ctx context.Context, org string, row Row) error {
	card, key, show := render(row.Event)
	p, ok := o.Platforms[row.at().Platform]
	if !ok || !show {
		return o.Rows.Sent(ctx, org, row.ID, "", Ref{})
	}
	if a := row.Event.Payload.Alert; a != nil && row.Room != "" {
		card = alertIn(*a, row.Room)
	}
	card.Marker, card.Open = row.ID, open(card, key)
	if h := row.Event.Payload.Hold; h != nil && h.Approval != nil && key == h.ID {
		if err := o.approval(ctx, org, row, *h, &card); err != nil {
			return err
		}
	}
	if row.Room != "" {
		key = copyKey(key, row.Room)
	}
	if w, ok := p.(Whisperer); ok && private(row) {
		if err := w.Whisper(ctx, org, row.Thread, row.Event.Actor.Spoke(), card); err != nil {
			return err
		}
		return o.Rows.Sent(ctx, org, row.ID, "", Ref{})
	}
	ref, known, err := o.Rows.Ref(ctx, org, key)
	switch a := row.Event.Payload.Alert; {
	case err != nil:
	case known && a != nil && a.Again(row.Room):
		if err = o.leave(ctx, org, p, ref, alertMoved(*a, row.Room)); err == nil {
			ref, err = o.post(ctx, org, p, row, card)
		}
	case known:
		err = p.Edit(ctx, org, ref, card)
	default:
		ref, err = o.post(ctx, org, p, row, card)
	}
	if err != nil {
		return err
	}
	late, done := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer done() // what was posted is noted also by a process that ends: not every chat can be asked
	return o.Rows.Sent(late, org, row.ID, key, ref)
}

// lastWords is how long noting a post may take at shutdown.
const lastWords = 5 * time.Second

// approval completes a card for approval, and has it copied.
func (o *Outbox) approval(ctx context.Context, org string, row Row, h agent.Hold, card *Card) error {
	if h.Pending() && o.Deciders != nil {
		card.Deciders = o.Deciders(ctx, h)
	}
	if row.Room != "" {
		asked := row.Thread.Room()
		if o.Title != nil {
			asked = o.Title(asked)
		}
		card.Fields = append(card.Fields, Field{"Asked in", asked})
		return nil
	}
	if o.Copies == nil {
		return nil
	}
	if rooms := o.Copies(h); len(rooms) > 0 {
		return o.Rows.Copy(ctx, org, row.ID, rooms)
	}
	return nil
}

// private tells what is for one person alone: that an outsider was refused is
// nobody else's business, and a channel full of refusals would hide what matters.
func private(row Row) bool {
	ev := row.Event
	return ev.Kind == agent.KindRefused && ev.Actor.Outsider != "" && ev.Actor.Spoke().Platform == row.Thread.Platform
}

// leave draws a message anew that another one follows. That it is gone is no reason not
// to send the other one.
func (o *Outbox) leave(ctx context.Context, org string, p Platform, r Ref, c Card) error {
	var pe *PostError
	err := p.Edit(ctx, org, r, c)
	if errors.As(err, &pe) && pe.Refused && pe.After == 0 {
		return nil
	}
	return err
}

// post looks before it repeats: what was sent but not marked is not sent again.
// That may be so after a failed attempt, and for what is older than this process.
func (o *Outbox) post(ctx context.Context, org string, p Platform, row Row, card Card) (Ref, error) {
	if row.Attempts > 0 || row.Event.At.Before(o.since) {
		if ref, found, err := p.Find(ctx, org, row.at(), card.Marker); err != nil || found {
			return ref, err
		}
	}
	return p.Post(ctx, org, row.at(), card)
}

// give up after so many attempts what is refused again and again; what only fails
// is tried until the platform is there again.
const mostAttempts = 30

func (o *Outbox) postpone(ctx context.Context, org string, row Row, cause error) error {
	var pe *PostError
	wait := min(time.Second<<min(row.Attempts, 8), 5*time.Minute)
	switch {
	case errors.As(cause, &pe) && pe.Permanent:
		return o.giveUp(ctx, org, row, pe)
	case pe != nil && pe.Refused && pe.After > 0: // the platform is there, and takes it later
		wait = pe.After
	case pe != nil && pe.Refused && row.Attempts+1 >= mostAttempts:
		return o.giveUp(ctx, org, row, pe)
	}
	return o.Rows.Later(ctx, org, row.ID, time.Now().Add(wait), cause.Error())
}

func (o *Outbox) giveUp(ctx context.Context, org string, row Row, why *PostError) error {
	if o.Lost != nil {
		if err := o.Lost(ctx, org, row, cmp.Or(why.Says, why.Error())); err != nil {
			return err
		}
	}
	return o.Rows.Dropped(ctx, org, row.ID, why.Error())
}
