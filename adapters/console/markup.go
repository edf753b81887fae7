package console

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"sync"
	"time"

	"interlock/bot"
)

//go:embed templates/*.html
var templates embed.FS

//go:embed assets/app.js assets/style.css assets/icon.svg
var files embed.FS

// assets are the files of the pages; version changes with their content, so
// that browsers may keep them for ever.
type assets struct {
	version string
	files   map[string][]byte
}

func readAssets() (assets, error) {
	a := assets{files: map[string][]byte{}}
	sum := sha256.New()
	err := fs.WalkDir(files, "assets", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(files, name)
		a.files[path.Base(name)] = b
		sum.Write(b)
		return err
	})
	a.version = hex.EncodeToString(sum.Sum(nil)[:6])
	return a, err
}

func (a assets) url(name string) string { return "/assets/" + name + "?v=" + a.version }

// serve answers for one file.
func (a assets) serve(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	b, ok := a.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if r.URL.Query().Get("v") == a.version {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(b))
}

func open(o Options) (*Platform, error) {
	a, err := readAssets()
	if err != nil {
		return nil, fmt.Errorf("read assets: %w", err)
	}
	funcs := template.FuncMap{"markdown": markdown, "utc": utc, "stamp": stamp, "wide": wide, "moments": moments, "asset": a.url}
	html, err := template.New("").Funcs(funcs).ParseFS(templates, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse templates: %w", err)
	}
	done := make(chan struct{})
	return &Platform{
		opt: o, html: html, assets: a, hub: newHub(), flash: newFlashes(), doors: &doors{},
		random: rand.Text, now: time.Now, done: done, close: sync.OnceFunc(func() { close(done) }),
	}, nil
}

// utc is a time for people; the script shows it in the reader's own zone.
func utc(t time.Time) string { return t.UTC().Format("2 Jan 15:04 UTC") }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// moments is a text of a card with each of its moments as a time that the script
// can show in the reader's own zone. It escapes first and adds tags after.
func moments(s string) template.HTML {
	tagged := bot.Moments(template.HTMLEscapeString(s), func(t time.Time, utc string) string {
		return `<time datetime="` + stamp(t) + `">` + utc + "</time>"
	})
	return template.HTML(tagged) //nolint:gosec // every text was escaped on its way in
}

// fragment renders one template. A moment where no tag can stand reads in UTC.
func (p *Platform) fragment(name string, data any) (template.HTML, error) {
	var b bytes.Buffer
	if err := p.html.ExecuteTemplate(&b, name, data); err != nil {
		return "", fmt.Errorf("render %s: %w", name, err)
	}
	return template.HTML(bot.Moments(b.String(), nil)), nil //nolint:gosec // html/template has escaped it
}

// page answers with a whole page.
func (p *Platform) page(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	b, err := p.fragment(name, data)
	if err != nil {
		p.opt.Log.ErrorContext(r.Context(), "render page", "page", name, "error", err)
		http.Error(w, "The page could not be drawn. Look into the log, then reload.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(b)) // a reader that left needs no answer
}
