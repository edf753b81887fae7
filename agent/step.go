package agent

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"
)

// step asks the model once and records what it wants before anything is done.
// A Command has fixed calls instead.
func (u *run) step(ctx context.Context) (done bool, err error) {
	if u.s.commanded(u.turn) {
		return u.took(ctx, Batch{}, u.s.fixed(u.turn), nil)
	}
	sp := u.spent()
	if limit := u.profile.Budget.overStep(sp); limit != "" {
		return true, u.close(ctx, budgetSpent+limit+" is spent")
	}
	why, tell, err := u.capped(ctx)
	if err != nil {
		return false, err
	}
	if why != "" {
		return true, u.close(ctx, why)
	}
	if why, err = u.thirsty(ctx); err != nil {
		return false, err
	}
	if why != "" {
		return true, u.close(ctx, why)
	}
	if why := u.s.babbles(u.turn); why != "" {
		return true, u.close(ctx, why)
	}
	live, settle := u.stoppable(ctx)
	rep, err := u.think(live)
	halted := stopped(live)
	settle()
	if halted {
		return false, nil // the loop sees the order and closes
	}
	if me, ok := faulty(err); ok {
		return true, u.faulted(ctx, me)
	}
	if err != nil {
		return false, fmt.Errorf("model: %w", err)
	}
	return u.took(ctx, Batch{Jobs: tell}, rep.step(), u.spending.bill(rep.Model, rep.Usage))
}

// took records a step, or the answer when it calls nothing.
func (u *run) took(ctx context.Context, b Batch, st Step, bill *Bill) (done bool, err error) {
	var evs []Event
	if u.s.paused(u.turn) != nil {
		evs = append(evs, u.event(KindResumed, Payload{}))
	}
	if len(st.Calls) == 0 {
		sp := u.spent()
		if !u.s.commanded(u.turn) {
			sp.Steps++ // this one, which has no event of its own
		}
		if bill != nil {
			sp.add(*bill)
		}
		p := u.final(st, sp)
		p.Bill, p.Brief = bill, u.brief
		return true, u.commit(ctx, b, append(evs, u.event(KindAnswer, p))...)
	}
	for i, c := range st.Calls {
		st.Calls[i].ModelID, st.Calls[i].ID = c.ID, rand.Text()
		st.Calls[i].Args = recordable(c.Args)
	}
	return false, u.commit(ctx, b, append(evs, u.event(KindStep, Payload{Text: st.Text, Step: &st, Bill: bill, Brief: u.brief}))...)
}

// step is what a reply wants. The provider's own blocks stay in their places.
func (r Reply) step() Step {
	st := Step{Text: r.Text(), Calls: r.Calls(), Cut: r.Stop == StopLength}
	for _, b := range r.Blocks {
		if b.Opaque != nil {
			st.Blocks = r.Blocks
		}
	}
	for i, b := range st.Blocks {
		if b.Call != nil {
			st.Blocks[i].Call = &ToolCall{} // its place; the call itself is in Calls
		}
	}
	return st
}

func (u *run) spent() Spent {
	sp := u.s.spent(u.turn, u.Tools)
	sp.Wall, sp.Currency = time.Since(u.began), u.spending.Currency
	return sp
}

// final is the answer; the answer to a Command is its last result, as data.
func (u *run) final(st Step, sp Spent) Payload {
	p := Payload{Text: st.Text, Spent: &sp}
	res := u.s.Results(u.turn)
	for _, ev := range res {
		if a := ev.Payload.Result.Refused; a != nil {
			p.Act = a
		}
	}
	switch {
	case u.s.commanded(u.turn):
		if len(res) > 0 {
			p.Call, p.Result, p.Hold = res[len(res)-1].Payload.Call, res[len(res)-1].Payload.Result, res[len(res)-1].Payload.Hold
		}
	case st.Text == "":
		p.Text = "(The model ended without a word.)"
	case st.Cut:
		p.Text += "\n\n(Cut here: the model reached its limit of output.)"
	}
	return p
}

// unreadable is how many steps in a row may hold nothing but calls that cannot
// be understood.
const unreadable = 3

// babbles says why a turn ends when the model's calls cannot be read.
func (s *Session) babbles(turn string) string {
	bad, last := 0, ""
	for _, ev := range s.Events {
		switch {
		case ev.Turn != turn:
		case ev.Kind == KindResult && !ev.Payload.Result.Unread:
			bad, last = 0, ""
		case ev.Kind == KindResult:
			last = ev.Payload.Result.Text
		case ev.Kind == KindStep:
			bad++
		}
	}
	if last == "" || bad < unreadable {
		return ""
	}
	return fmt.Sprintf("the model's tool calls cannot be read, %d times in a row (%s): set model.name to a model that can call tools; interlock doctor tries one", bad, short(last, 150))
}
