package console

import (
	"cmp"
	"net/http"
	"unicode/utf8"

	"interlock/bot"
)

// say takes a message: it is shown first, then given to the bot. Sent again, it
// has the same id, so both are done once.
func (p *Platform) say(w http.ResponseWriter, r *http.Request, v viewer, in inbox) {
	at := place{r.PathValue("channel"), r.PathValue("thread")}
	c, ok := p.opens(v, at.Channel)
	if !ok {
		p.lost(w, r, v)
		return
	}
	if at.Thread != "" {
		switch known, err := p.exists(r.Context(), at); {
		case err != nil:
			p.broken(w, r, v, err)
			return
		case !known:
			p.lost(w, r, v)
			return
		}
	}
	d := draft{id: r.PostForm.Get("id"), text: clean(cmp.Or(r.PostForm.Get("prompt"), r.PostForm.Get("text")))}
	id, ok := p.readID(v.session, d.id, "say", at.Channel, at.Thread)
	text := unmentioned(d.text)
	switch {
	case !ok:
		d.id, d.status, d.problem = "", http.StatusForbidden, "This form was not made for you here. Send your text again."
	case text == "":
		d.status, d.problem = http.StatusUnprocessableEntity, "There is nothing to send. Write what you need first."
	case utf8.RuneCountInString(text) > longestText:
		d.status, d.problem = http.StatusUnprocessableEntity, "That is longer than 4000 characters. Send less at once."
	default:
		p.mention(w, r, v, in, c, at, id, text, d)
		return
	}
	p.untaken(w, r, v, c, at, d)
}

func (p *Platform) mention(w http.ResponseWriter, r *http.Request, v viewer, in inbox, c Channel, at place, id, text string, d draft) {
	to := place{at.Channel, cmp.Or(at.Thread, id)}
	m := bot.Message{ID: id, Org: p.opt.Org, Thread: to.thread(), Author: v.actor, Text: text, At: p.now(), Alone: at.Thread == ""}
	_, err := p.opt.Messages.Say(r.Context(), m)
	var rep bot.Reply
	if err == nil {
		rep, err = in.Mention(r.Context(), bot.Mention{ID: id, Org: p.opt.Org, Thread: m.Thread, Actor: v.actor, Text: text})
	}
	if err != nil {
		p.opt.Log.ErrorContext(r.Context(), "take message", "id", id, "error", err)
		d.status, d.problem = http.StatusServiceUnavailable, "The bot did not get your message. Press the button again; it counts once."
		p.untaken(w, r, v, c, at, d)
		return
	}
	if m.Alone && len(said(rep)) == 0 {
		p.share(r, id)
	}
	p.flash.forget(v.ID)
	p.reply(w, r, v, reply{from: at, to: to, bot: rep, next: []string{"say", at.Channel, at.Thread}})
}

// share lists a thread for everybody: it was not answered to its author alone. One that
// could not be shared is listed when it goes on.
func (p *Platform) share(r *http.Request, id string) {
	if err := p.opt.Messages.Share(r.Context(), p.opt.Org, id); err != nil {
		p.opt.Log.WarnContext(r.Context(), "list thread", "id", id, "error", err)
	}
}

// untaken shows the form again with what was in it.
func (p *Platform) untaken(w http.ResponseWriter, r *http.Request, v viewer, c Channel, at place, d draft) {
	switch {
	case wantsJSON(r):
		id := cmp.Or(d.id, p.newID(v.session, "say", at.Channel, at.Thread))
		p.answer(w, r, d.status, result{Notice: p.notice(r, v, at, notice{Text: d.problem, Bad: true}), ID: id})
	case at.Thread == "":
		p.showChannel(w, r, v, c, d)
	default:
		p.showThread(w, r, v, c, at.Thread, d)
	}
}

// pressed reads where a button was and whether it was really there: its id is
// signed for what it does.
func (p *Platform) pressed(w http.ResponseWriter, r *http.Request, v viewer, does func(at place) []string) (at place, id string, ok bool) {
	f := r.PostForm
	at = place{f.Get("channel"), f.Get("thread")}
	if _, known := p.opens(v, at.Channel); !known || at.Thread == "" {
		p.lost(w, r, v)
		return at, "", false
	}
	if id, ok = p.readID(v.session, f.Get("id"), does(at)...); !ok {
		p.problem(w, r, v, http.StatusForbidden, "Not taken", "This button was not shown to you here. Reload the page and try again.")
	}
	return at, id, ok
}

