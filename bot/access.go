package bot

import (
	"context"
	"fmt"
	"strings"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// access asks the administrators, in the thread and where they are reached, for what was
// refused. It grants nothing: it names who could, and the lines that would. Once a
// person, matter and day.
func (in *Inbox) access(ctx context.Context, c Click) (Reply, error) {
	m := parseMatter(c.Value)
	who, v, r, ok := in.request(ctx, c, m)
	if !ok || in.Policy == nil {
		return said("Refused: " + agent.NoSuch + "."), nil
	}
	x := in.Policy.Explain(ctx, who, v, r)
	switch {
	case x.Decision.Outcome != rbac.Deny:
		return said("Nothing is missing: policy would not deny this now."), nil
	case len(x.Needed) == 0:
		return said("No administrator can grant this: " + strings.TrimRight(plain(x.Decision.Why()), ".") + "."), nil
	}
	admins := in.Policy.Admins(ctx, c.Org)
	if len(admins) == 0 {
		return said("There is no administrator to ask. Whoever runs Interlock can name one in its configuration."), nil
	}
	job := agent.Job{
		ID:    strings.Join([]string{"access", string(who.Subject()), c.Value, time.Now().UTC().Format(time.DateOnly)}, "/"),
		Title: "Access asked for", Notice: accessText(who, v, r, x, admins),
	}
	direct, err := in.askAdmins(ctx, c, job)
	if err != nil {
		return Reply{}, err
	}
	where := "Asked in this thread"
	if direct {
		where += ", and of the administrators directly"
	}
	return said(where + ": " + contacts(admins, mostCalled) + "."),
		in.enqueue(ctx, Mention{ID: c.ID, Org: c.Org, Thread: c.Thread, Actor: c.Actor}, job)
}

// accessText is what somebody wants, why they may not, and the lines that would let them,
// each on a line of its own.
func accessText(who rbac.Actor, v rbac.Verb, r rbac.Request, x rbac.Explanation, admins []rbac.Contact) string {
	var names []string
	for _, k := range admins[:min(len(admins), mostContacts)] {
		names = append(names, plain(k.Name))
	}
	return fmt.Sprintf("%s wants to %s. Refused: %s.\n%s can grant it, in the configuration:\n%s", plain(who.Name), wish(v, r),
		plain(strings.Join(x.Decision.Reasons, "; ")), strings.Join(names, " or "), listed(x.Needed))
}

// wish is a verb on an action as people say it.
func wish(v rbac.Verb, r rbac.Request) string {
	a := r.Action
	on := where(a)
	if a.Stack == "" && a.Environment != "" {
		on = a.Environment
	}
	tool := " (" + plain(a.Tool) + ")"
	switch {
	case v == rbac.Approve:
		return "approve " + plain(a.Tool) + " on " + on
	case v == rbac.Break:
		return "break the glass for " + plain(a.Tool) + " on " + on
	case a.Tool == "ask":
		return "ask the bot here"
	case a.Tool == "stop" || a.Tool == "answer":
		return a.Tool + " what runs here"
	case (a.Tool == "freeze" || a.Tool == "thaw") && a.Environment == "":
		return a.Tool + " every environment"
	case a.Tool == "freeze" || a.Tool == "thaw":
		return a.Tool + " " + on
	case a.Effect == rbac.Read:
		return "read about " + on + tool
	case a.Effect == rbac.Execute:
		return "execute code for " + on + tool
	case a.Effect == rbac.Propose:
		return "propose changes of " + on + tool
	}
	return a.Effect.String() + " " + on + tool
}

// askAdmins has the administrators told where they are reached, beside the thread: they
// seldom look into the one where something was refused.
func (in *Inbox) askAdmins(ctx context.Context, c Click, job agent.Job) (told bool, err error) {
	esc := in.Control.Escalation
	if esc == nil || esc.Admins == nil {
		return false, nil
	}
	at := c.room()
	if esc.Title != nil {
		at = esc.Title(at)
	}
	notice := job.Notice + "\nAsked in " + plain(at) + "."
	for _, room := range esc.Admins(ctx, c.Org) {
		if room == c.Thread.Room() {
			continue
		}
		platform, channel, _ := strings.Cut(room, ":")
		one := agent.Job{
			ID: job.ID + "/" + room, Org: c.Org, Trace: c.ID, Title: job.Title, Notice: notice,
			Thread: agent.Thread{Platform: platform, Channel: channel, ID: "~access/" + c.ID},
		}
		if err := in.Queue.Enqueue(ctx, one); err != nil {
			return false, fmt.Errorf("ask administrators: %w", err)
		}
		told = true
	}
	return told, nil
}
