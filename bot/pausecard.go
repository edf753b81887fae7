package bot

import (
	"strings"

	"interlock/agent"
)

// pauseCard tells that no model can be reached and what becomes of the request
// meanwhile. All pauses of a turn are one message.
func pauseCard(why string, p agent.Pause) Card {
	why = plain(why)
	c := Card{
		Title: "No model can be reached", Tone: Waiting, Status: "waiting for a model",
		Body: upper(why) + ", since " + clock(p.Since) + ". What you can do: " + plain(p.Do) + ".",
		Next: "I try again at " + clock(p.At) + " by myself; stop ends that. These work without a model: " + modelless() + ".",
	}
	c.Fallback = Moments(c.Title+": "+why+". I try again at "+clock(p.At)+".", nil)
	return c
}

// resumedCard takes the place of a pauseCard, which would promise another try
// for ever. Why is set when the request does not go on.
func resumedCard(why string) Card {
	c := Card{Title: "A model answers again", Tone: Good}
	then := "this request goes on."
	if why != "" {
		c.Title, c.Tone, then = "No longer waiting for a model", Neutral, strings.TrimSuffix(plain(why), ".")+"."
	}
	c.Body, c.Fallback = upper(then), c.Title+": "+then
	return c
}

// modelless names the commands, which need no model.
func modelless() string {
	var names []string
	for _, c := range commands {
		names = append(names, strings.TrimSpace(c.name+" "+c.args))
	}
	return strings.Join(names, ", ")
}