func (p *Platform) click(w http.ResponseWriter, r *http.Request, v viewer, in inbox) {
	verb, value := r.PostForm.Get("verb"), r.PostForm.Get("value")
	does := func(at place) []string { return []string{"click", at.Channel, at.Thread, verb, value} }
	at, id, ok := p.pressed(w, r, v, does)
	if !ok {
		return
	}
	reason := cut(clean(r.PostForm.Get("reason")), longestText)
	rep, err := in.Click(r.Context(), bot.Click{
		ID: id, Org: p.opt.Org, Thread: at.thread(), Actor: v.actor, Verb: verb, Value: value, Reason: reason,
	})
	p.reply(w, r, v, reply{from: at, to: at, bot: rep, err: err, verb: verb, value: value, next: does(at)})
}

// take takes the answer to a question.
func (p *Platform) take(w http.ResponseWriter, r *http.Request, v viewer, in inbox) {
	question, text := r.PostForm.Get("question"), r.PostForm.Get("text")
	does := func(at place) []string { return []string{"answer", at.Channel, at.Thread, question, text} }
	at, id, ok := p.pressed(w, r, v, does)
	if !ok {
		return
	}
	rep, err := in.Answer(r.Context(), bot.Answer{
		ID: id, Org: p.opt.Org, Thread: at.thread(), Actor: v.actor, Question: question, Text: text,
	})
	p.reply(w, r, v, reply{from: at, to: at, bot: rep, err: err, next: does(at)})
}

// reply is what the bot said at once, and to which form.
type reply struct {
	from, to    place
	bot         bot.Reply
	err         error
	verb, value string   // of the button, for a modal
	next        []string // what the form does, for its next id
}

type modalPage struct {
	frame
	Card  *cardView
	Form  formView
	Label string
	Draft string
}

// reply shows the bot's reply to this person alone: in place to a script, after
// a redirect to a plain form.
func (p *Platform) reply(w http.ResponseWriter, r *http.Request, v viewer, rp reply) {
	ns := said(rp.bot)
	if rp.err != nil {
		p.opt.Log.ErrorContext(r.Context(), "take press", "error", rp.err)
		ns = []notice{{Text: "The bot could not take this just now. Press the button again in a moment.", Bad: true}}
	}
	if len(ns) > 0 {
		p.flash.put(v.ID, rp.to, p.now(), ns...)
	}
	modal := p.modal(v, rp)
	switch js := wantsJSON(r); {
	case !js && modal != nil:
		p.page(w, r, http.StatusOK, "modal", modal)
	case !js || rp.from != rp.to:
		if js {
			p.answer(w, r, http.StatusOK, result{Location: rp.to.path()})
			return
		}
		http.Redirect(w, r, rp.to.path()+"#latest", http.StatusSeeOther)
	default:
		p.inPlace(w, r, v, rp, ns, modal)
	}
}

// inPlace answers a script, which shows the notices at once.
func (p *Platform) inPlace(w http.ResponseWriter, r *http.Request, v viewer, rp reply, ns []notice, modal *modalPage) {
	p.flash.see(v.ID, rp.to, p.now())
	res, status := result{ID: p.newID(v.session, rp.next...), Notice: p.notice(r, v, rp.to, ns...)}, http.StatusOK
	var err error
	if modal != nil {
		res.Modal, err = p.fragment("modalform", modal)
	}
	if rp.bot.Card != nil && err == nil {
		res.Card, err = p.fragment("card", p.card(v, rp.to, *rp.bot.Card))
	}
	switch {
	case err != nil:
		p.opt.Log.ErrorContext(r.Context(), "render reply", "error", err)
		status = http.StatusInternalServerError
	case rp.err != nil:
		status, res.ID = http.StatusServiceUnavailable, "" // the same press again is the same one
	}
	p.answer(w, r, status, res)
}

func said(rep bot.Reply) (ns []notice) {
	if rep.Private != "" || rep.Note != nil {
		ns = append(ns, notice{Text: bot.Sound(rep.Private), Card: rep.Note}) // with its moments
	}
	return ns
}

// modal asks for the reason; it comes back as a click with the same verb and
// value, and as a new one, because the first had no reason.
func (p *Platform) modal(v viewer, rp reply) *modalPage {
	if rp.bot.Modal == nil || rp.err != nil {
		return nil
	}
	c := *rp.bot.Modal
	b := bot.Button{Label: "Send", Verb: rp.verb, Value: rp.value, Style: bot.Primary}
	if len(c.Buttons) > 0 {
		b.Label, b.Style = c.Buttons[0].Label, c.Buttons[0].Style
	}
	c.Buttons = nil
	label := cmp.Or(c.Next, "Your reason")
	return &modalPage{p.frame(v, rp.to, cmp.Or(c.Title, label)), p.card(v, rp.to, c), p.form(v, rp.to, c.Title, b), label, c.Draft}
}
