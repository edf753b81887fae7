package bot

import (
	"strings"

	"interlock/agent"
	"interlock/rbac"
)

// pressed begins the text of a job that a button made.
const pressed = agent.Pressed

// render makes the card of an event; the key names the message that later
// events edit. It reads the event alone, so that any process can redraw it. A
// refused click was answered privately and is not shown.
func render(ev agent.Event) (c Card, key string, show bool) {
	p := ev.Payload
	switch ev.Kind {
	case agent.KindAsk:
		what, byButton := order(p.Text)
		text := ev.Actor.Name + " pressed " + what
		return Card{Body: text, Fallback: text}, "", byButton
	case agent.KindApproval, agent.KindVerdict, agent.KindQuestion, agent.KindAnswered, agent.KindClosed, agent.KindStarted, agent.KindCalled, agent.KindFrozen:
		if p.Hold == nil {
			return Card{}, "", false
		}
		return holdCard(*p.Hold, nil), p.Hold.ID, true
	case agent.KindResult:
		if p.Hold == nil || p.Hold.Approval == nil {
			return Card{}, "", false
		}
		return holdCard(*p.Hold, p.Result), p.Hold.ID, true
	case agent.KindFinding, agent.KindDrift: // a scan without a drift is told by its stack's thread
		if p.Drift == nil {
			return Card{}, "", false
		}
		return driftCard(*p.Drift), driftKey(*p.Drift), p.Drift.Open() || len(p.Drift.Alike) == 0 // others still show it
	case agent.KindDigest:
		if p.Report == nil {
			return Card{}, "", false
		}
		return digestCard(*p.Report), "", true
	case agent.KindAnswer:
		c = answerCard(ev)
		return c, "", c.Fallback != ""
	case agent.KindPaused:
		return pauseCard(p.Text, *p.Pause), "pause/" + ev.Turn, !p.Pause.At.IsZero()
	case agent.KindResumed:
		return resumedCard(p.Text), "pause/" + ev.Turn, true
	case agent.KindAlert:
		if p.Alert == nil {
			return Card{}, "", false
		}
		return alertCard(*p.Alert), alertKey(p.Alert.ID), true
	case agent.KindNotice:
		if p.Told != nil {
			return toldCard(p.Title, p.Text, *p.Told), "", true
		}
		return notice(plain(p.Title), noticeTone(p.Title), p.Text, nil), "", true
	case agent.KindStopped:
		c = notice("Stopped", Bad, p.Text, p.Spent)
		c.Fallback = upper(c.Body)
		return c, "", true
	case agent.KindGaveUp:
		return notice("I could not finish", Bad, p.Text, nil), "", true
	case agent.KindRefused:
		c = notice("Refused", Bad, p.Text, nil)
		if p.Why != nil { // by policy: a request, and not a press
			c.Buttons = refusalButtons(matter{verb: string(rbac.Do), act: rbac.Action{Tool: "ask", Effect: rbac.Read}})
		}
		return c, "", p.Hold == nil && (p.Act == nil || p.Act.Tool != "stop") // the others were told to the one alone
	}
	return Card{}, "", false
}

// order is what somebody asked for, as people see it, and whether they pressed it: what
// follows the first line of such a job is for the model.
func order(text string) (what string, byButton bool) {
	if what, byButton = strings.CutPrefix(text, pressed); byButton {
		what, _, _ = strings.Cut(what, "\n")
	}
	return what, byButton
}

// Shown tells whether an event is shown to people: only such events need a row
// in the outbox.
func Shown(ev agent.Event) bool {
	_, _, show := render(ev)
	return show
}

// noticeTone is how a notice stands out: by what it tells, most only tell.
func noticeTone(title string) Tone {
	switch title {
	case "Glass broken", "New drift", "Not scanned", "Accepted no longer":
		return Bad
	case "Back to code":
		return Good
	case "Frozen", "Still waiting", "Access asked for", "Models":
		return Waiting
	}
	return Neutral
}

func notice(title string, tone Tone, text string, sp *agent.Spent) Card {
	text = plain(text)
	return Card{Title: title, Tone: tone, Body: text, Footer: footer(sp), Fallback: title + ": " + text}
}

// answerCard shows the model's words as such, and facts from data beside them.
func answerCard(ev agent.Event) Card {
	p := ev.Payload
	var c Card
	switch res := p.Result; {
	case res == nil, p.Hold != nil && p.Hold.Approval != nil: // its own card tells it
	case res.Failed:
		c = notice("Not done", Bad, res.Text, nil)
	case res.Scan != nil:
		c = scanCard(*res.Scan)
	case res.Plan != nil:
		c = planCard(*res.Plan, res.Artifact)
	default:
		c = doneCard(res.Text)
	}
	if p.Act != nil {
		c.Fields = append(c.Fields, Field{"Refused by policy", p.Act.Effect.String() + " with " + plain(p.Act.Tool) + " on " + where(*p.Act)})
		c.Buttons = append(c.Buttons, refusalButtons(matter{verb: string(rbac.Do), act: *p.Act})...)
	}
	c.Prose = plainProse(p.Text)
	if c.Fallback == "" {
		c.Fallback = plain(p.Text)
	}
	if c.Fallback != "" {
		c.Footer = footer(p.Spent)
	}
	return c
}

// patchBegins is the line with which each file of a patch begins.
const patchBegins = "diff --git "

// doneCard tells what a tool did. A patch at the end of it stands apart.
func doneCard(text string) Card {
	said, patch := text, ""
	if at := strings.Index(text, "\n"+patchBegins); at >= 0 {
		said, patch = text[:at], text[at+1:]
	}
	c := Card{Title: "Done", Tone: Good, Body: plainTo(said, longestResult), Code: plainTo(strings.ReplaceAll(patch, "\t", "    "), longestResult)}
	c.Fallback = c.Title + ": " + plain(said)
	return c
}

// plainProse is plain without its limit of one screen: an answer may be long.
func plainProse(s string) string {
	var lines []string
	for l := range strings.SplitSeq(s, "\n") {
		lines = append(lines, plain(l))
	}
	return strings.Join(lines, "\n")
}

// Render is the card of an event, and whether it is shown at all: for who draws one
// without an outbox.
func Render(ev agent.Event) (c Card, show bool) {
	c, _, show = render(ev)
	return c, show
}
