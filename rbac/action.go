package rbac

import (
	"slices"
	"strings"
)

// spoken are the words that people can say; they are no tool's, and change
// nothing by themselves.
var spoken = []string{actAsk, actAnswer, actStop, actFreeze, actThaw}

// speech tells whether an action is only said. It names no stack.
func speech(a Action) bool {
	freezes := a.Tool == actFreeze || a.Tool == actThaw
	return a.Effect == Read && a.Stack == "" && (a.Environment == "" || freezes) && slices.Contains(spoken, a.Tool)
}

// act is the word of the rules.
func act(v Verb, a Action) string {
	switch {
	case v == Approve:
		return actApprove
	case v == Break:
		return actBreak
	case speech(a):
		return a.Tool
	}
	return a.Effect.String()
}

// theOrg is what an action touches that is about nothing in particular.
const theOrg = "org"

func object(a Action) string {
	switch {
	case a.Stack != "":
		return ofStack + a.Stack
	case a.Environment != "":
		return ofEnv + a.Environment
	}
	return theOrg
}

func (o *orgPolicy) title(room string) string {
	return or(o.Channels[room].Title, or(room, "(none)"))
}

func (o *orgPolicy) titles(rooms []string) string {
	all := make([]string, len(rooms))
	for i, r := range rooms {
		all[i] = o.title(r)
	}
	return or(strings.Join(all, " and "), "no channel")
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
