package console

import (
	"bytes"
	"image/png"
	"net/http"
	"regexp"
	"testing"
	"time"

	"interlock/bot"
)

func pictureCard(values ...float64) bot.Card {
	s := bot.Series{Name: "open"}
	for i, v := range values {
		s.Points = append(s.Points, bot.Point{At: testTime().Add(time.Duration(i) * 24 * time.Hour), Value: v})
	}
	return bot.Card{Title: "The night", Fallback: "The night", Marker: "digest/1", Pictures: []bot.Picture{
		{Title: "Stacks that drift", Alt: "5 stacks at most, 1 now.", Lines: []bot.Series{s}},
		{Title: `"><script>alert(1)</script>`, Alt: "<img src=x onerror=alert(1)>"},
	}}
}

var pictureImage = regexp.MustCompile(`<figure class="chart"><img src="([^"]*)" alt="([^"]*)" width="1000" height="380" loading="lazy"><figcaption[^>]*>([^<]*)</figcaption></figure>`)

func TestPicturesOfACard(t *testing.T) {
	t.Parallel()
	r := newRoom(t, nil)
	b := r.browser(t)
	ref, err := r.Post(t.Context(), "acme", thread("~d"), pictureCard(1, 5, 1))
	if err != nil {
		t.Fatal(err)
	}
	at := place{ref.Thread.Channel, ref.Thread.ID}.path()
	shown := pictureImage.FindAllStringSubmatch(b.page(at), -1)
	if len(shown) != 2 || shown[0][2] != "Chart: Stacks that drift" || shown[0][3] != "5 stacks at most, 1 now." {
		t.Fatalf("pictures %q", shown)
	}
	wantNot(t, b.page(at), "<script>alert", "<img src=x")
	first := b.get(shown[0][1])
	if m, err := png.Decode(first.Body); err != nil || m.Bounds().Dx() != 1000 || first.Header().Get("Content-Type") != "image/png" {
		t.Errorf("no picture: %d, %v", first.Code, err)
	}
	if err := r.Edit(t.Context(), "acme", ref, pictureCard(1, 5, 4)); err != nil {
		t.Fatal(err)
	}
	again := pictureImage.FindAllStringSubmatch(b.page(at), -1)
	if len(again) != 2 || again[0][1] == shown[0][1] {
		t.Errorf("a redrawn card has the picture of before: %v", again)
	}
	if now, before := b.page(again[0][1]), b.page(shown[1][1]); now == before {
		t.Error("two pictures are one")
	}
}

// A picture is where its card is, for whoever may read it, and nowhere else.
func TestPicturesThatAreNone(t *testing.T) {
	t.Parallel()
	r := newRoom(t, nil)
	b := r.browser(t)
	ref, err := r.Post(t.Context(), "acme", thread("~d"), pictureCard(1))
	if err != nil {
		t.Fatal(err)
	}
	at := "/c/" + ref.Thread.Channel + "/t/digest%2F1/picture/digest%2F1/"
	if w := b.get(at + "1.png"); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for _, path := range []string{
		at + "2.png", at + "-1.png", at + "0", at + "0.gif", at + "x.png", at + "99999999999999999999.png",
		"/c/payments/t/digest%2F1/picture/digest%2F1/0.png", "/c/nowhere/t/digest%2F1/picture/digest%2F1/0.png",
		"/c/infra/t/other/picture/digest%2F1/0.png", "/c/infra/t/digest%2F1/picture/other/0.png",
	} {
		if w := b.get(path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	r.messages.fail(true)
	if w := b.get(at + "1.png"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("without messages: %d", w.Code)
	}
}

func TestPicturesNeedSomebody(t *testing.T) {
	t.Parallel()
	r := newRoom(t, func(o *Options) { o.Demo = false })
	ref, err := r.Post(t.Context(), "acme", thread("~d"), pictureCard(1))
	if err != nil {
		t.Fatal(err)
	}
	w := r.browser(t).get("/c/" + ref.Thread.Channel + "/t/digest%2F1/picture/digest%2F1/0.png")
	if w.Code != http.StatusSeeOther || bytes.Contains(w.Body.Bytes(), []byte("PNG")) {
		t.Errorf("%d", w.Code)
	}
}

// What is for one person alone is drawn for nobody else.
func TestPicturesForOnePerson(t *testing.T) {
	t.Parallel()
	r := newRoom(t, nil)
	at := thread("~d")
	at.Channel = "@bob"
	if _, err := r.Post(t.Context(), "acme", at, pictureCard(1)); err != nil {
		t.Fatal(err)
	}
	for who, want := range map[string]int{"alice": http.StatusNotFound, "bob": http.StatusOK} {
		b := r.browser(t)
		b.act(who)
		if w := b.get("/c/@bob/t/digest%2F1/picture/digest%2F1/0.png"); w.Code != want {
			t.Errorf("%s gets %d", who, w.Code)
		}
	}
}

// What one person alone sees has no message to draw from: the words stand alone.
func TestPicturesInANotice(t *testing.T) {
	t.Parallel()
	r := newRoom(t, nil)
	v := viewer{session: session{ID: "s", Person: "bob"}, actor: actor("bob", "Bob")}
	h, err := r.fragment("card", r.card(v, place{Channel: "infra"}, pictureCard(1)))
	if err != nil {
		t.Fatal(err)
	}
	want(t, string(h), "5 stacks at most, 1 now.", `<figure class="chart">`)
	wantNot(t, string(h), "<img")
	c := bot.Card{Pictures: pictureCard(1).Pictures}
	h, err = r.fragment("card", r.card(v, place{Channel: "infra"}, c))
	if err != nil {
		t.Fatal(err)
	}
	wantNot(t, string(h), "bare", "line")
}
