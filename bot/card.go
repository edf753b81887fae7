// Package bot joins chat threads to agent jobs: Inbox in, Outbox out, and the
// cards between. It must never know wire formats, Redis, SQL or the model.
package bot

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"interlock/agent"
	"interlock/rbac"
)

// Mention is a person speaking to the bot. ID is the platform's, so that a
// redelivered mention is the same one. Text has no mention of the bot in it.
type Mention struct {
	ID, Org string
	Thread  agent.Thread
	Actor   rbac.Actor
	Text    string
	Quote   string       // a message that Text is about, of whoever wrote it
	Files   []agent.File // that came along
}

// Click is a pressed button. Verb and Value come back as the card gave them;
// Reason is what was typed in a modal.
type Click struct {
	ID, Org     string
	Thread      agent.Thread
	Actor       rbac.Actor
	Verb, Value string
	Reason      string

	copy string // the room of the copy that was pressed, if it was one
}

// room is where a press was made.
func (c Click) room() string { return cmp.Or(c.copy, c.Thread.Room()) }

// Answer is a person's word to a question.
type Answer struct {
	ID, Org        string
	Thread         agent.Thread
	Actor          rbac.Actor
	Question, Text string
}

// Command is what works without any model: Name, and what followed it.
type Command struct {
	ID, Org    string
	Thread     agent.Thread
	Actor      rbac.Actor
	Name, Text string
}

// Reply is what the platform shows at once, to the person alone: Private in
// words, Note as a card. Modal asks for a reason and comes back as a Click with
// the same Verb and Value. Card is the pressed card as it now is, for everyone.
type Reply struct {
	Private           string
	Note, Modal, Card *Card
}

// Style says what a button means; platforms may colour by it, never by it alone.
type Style string

// The styles of buttons.
const (
	Plain   Style = ""
	Primary Style = "primary"
	Danger  Style = "danger"
)

// Button carries Verb and Value back. Opens says that a press is answered with
// something to read or to type, for the person alone: a platform that must know
// this beforehand opens a dialog.
type Button struct {
	Label, Verb, Value string
	Style              Style
	Opens              bool `json:",omitempty"`
}

// Tone is how a card stands out. Status says the same in words.
type Tone string

// The tones of cards.
const (
	Neutral Tone = ""
	Waiting Tone = "waiting"
	Good    Tone = "good"
	Bad     Tone = "bad"
)

// Field is a named fact of a card.
type Field struct{ Name, Value string }

// Card is one message. Fallback alone must be enough: it is what a lock screen
// and a screen reader show. All texts are plain, without markup of a platform;
// Prose alone may hold Markdown, and platforms mark it as the model's words.
type Card struct {
	Title, Status, Body string
	Prose               string // the model's words
	Tone                Tone
	Fields              []Field
	Lines               []Line // what changes, one a line
	Code                string `json:",omitempty"` // a patch: shown in one block, in which every blank counts
	Next                string // what happens next; of a modal, what is to be typed, if not a reason
	Draft               string `json:",omitempty"` // of a modal, what stands in its field already
	Footer              string
	Buttons             []Button
	Pictures            []Picture `json:",omitempty"`
	Fallback            string
	Marker              string // ours: to look an uncertain post up before it is sent again

	Open    bool `json:",omitempty"` // it waits for somebody, and is redrawn when it no longer does
	Edition int  `json:",omitempty"` // how many verdicts there were: what tells two states apart that look alike

	Deciders []rbac.Actor `json:"-"` // chat identities of those who may decide, as far as policy names them
}

// Line is one changed attribute of one resource, or a resource alone. With More it
// stands for so many that are not shown, and Action says so.
type Line struct {
	Action, Resource, Attribute, Before, After string
	More                                       int `json:",omitempty"`
}

// cut keeps the first lines, and counts the rest.
func cut(lines []Line, most int) []Line {
	n := len(lines) - most
	if n <= 0 {
		return lines
	}
	return append(lines[:most:most], Line{Action: fmt.Sprintf("and %d more lines", n), More: n})
}

// Ref is a posted message.
type Ref struct {
	Thread    agent.Thread
	MessageID string
}

// Platform is one chat. It speaks of cards and threads, never of approvals.
//
// Post opens a thread when the thread's ID begins with "~" and returns the real
// one in the Ref. Find looks for a card that was posted with this Marker.
// Errors may be a *PostError; any other error is taken as ambiguous.
type Platform interface {
	Post(ctx context.Context, org string, t agent.Thread, c Card) (Ref, error)
	Edit(ctx context.Context, org string, r Ref, c Card) error
	Find(ctx context.Context, org string, t agent.Thread, marker string) (Ref, bool, error)
}

// Receiver is a Platform that takes requests. Its handler verifies and decodes,
// then calls in; it decides nothing.
type Receiver interface {
	Handler(in *Inbox) http.Handler
}

// Shower is a Platform that can show progress: lossy, and it must not block.
type Shower interface {
	Show(org string, t agent.Thread, text string)
}

// Whisperer is a Platform that can show a card to one person alone, in a thread
// that others read. To is the person's identity there.
type Whisperer interface {
	Whisper(ctx context.Context, org string, t agent.Thread, to rbac.Actor, c Card) error
}

// PostError says what is known of a post that failed. The zero value: it may
// have been posted, try again after looking.
type PostError struct {
	Refused   bool          // it was certainly not posted
	Permanent bool          // and never will be
	After     time.Duration // wait at least so long
	Says      string        // why nobody is reached there, in words for people; empty is Err
	Err       error
}

func (e *PostError) Error() string { return fmt.Sprintf("post: %v", e.Err) }

// Unwrap gives the cause.
func (e *PostError) Unwrap() error { return e.Err }
