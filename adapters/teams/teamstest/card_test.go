package teamstest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// whole is a card with everything in it.
func whole(user string) string {
	return `{"type":"AdaptiveCard","version":"1.5","refresh":{"action":{"type":"Action.Execute","verb":"look"},"userIds":["` + user + `"]},
"msteams":{"width":"Full","entities":[{"type":"mention","text":"<at>Ann Lee</at>","mentioned":{"id":"` + user + `","name":"Ann Lee"}}]},
"body":[{"type":"TextBlock","text":"Hello <at>Ann Lee</at>","weight":"Bolder","color":"attention"},
{"type":"Container","items":[{"type":"FactSet","facts":[{"title":"a","value":"b"}]}],"selectAction":{"type":"Action.OpenUrl","url":"https://example.com"}},
{"type":"ColumnSet","columns":[{"type":"Column","width":"auto","items":[{"type":"Image","url":"https://example.com/a.png"}]}]},
{"type":"RichTextBlock","inlines":["a",{"type":"TextRun","text":"b","fontType":"Monospace"}]},
{"type":"Table","columns":[{"width":1}],"rows":[{"type":"TableRow","cells":[{"type":"TableCell","items":[{"type":"TextBlock","text":"x"}]}]}]},
{"type":"Input.Text","id":"why","label":"Why","isRequired":true,"errorMessage":"Say why."},
{"type":"Input.Toggle","id":"sure","title":"Sure"},{"type":"Input.ChoiceSet","id":"one","choices":[{"title":"A","value":"a"}]},
{"type":"Newest","fallback":{"type":"TextBlock","text":"old"}},
{"type":"ActionSet","actions":[{"type":"Action.ShowCard","title":"More","card":{"type":"AdaptiveCard","body":[]}}]}],
"actions":[{"type":"Action.Execute","title":"Go","verb":"go","style":"positive"},{"type":"Action.Submit","title":"Old"}]}`
}

