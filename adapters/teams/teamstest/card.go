package teamstest

import (
	"fmt"
	"strconv"
	"strings"
)

// cardType is the content type of an adaptive card.
const cardType = "application/vnd.microsoft.card.adaptive"

const (
	latestCard    = 1.5 // the version of cards that Teams shows
	mostRefreshed = 60
	mostPrimary   = 6 // actions that are shown; more are cut off
	deepestCard   = 32
)

// checker goes through a card and gathers what is wrong with it.
type checker struct {
	wrong []string
	ids   map[string]bool
	texts []string // all that is shown, for mentions
	depth int
}

func (c *checker) fail(at, format string, args ...any) {
	c.wrong = append(c.wrong, at+": "+fmt.Sprintf(format, args...))
}

// checkCard notes what is wrong with a card, and tells whether it is right.
func (s *Server) checkCard(content any) bool {
	if s.opts.Unchecked {
		return true
	}
	c := checker{ids: map[string]bool{}}
	card := asNode(content)
	if card == nil {
		c.fail("card", "is no JSON object")
	} else {
		c.card("card", card)
		c.mentions(card)
		s.checkRefresh(&c, card)
		if n := size(encode(card)); n > largestCard {
			c.fail("card", "has %d bytes in UTF-16; %d are too many", n, largestCard)
		}
	}
	if len(c.wrong) > 0 {
		s.problem(ruleCard, "%s", strings.Join(c.wrong, "; "))
	}
	return len(c.wrong) == 0
}

// card checks a whole card, or one inside of Action.ShowCard.
func (c *checker) card(at string, card node) {
	if card.text("type") != "AdaptiveCard" {
		c.fail(at+".type", "must be AdaptiveCard, not %q", card.text("type"))
	}
	version, err := strconv.ParseFloat(card.text("version"), 64)
	switch {
	case c.depth > 0 && card["version"] == nil: // one inside needs none
	case err != nil:
		c.fail(at+".version", "must be a version, not %v", card["version"])
	case version > latestCard:
		c.fail(at+".version", "%v is newer than %v", version, latestCard)
	}
	c.elements(at+".body", card, "body")
	c.actions(at+".actions", card, "actions")
	c.selected(at, card)
}

// checkRefresh checks what the clients of some people ask for by themselves.
func (s *Server) checkRefresh(c *checker, card node) {
	if card["refresh"] == nil {
		return
	}
	refresh := card.node("refresh")
	action := refresh.node("action")
	if action.text("type") != "Action.Execute" {
		c.fail("card.refresh.action", "must be an Action.Execute")
	} else {
		c.action("card.refresh.action", action, false)
	}
	ids := refresh.list("userIds")
	if len(ids) > mostRefreshed {
		c.fail("card.refresh.userIds", "has %d people; %d are possible", len(ids), mostRefreshed)
	}
	for _, id := range ids {
		text, _ := id.(string)
		if u := s.known(text); u == nil || u.ID != text {
			c.fail("card.refresh.userIds", "%v is no user id of Teams", id)
		}
	}
}
