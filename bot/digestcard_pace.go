package bot

import (
	"fmt"
	"time"

	"interlock/agent"
)

// decidedText says how many approvals people decided, and how fast.
func decidedText(r agent.Report) string {
	if r.Decided == 1 {
		return "1 approval decided in " + whole(r.Took)
	}
	return count(r.Decided, "approval") + " decided, half of them within " + whole(r.Took)
}

// whole is a time without the fractions that nobody asks for: 41 s, 4 min 10 s, 3 h 20 min.
func whole(d time.Duration) string {
	d = d.Round(time.Second)
	large, small, names := time.Minute, time.Second, [2]string{"min", "s"}
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d >= time.Hour:
		d, large, small, names = d.Round(time.Minute), time.Hour, time.Minute, [2]string{"h", "min"}
	}
	text := fmt.Sprintf("%d %s", d/large, names[0])
	if rest := d % large / small; rest > 0 {
		text += fmt.Sprintf(" %d %s", rest, names[1])
	}
	return text
}

// pacePicture is how long people took, in one unit on the axis and in words.
func pacePicture(r agent.Report, from time.Time) Picture {
	unit, name := time.Minute, "minute"
	switch longest := r.Pace.Longest; {
	case longest <= 2*time.Minute:
		unit, name = time.Second, "second"
	case longest > 2*time.Hour:
		unit, name = time.Hour, "hour"
	}
	p := Picture{Title: "Time to decide, 30 days", Unit: name + "s", From: from, Until: r.Until, Lines: []Series{{Name: "each approval"}}}
	for _, a := range r.Answers {
		p.Lines[0].Points = append(p.Lines[0].Points, Point{a.At, float64(a.Took) / float64(unit)})
	}
	within := func(d time.Duration) string { return count(int((d+unit-1)/unit), name) } // rounded up, or it would not be so
	p.Alt = fmt.Sprintf("%s decided in 30 days: half of them within %s, all within %s.", upper(count(r.Pace.N, "approval")), within(r.Pace.Half), within(r.Pace.Longest))
	return p
}
