package teamstest

import "fmt"

// needsOfActions are all actions of version 1.5 and what they must have. Teams
// does nothing with an Action.Execute that has no verb.
var needsOfActions = map[string][]string{
	"Action.OpenUrl":          {"url"},
	"Action.Submit":           nil,
	"Action.ShowCard":         {"card"},
	"Action.ToggleVisibility": {"targetElements"},
	"Action.Execute":          {"verb"},
}

// actions checks a row of buttons.
func (c *checker) actions(at string, parent node, key string) {
	primary := 0
	for i, a := range parent.nodes(key) {
		c.action(fmt.Sprintf("%s[%d]", at, i), a, true)
		if a.text("mode") != "secondary" {
			primary++
		}
	}
	if primary > mostPrimary {
		c.fail(at, "has %d primary actions; %d are shown", primary, mostPrimary)
	}
}

// action checks one. Only one that is a button needs a title.
func (c *checker) action(at string, a node, button bool) {
	needs, known := needsOfActions[a.text("type")]
	if !known {
		if a["fallback"] == nil {
			c.fail(at+".type", "there is no action %q", a.text("type"))
		}
		return
	}
	c.named(at, a)
	c.needs(at, a, needs)
	if button && a.text("title") == "" && a.text("iconUrl") == "" {
		c.fail(at+".title", "is missing")
	}
	if card := asNode(a["card"]); card != nil {
		c.deeper(at, func() { c.card(at+".card", card) })
	}
	switch a.text("style") {
	case "", "default", "positive", "destructive":
	default:
		c.fail(at+".style", "%q is none of default, positive, destructive", a.text("style"))
	}
}

// selected checks the action of something that can be clicked as a whole.
func (c *checker) selected(at string, n node) {
	if n["selectAction"] == nil {
		return
	}
	a := n.node("selectAction")
	if a.text("type") == "Action.ShowCard" {
		c.fail(at+".selectAction", "cannot be an Action.ShowCard")
	}
	c.action(at+".selectAction", a, false)
}
