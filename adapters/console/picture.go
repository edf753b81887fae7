package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"interlock/bot"
	"interlock/bot/chart"
)

// pictureSize is twice what a card is wide.
var pictureSize = chart.Size{Width: 1000, Height: 380}

// pictureView is a chart of a card, with its words. Without an URL the words stand alone.
type pictureView struct {
	URL, Title, Alt string
	Width, Height   int
}

func pictureViews(all []bot.Picture) (pvs []pictureView) {
	for _, p := range all {
		pvs = append(pvs, pictureView{Title: oneLine(p.Title), Alt: p.Alt, Width: pictureSize.Width, Height: pictureSize.Height})
	}
	return pvs
}

// picturesOf are where the pictures of a message are had. The Seq makes a browser ask
// again when the card was redrawn.
func picturesOf(m bot.Message, pvs []pictureView) []pictureView {
	base := place{m.Thread.Channel, m.Thread.ID}.path() + "/picture/" + url.PathEscape(m.ID) + "/"
	for i := range pvs {
		pvs[i].URL = base + strconv.Itoa(i) + ".png?v=" + strconv.FormatInt(m.Seq, 10)
	}
	return pvs
}

// picture draws a picture of a card as it is kept now, for whoever may read its thread.
func (p *Platform) picture(w http.ResponseWriter, r *http.Request, v viewer) {
	c, ok := p.opens(v, r.PathValue("channel"))
	if !ok {
		p.lost(w, r, v)
		return
	}
	ms, _, err := p.read(r.Context(), place{c.ID, r.PathValue("thread")})
	if err != nil {
		p.broken(w, r, v, err)
		return
	}
	i := slices.IndexFunc(ms, func(m bot.Message) bool { return m.ID == r.PathValue("message") && m.Card != nil })
	number, isPNG := strings.CutSuffix(r.PathValue("file"), ".png")
	n, err := strconv.Atoi(number)
	if i < 0 || !isPNG || err != nil || n < 0 || n >= len(ms[i].Card.Pictures) {
		p.lost(w, r, v)
		return
	}
	b, err := chart.PNG(ms[i].Card.Pictures[n], pictureSize)
	if err != nil {
		p.broken(w, r, v, err)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	if _, err := w.Write(b); err != nil {
		p.opt.Log.DebugContext(r.Context(), "send picture", "error", err)
	}
}
