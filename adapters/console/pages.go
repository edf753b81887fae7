package console

import (
	"context"
	"net/http"

	"interlock/rbac"
)

// frame is what surrounds every page. Me is empty when nobody is signed in.
type frame struct {
	Title, CSRF, Org, Path string
	Demo                   bool
	Nav                    []navView
	People                 []personView
	Me                     *personView
	At                     place
}

type navView struct {
	Title, URL string
	Current    bool
}

type personView struct {
	ID, Name, Role, Initial string
	Current                 bool
}

// noticeView is a notice ready to be drawn, with what dismisses it.
type noticeView struct {
	Text string
	Card *cardView
	Bad  bool
	CSRF string
	At   place
}

// composerView is the form in which people write. Text is what they had written.
type composerView struct {
	Action, ID, CSRF, Label, Hint, Send, Text string
	Prompts                                   []string
}

type channelPage struct {
	frame
	topicsView
	Channel   Channel
	Notices   []noticeView
	Composer  composerView
	Checklist *checklistView
}

type threadPage struct {
	frame
	Channel  Channel
	Up       string
	Messages []messageView
	Seq      int64
	Notices  []noticeView
	Composer composerView
	Progress string
}

// draft is what a form that was not taken had in it, to be shown again.
type draft struct {
	id, text, problem string
	status            int
}

func (p *Platform) frame(v viewer, at place, title string) frame {
	f := frame{Title: title, CSRF: p.csrf(v.session), Org: p.opt.Org, Demo: p.opt.Demo, At: at, Path: at.path()}
	if v.actor.ID == "" {
		return f
	}
	for _, c := range p.opt.Channels {
		c, _ = p.channel(c.ID)
		f.Nav = append(f.Nav, navView{c.Title, place{Channel: c.ID}.path(), c.ID == at.Channel})
	}
	own := directRoom(v)
	f.Nav = append(f.Nav, navView{own.Title, place{Channel: own.ID}.path(), own.ID == at.Channel})
	for _, a := range v.people {
		pv := p.person(a)
		pv.Current = a.ID == v.actor.ID
		if pv.Current {
			f.Me = &pv
		}
		f.People = append(f.People, pv)
	}
	return f
}

func (p *Platform) person(a rbac.Actor) personView {
	name := oneLine(a.Name)
	if name == "" {
		name = a.ID
	}
	return personView{ID: a.ID, Name: name, Role: p.opt.RoleOf(a), Initial: initial(name)}
}

func (p *Platform) notices(v viewer, at place, ns []notice) (nvs []noticeView) {
	for _, n := range ns {
		nv := noticeView{Text: n.Text, Bad: n.Bad, CSRF: p.csrf(v.session), At: at}
		if n.Card != nil {
			nv.Card = p.card(v, at, *n.Card)
		}
		nvs = append(nvs, nv)
	}
	return nvs
}

func (p *Platform) composer(v viewer, at place, d draft) composerView {
	c := composerView{
		Action: at.path() + "/say", ID: d.id, Text: d.text, CSRF: p.csrf(v.session),
		Label: "Message to Interlock", Hint: "Reply in this thread", Send: "Send",
	}
	if c.ID == "" {
		c.ID = p.newID(v.session, "say", at.Channel, at.Thread)
	}
	if at.Thread == "" {
		c.Label, c.Hint, c.Send = "New request to Interlock", "Ask Interlock: this starts a new thread", "Start thread"
		c.Prompts = p.opt.Prompts
	}
	return c
}

// pageNotices are those that there are for this page, and what went wrong just now.
func (p *Platform) pageNotices(v viewer, at place, d draft) []noticeView {
	ns := p.flash.see(v.ID, at, p.now())
	if d.problem != "" {
		ns = append(ns, notice{Text: d.problem, Bad: true})
	}
	return p.notices(v, at, ns)
}

// showChannel draws a channel; its status is that of the draft, if any.
func (p *Platform) showChannel(w http.ResponseWriter, r *http.Request, v viewer, c Channel, d draft) {
	at := place{Channel: c.ID}
	topics, err := p.topics(r.Context(), v, c.ID, pageOf(r))
	if err != nil {
		p.broken(w, r, v, err)
		return
	}
	p.page(w, r, max(d.status, http.StatusOK), "channel", channelPage{
		frame: p.frame(v, at, "#"+c.Title), topicsView: topics, Channel: c,
		Notices: p.pageNotices(v, at, d), Composer: p.composer(v, at, d), Checklist: p.checklist(c.ID),
	})
}

// showThread draws a thread, or says that there is none.
func (p *Platform) showThread(w http.ResponseWriter, r *http.Request, v viewer, c Channel, thread string, d draft) {
	at := place{c.ID, thread}
	ms, seq, err := p.read(r.Context(), at)
	switch {
	case err != nil:
		p.broken(w, r, v, err)
		return
	case len(ms) == 0:
		p.lost(w, r, v)
		return
	}
	pg := threadPage{
		frame: p.frame(v, at, title(ms[0])), Channel: c, Up: place{Channel: c.ID}.path(), Seq: seq,
		Notices: p.pageNotices(v, at, d), Composer: p.composer(v, at, d), Progress: p.hub.line(at.thread(), p.now()),
	}
	for _, m := range ms {
		pg.Messages = append(pg.Messages, p.message(v, m))
	}
	p.page(w, r, max(d.status, http.StatusOK), "thread", pg)
}

// exists tells whether anything was said in the thread.
func (p *Platform) exists(ctx context.Context, at place) (bool, error) {
	ms, err := p.opt.Messages.Read(ctx, p.opt.Org, at.thread(), 0, 1)
	return len(ms) > 0, err
}

type problemPage struct {
	frame
	Heading, Text, Link, LinkText string
}

func (p *Platform) problem(w http.ResponseWriter, r *http.Request, v viewer, status int, heading, text string) {
	if wantsJSON(r) {
		p.answer(w, r, status, result{Notice: p.notice(r, v, place{}, notice{Text: text, Bad: true})})
		return
	}
	p.page(w, r, status, "problem", problemPage{frame: p.frame(v, place{}, heading), Heading: heading, Text: text, Link: "/", LinkText: "Go to the first channel"})
}

// broken tells of an error of ours: the details go to the log.
func (p *Platform) broken(w http.ResponseWriter, r *http.Request, v viewer, err error) {
	p.opt.Log.ErrorContext(r.Context(), "serve page", "path", r.URL.Path, "error", err)
	p.problem(w, r, v, http.StatusServiceUnavailable, "Not available just now", "The messages could not be read. Reload the page in a moment; if it stays so, look into the log.")
}

func (p *Platform) lost(w http.ResponseWriter, r *http.Request, v viewer) {
	p.problem(w, r, v, http.StatusNotFound, "Nothing here", "There is no such page, channel or thread. It may be that the link is old.")
}
