package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"interlock/agent"
	"interlock/rbac"
)

// auditEraseCommand forgets words. That somebody had them forgotten, and why, is the next
// entry of the same log, which its thread sees.
func auditEraseCommand(file *string) *cobra.Command {
	var by, why string
	p := &policyQuery{file: file}
	c := &cobra.Command{
		Use: "erase SESSION", Short: "Forget what was said and done in a session, named by id or by thread; what is left still verifies", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.with(c.Context(), func(o *opened) error { return auditErase(c.Context(), o, args[0], by, why, c.OutOrStdout()) })
		},
	}
	c.Flags().StringVar(&p.org, "org", "", "organisation (default: the only one)")
	c.Flags().StringVar(&by, "by", "", "administrator who erases it, by id")
	c.Flags().StringVar(&why, "because", "", "reason, which stays on record")
	_ = c.MarkFlagRequired("by")
	_ = c.MarkFlagRequired("because")
	return c
}

func auditErase(ctx context.Context, o *opened, name, by, why string, out io.Writer) error {
	if err := o.mayChange(by, why); err != nil {
		return err
	}
	id, err := sessionNamed(ctx, o, name)
	var elsewhere []string
	if err == nil {
		elsewhere, err = o.db.Erase(ctx, o.org, id, erasedEvent(o, id, by, why))
	}
	switch {
	case errors.Is(err, agent.ErrNotFound):
		return &coded{exitUse, fmt.Errorf("%s has no session %q: name it by its id, or by its thread as audit export writes it, such as slack:C1/1700000000.000100", o.org, name)}
	case err != nil:
		return &coded{exitFailed, err}
	}
	_, _ = fmt.Fprintf(out, "session %s is erased; who did it, and why, is on record there\n", id)
	for _, s := range elsewhere {
		_, _ = fmt.Fprintf(out, "something of it was told in session %s, which has a log of its own: erase that one too, if it has to go\n", s)
	}
	return nil
}

// sessionNamed is the id of a session that is named by it, or by its thread. An id has
// no colon.
func sessionNamed(ctx context.Context, o *opened, name string) (string, error) {
	platform, rest, ok := strings.Cut(name, ":")
	if !ok {
		return name, nil
	}
	channel, id, _ := strings.Cut(rest, "/")
	return o.db.SessionOf(ctx, o.org, agent.Thread{Platform: platform, Channel: channel, ID: id})
}

func erasedEvent(o *opened, session, by, why string) agent.Event {
	p, _ := o.snap.Person(by)
	id := rand.Text()
	return agent.Event{
		Schema: agent.Schema, ID: id, Org: o.org, Session: session, Turn: id, Run: id, Trace: id, At: time.Now().UTC().Truncate(time.Microsecond),
		Actor: rbac.Actor{Org: o.org, Platform: "person", ID: by, Name: p.Name}, Label: rbac.Label{Integrity: rbac.Trusted, Confidentiality: rbac.Internal},
		Kind: agent.KindNotice, Payload: agent.Payload{
			Title: "Erased", Text: fmt.Sprintf("%s erased what was said and done here from the record: %s. Messages in the chat stay as they are.", p.Name, oneLine(why)),
		},
	}
}
