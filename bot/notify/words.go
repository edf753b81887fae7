package notify

import (
	"fmt"
	"strconv"
	"strings"
)

// word is how one type reads. One and Many tell nothing that only some may know.
type word struct {
	severity  Severity
	one, many string
}

// words are all types that have a default; config knows the names.
var words = map[string]word{
	ApprovalWaiting:  {Action, "A change waits for approval", "changes wait for approval"},
	ApprovalDecided:  {Info, "An approval waits no more", "approvals wait no more"},
	ApprovalExpired:  {Warning, "An approval expired", "approvals expired"},
	AgentNeedsInput:  {Action, "A question waits for an answer", "questions wait for an answer"},
	AgentAnswered:    {Info, "A question waits no more", "questions wait no more"},
	AgentFailed:      {Urgent, "A run failed", "runs failed"},
	AgentOverBudget:  {Warning, "A run has spent its budget", "runs have spent their budget"},
	ModelUnreachable: {Warning, "No model can be reached", "runs wait for a model"},
	DriftDetected:    {Warning, "A stack drifted", "stacks drifted"},
	DriftGone:        {Info, "A drift is gone", "stacks drift no more"},
	ScanClean:        {Info, "A scan found nothing", "scans found nothing"},
	ScanFindings:     {Warning, "A scan found something new", "scans found something new"},
	ModelReachable:   {Info, "The model answers again", "the model answers again"},
	ScanRecovered:    {Info, "A stack can be scanned again", "stacks can be scanned again"},
	ScanFailed:       {Warning, "A stack could not be scanned", "stacks could not be scanned"},
	ChangeApplied:    {Info, "A change was applied", "changes were applied"},
	ChangeFailed:     {Urgent, "A change failed", "changes failed"},
	GlassBroken:      {Urgent, "The glass was broken", "times the glass was broken"},
	Escalated:        {Urgent, "Nobody has answered an alert", "alerts are unanswered"},
	ScheduleLate:     {Warning, "A schedule is late", "schedules are late"},
	QueueLate:        {Warning, "Jobs wait too long", "times jobs waited too long"},
	FailuresHigh:     {Warning, "Runs fail more often than usual", "times runs failed more often than usual"},
	TokensHigh:       {Warning, "Models cost more than usual", "times models cost more than usual"},
	NotifyFailed:     {Warning, "A notification was not delivered", "notifications were not delivered"},
	Test:             {Info, "This is a test", "tests"},
}

// Usual is the severity that a type has of itself.
func Usual(typ string) Severity { return words[typ].severity }

// general is what may be told of a type where details may not.
func general(typ string) string {
	if w, ok := words[typ]; ok {
		return w.one
	}
	return "Something happened"
}

// counted is a number of one type, such as "7 stacks drifted".
func counted(typ string, n int) string {
	w, ok := words[typ]
	switch {
	case n == 1:
		return general(typ)
	case !ok:
		return strconv.Itoa(n) + " things happened"
	}
	return fmt.Sprintf("%d %s", n, w.many)
}

// place names a stack and where it is, before a title.
func place(stack, env string) string {
	switch {
	case stack == "":
		return ""
	case env == "":
		return stack + ": "
	}
	return stack + " (" + env + "): "
}

// lower begins a text that follows a place.
func lower(place, text string) string {
	if place == "" || text == "" {
		return text
	}
	return place + strings.ToLower(text[:1]) + text[1:]
}