func TestCards(t *testing.T) {
	st := start(t, Options{})
	st.mu.Lock()
	defer st.mu.Unlock()
	card := func(body string) string { return `{"type":"AdaptiveCard","version":"1.5",` + body + `}` }
	actions := strings.Repeat(`{"type":"Action.Submit","title":"a"},`, 6)
	ids := strings.Repeat(`"`+st.ann.ID+`",`, 60)
	refresh := func(ids string) string {
		return card(`"refresh":{"action":{"type":"Action.Execute","verb":"v"},"userIds":[` + ids + `]}`)
	}
	for name, c := range map[string]struct{ card, wrong string }{
		"whole":              {whole(st.ann.ID), ""},
		"no card":            {`"text"`, "no JSON object"},
		"no type":            {`{"version":"1.5"}`, "card.type"},
		"no version":         {`{"type":"AdaptiveCard"}`, "card.version"},
		"too new":            {`{"type":"AdaptiveCard","version":"1.6"}`, "newer than 1.5"},
		"no element":         {card(`"body":[{"type":"Carousel"}]`), `no element "Carousel"`},
		"nested":             {card(`"body":[{"type":"Container","items":[{"type":"X"}]}]`), "card.body[0].items[0].type"},
		"in a column":        {card(`"body":[{"type":"ColumnSet","columns":[{"items":[{"type":"X"}]}]}]`), "columns[0].items[0]"},
		"body no array":      {card(`"body":{}`), "must be an array"},
		"element no object":  {card(`"body":[1]`), "must be an object"},
		"no text":            {card(`"body":[{"type":"TextBlock"}]`), "text: is missing"},
		"input without id":   {card(`"body":[{"type":"Input.Text"}]`), "id: is missing"},
		"same id twice":      {card(`"body":[{"type":"Input.Text","id":"a"},{"type":"Input.Date","id":"a"}]`), "there twice"},
		"fact without value": {card(`"body":[{"type":"FactSet","facts":[{"title":"a"}]}]`), "facts[0].value"},
		"choice":             {card(`"body":[{"type":"Input.ChoiceSet","id":"a","choices":[{"title":"a"}]}]`), "choices[0].value"},
		"no such word":       {card(`"body":[{"type":"TextBlock","text":"a","color":"red"}]`), "none of"},
		"no action":          {card(`"actions":[{"type":"Action.Http","title":"a"}]`), "no action"},
		"no verb":            {card(`"actions":[{"type":"Action.Execute","title":"a"}]`), "verb: is missing"},
		"no title":           {card(`"actions":[{"type":"Action.Submit"}]`), "title: is missing"},
		"no style":           {card(`"actions":[{"type":"Action.Submit","title":"a","style":"danger"}]`), "none of"},
		"six actions":        {card(`"actions":[` + actions[:len(actions)-1] + `]`), ""},
		"seven actions":      {card(`"actions":[` + actions + `{"type":"Action.Submit","title":"a"}]`), "7 primary"},
		"seventh secondary":  {card(`"actions":[` + actions + `{"type":"Action.Submit","title":"a","mode":"secondary"}]`), ""},
		"refreshed":          {refresh(ids[:len(ids)-1]), ""},
		"too many":           {refresh(ids + `"` + st.ann.ID + `"`), "61 people"},
		"an object id":       {refresh(`"` + st.ann.ObjectID + `"`), "no user id"},
		"refresh by submit":  {card(`"refresh":{"action":{"type":"Action.Submit"}}`), "must be an Action.Execute"},
		"mention":            {card(`"body":[{"type":"TextBlock","text":"<at>Bob</at>"}]`), "has no entity"},
		"too large":          {card(`"body":[{"type":"TextBlock","text":"` + strings.Repeat("a", 41<<10) + `"}]`), "are too many"},
		"large enough":       {card(`"body":[{"type":"TextBlock","text":"` + strings.Repeat("a", 39<<10) + `"}]`), ""},
		"in a ShowCard":      {card(`"actions":[{"type":"Action.ShowCard","title":"a","card":{"type":"AdaptiveCard","body":[{"type":"X"}]}}]`), "card.actions[0].card.body[0]"},
		"select by ShowCard": {card(`"selectAction":{"type":"Action.ShowCard","card":{"type":"AdaptiveCard"}}`), "cannot be"},
		"too deep":           {card(`"body":[` + strings.Repeat(`{"type":"Container","items":[`, 40) + strings.Repeat(`]}`, 40) + `]`), "too deep"},
	} {
		var content any
		if err := json.Unmarshal([]byte(c.card), &content); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		st.problems = nil
		ok := st.checkCard(content)
		got := fmt.Sprint(st.problems)
		if ok != (c.wrong == "") || !strings.Contains(got, c.wrong) {
			t.Errorf("%s: %s", name, got)
		}
	}
	st.problems = nil
}

func TestMentions(t *testing.T) {
	st := start(t, Options{Unlimited: true})
	mention := func(text, id string) object {
		return object{"type": "mention", "text": text, "mentioned": object{"id": id, "name": "x"}}
	}
	for name, c := range map[string]struct {
		text     string
		entities []any
		status   int
		rules    []string
	}{
		"good":      {"<at>Bob</at> look", []any{mention("<at>Bob</at>", st.bob.ID)}, http.StatusCreated, nil},
		"no entity": {"<at>Bob</at> look", nil, http.StatusCreated, []string{ruleMention}},
		"no text":   {"look", []any{mention("<at>Bob</at>", st.bob.ID)}, http.StatusBadRequest, []string{ruleMention}},
		"nobody":    {"<at>Bob</at>", []any{mention("<at>Bob</at>", "29:x")}, http.StatusCreated, []string{ruleMention}},
	} {
		a := text(c.text)
		a["entities"] = c.entities
		if status, n, _ := st.call("POST", "conversations/"+st.channel+"/activities", a); status != c.status {
			t.Errorf("%s: %d %v", name, status, n)
		}
		st.forgive(c.rules...)
	}
}

// A wrong card is a problem wherever it comes from.
func TestCardsOfMessages(t *testing.T) {
	st := start(t, Options{})
	id := st.post(st.channel, text("", `{"type":"AdaptiveCard","version":"9"}`))
	st.forgive(ruleCard)
	st.call("PUT", "conversations/"+st.channel+"/activities/"+id, text("", whole(st.ann.ID)))
	st.forgive()
	if m, _ := st.Message(id); len(m.Cards) != 1 || !strings.Contains(string(m.Cards[0]), "Hello") {
		t.Errorf("message: %+v", m)
	}
}
