package teams

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"image/png"
	"strings"
	"testing"
	"time"

	"interlock/bot"
)

// pictureCard is a card with two pictures.
func pictureCard() bot.Card {
	from := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	picture := func(title, alt string, values ...float64) bot.Picture {
		s := bot.Series{Name: title}
		for i, v := range values {
			s.Points = append(s.Points, bot.Point{At: from.AddDate(0, 0, i), Value: v})
		}
		return bot.Picture{Title: title, Alt: alt, From: from, Until: from.AddDate(0, 0, 29), Lines: []bot.Series{s}}
	}
	return bot.Card{
		Title: "The night", Status: "1 stack drifts", Tone: bot.Waiting, Fallback: "The night: 1 stack drifts", Footer: "Head of the trail: 7f3a-91c2", Marker: "row-1",
		Buttons: []bot.Button{{Label: "Everything else", Verb: "digest", Value: "D"}},
		Pictures: []bot.Picture{
			picture("Stacks that drift", "Stacks that drift: 5 at most, on 12 March; 1 now.", 1, 3, 5, 1),
			picture("Time to approve", "Time to approve: {{DATE(x)}} median of 6 minutes.", 4, 6, 12),
		},
	}
}

// pictureImages are the images of a card.
func pictureImages(t *testing.T, card json.RawMessage) (all []element) {
	t.Helper()
	var a adaptive
	if err := json.Unmarshal(card, &a); err != nil {
		t.Fatal(err)
	}
	for _, e := range a.Body {
		if e.Type == "Image" {
			all = append(all, e)
		}
	}
	return all
}

func TestPicturesStandInTheCard(t *testing.T) {
	t.Parallel()
	d := draw(pictureCard(), cardPublic)
	for _, wrong := range cardChecked(t, d.Card) {
		t.Error(wrong)
	}
	all := pictureImages(t, d.Card)
	if len(all) != 2 || d.Rest != "" {
		t.Fatalf("%d images, rest %q", len(all), d.Rest)
	}
	for i, e := range all {
		b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(e.URL, "data:image/png;base64,"))
		if err != nil {
			t.Fatal(err)
		}
		p, err := png.Decode(bytes.NewReader(b))
		if err != nil || p.Bounds().Dx() != pictureSizes[0].Width {
			t.Errorf("image %d is none, or a small one: %v", i, err)
		}
	}
	if got := all[1].Alt; got != "Time to approve: { {DATE(x)}} median of 6 minutes." || !all[0].Expand.Allowed {
		t.Errorf("image %+v", got)
	}
	if seen := cardSeen(t, d.Card); !strings.Contains(seen, "5 at most, on 12 March") || !strings.Contains(seen, "median of 6 minutes") {
		t.Errorf("the words are not there: %s", seen)
	}
}

// A card of many words has small pictures or none, and every word that it has without.
func TestPicturesTakeOnlyTheRoomThatIsThere(t *testing.T) {
	t.Parallel()
	widths := map[int]bool{}
	for _, words := range []int{0, 11, 13, 16, 22} {
		c := pictureCard()
		c.Prose = strings.Repeat("a word or two. ", 70*words)
		d := draw(c, cardPublic)
		for _, wrong := range cardChecked(t, d.Card) {
			t.Error(wrong)
		}
		all := pictureImages(t, d.Card)
		width := 0
		if len(all) > 0 {
			b, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(all[0].URL, "data:image/png;base64,"))
			p, err := png.DecodeConfig(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			width = p.Width
		}
		widths[width] = true
		if seen := cardSeen(t, d.Card); strings.Count(seen, "a word or two.") < 70*words && d.Rest == "" || !strings.Contains(seen, "median of 6") {
			t.Errorf("with %d pictures words are lost", len(all))
		}
	}
	for _, want := range []int{0, 320, 440, 600, 800} {
		if !widths[want] {
			t.Errorf("no card had pictures of %d: %v", want, widths)
		}
	}
}

func TestManyPicturesAndLongWords(t *testing.T) {
	t.Parallel()
	c := pictureCard()
	for i := range c.Pictures {
		c.Pictures[i].Alt = strings.Repeat("long words ", 1000)
	}
	for range 9 {
		c.Pictures = append(c.Pictures, bot.Picture{Title: cardEvil, Alt: cardEvil})
	}
	d := draw(c, cardPublic)
	for _, wrong := range cardChecked(t, d.Card) {
		t.Error(wrong)
	}
	if all := pictureImages(t, d.Card); len(all) != mostPictures || all[3].Alt == "" {
		t.Errorf("%d images", len(all))
	}
	if !strings.Contains(cardSeen(t, d.Card), "and 7 more charts") || d.Rest == "" {
		t.Error("what is missing is not told")
	}
}
