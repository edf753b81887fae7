package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"interlock/agent"
)

// judge goes through the lines in order. What is ordered (call, result, card,
// refused) is looked for behind the one that was found before.
type judge struct {
	record
	items []item
	at    int
}

// item is one thing that has a place in the trajectory.
type item struct {
	verb string
	ev   agent.Event
	call agent.ToolCall
}

// judge says which lines are not true, each with its file and line.
func (r record) judge(lines []expectation) (faults []string) {
	j := &judge{record: r}
	for _, ev := range r.events {
		switch p := ev.Payload; ev.Kind {
		case agent.KindStep:
			for _, c := range p.Step.Calls {
				j.items = append(j.items, item{"call", ev, c})
			}
		case agent.KindResult:
			j.items = append(j.items, item{"result", ev, *p.Call})
		case agent.KindApproval:
			j.items = append(j.items, item{"card", ev, p.Hold.Call})
		case agent.KindRefused:
			j.items = append(j.items, item{"refused", ev, agent.ToolCall{}})
		}
	}
	for _, e := range lines {
		if why := j.line(e); why != "" {
			faults = append(faults, fmt.Sprintf("%s: %s: %s", e.at, e.text, why))
		}
	}
	return faults
}

// line is why a line is not true, or nothing.
func (j *judge) line(e expectation) string {
	switch e.verb {
	case "never":
		return j.never(e)
	case "ends":
		return j.ends(e)
	case "says":
		return j.says(e)
	case "passage":
		return j.passage(e)
	case "file":
		return j.file(e)
	case "world":
		if (e.words[0] == "unchanged") != maps.Equal(j.before, j.after) {
			return "it is not"
		}
		return ""
	case "steps":
		return j.count(e, agent.KindStep)
	case "began":
		return j.count(e, agent.KindStarted)
	}
	for i := j.at; i < len(j.items); i++ {
		if it := j.items[i]; it.verb == e.verb && it.is(e) {
			j.at = i + 1
			return ""
		}
	}
	return "not found where it should be"
}

func (it item) is(e expectation) bool {
	if e.verb == "refused" {
		return it.ev.Actor.ID == e.words[0] && e.allHold(func(string) string { return it.ev.Payload.Text })
	}
	if it.call.Tool != e.words[0] {
		return false
	}
	switch e.verb {
	case "call":
		return e.allHold(argument(it.call))
	case "card":
		return e.allHold(it.card)
	}
	return it.outcome(e.words[1:]) && e.allHold(it.result)
}

// argument reads the arguments of a call as text.
func argument(c agent.ToolCall) func(string) string {
	var args map[string]any
	_ = json.Unmarshal(c.Args, &args) // what is no object has no arguments
	return func(key string) string {
		if v, ok := args[key]; ok {
			return fmt.Sprint(v)
		}
		return ""
	}
}

func (it item) card(key string) string {
	h := it.ev.Payload.Hold
	switch key {
	case "needs":
		return strconv.Itoa(h.Approval.Need)
	case "read":
		return strings.Join(h.Request.Label.Origins, ", ")
	}
	return h.Approval.Bound.Summary
}

var notWanted = regexp.MustCompile(`^(denied: |declined by |not run: )`)

func (it item) outcome(words []string) bool {
	r := it.ev.Payload.Result
	switch strings.Join(words, " ") {
	case "done":
		return !r.Failed
	case "failed":
		return r.Failed
	case "denied":
		return r.Failed && notWanted.MatchString(r.Text)
	}
	return true
}

func (it item) result(key string) string {
	r := it.ev.Payload.Result
	switch {
	case key == "applied":
		return r.Applied
	case key == "more":
		return strconv.FormatBool(r.More != "")
	case key == "drift" && r.Scan != nil:
		return strconv.Itoa(len(r.Scan.New) + len(r.Scan.Known))
	case key == "changes" && r.Plan != nil && r.Plan.Changes():
		return r.Plan.Counts()
	case key == "changes" && r.Plan != nil:
		return "none"
	case key != "":
		return ""
	}
	return r.Text
}

// never looks at what began, not at what a model asked for.
func (j *judge) never(e expectation) string {
	for _, ev := range j.events {
		if c := ev.Payload.Call; ev.Kind == agent.KindStarted && c.Tool == e.words[0] && e.allHold(argument(*c)) {
			return fmt.Sprintf("it began: %s", c.Args)
		}
	}
	return ""
}

var endKinds = map[agent.Kind]string{
	agent.KindAnswer: "answer", agent.KindApproval: "waiting", agent.KindQuestion: "waiting", agent.KindStopped: "stopped",
	agent.KindRefused: "refused", agent.KindPaused: "paused", agent.KindGaveUp: "gaveup",
}

// ends looks at the last rest; a press that was refused is none.
func (j *judge) ends(e expectation) string {
	for _, ev := range slices.Backward(j.events) {
		end, ok := endKinds[ev.Kind]
		if !ok || ev.Kind == agent.KindRefused && ev.Payload.Hold != nil {
			continue
		}
		if end != e.words[0] || !e.allHold(func(string) string { return ev.Payload.Text }) {
			return fmt.Sprintf("it ends by %s: %s", end, ev.Payload.Text)
		}
		return ""
	}
	return "it has no end"
}

// says looks at all that people were told in words, as one text.
func (j *judge) says(e expectation) string {
	var all []string
	for _, ev := range j.events {
		if _, ok := endKinds[ev.Kind]; ok {
			all = append(all, ev.Payload.Text)
		}
	}
	if text := strings.Join(all, "\n"); !e.allHold(func(string) string { return text }) {
		return "it says: " + text
	}
	return ""
}

func (j *judge) file(e expectation) string {
	text, there := j.copies[e.words[1]]
	if e.words[0] != "copy" {
		b, err := os.ReadFile(filepath.Join(map[string]string{"repo": j.repo, "world": j.world}[e.words[0]], e.words[1]))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err.Error()
		}
		text, there = string(b), err == nil
	}
	switch missing := len(e.words) == 3; {
	case there == missing:
		return map[bool]string{true: "it is there", false: "it is not there"}[there]
	case there && !e.allHold(func(string) string { return text }):
		return "it holds: " + text
	}
	return ""
}

func (j *judge) count(e expectation, kind agent.Kind) string {
	n := 0
	for _, ev := range j.events {
		if ev.Kind == kind {
			n++
		}
	}
	if !e.conds[0].holds(strconv.Itoa(n)) {
		return fmt.Sprintf("there are %d", n)
	}
	return ""
}

// passage looks for a request that left, or was refused.
func (j *judge) passage(e expectation) string {
	for _, ev := range j.events {
		if p := ev.Payload.Passage; p != nil && e.allHold(func(string) string { return p.String() }) {
			return ""
		}
	}
	return "there is none"
}
