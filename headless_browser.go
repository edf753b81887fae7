package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// visitor is one person at the page, by the same requests that the page's forms
// make without any script.
type visitor struct {
	name, base string
	client     *http.Client
}

func newVisitor(name, base string) (*visitor, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &visitor{name: name, base: strings.TrimSuffix(base, "/"), client: &http.Client{Jar: jar}}, nil
}

// page fetches a page by its path.
func (v *visitor) page(ctx context.Context, path string) (*html.Node, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.base+path, nil)
	if err != nil {
		return nil, err
	}
	return v.do(req)
}

func (v *visitor) do(req *http.Request) (*html.Node, error) {
	res, err := v.client.Do(req)
	if err != nil {
		return nil, err
	}
	n, err := html.Parse(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return nil, err
	}
	if res.StatusCode >= http.StatusBadRequest {
		return nil, fmt.Errorf("%s %s: %s: %s", req.Method, req.URL.Path, res.Status, text(n))
	}
	return n, nil
}

// send fills a form and presses its button; it returns the page that follows.
func (v *visitor) send(ctx context.Context, form *html.Node, more url.Values) (*html.Node, error) {
	values := url.Values{}
	for _, in := range all(form, func(n *html.Node) bool { return n.DataAtom == atom.Input }) {
		values.Set(attr(in, "name"), attr(in, "value"))
	}
	for k, vs := range more {
		values[k] = vs
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.base+attr(form, "action"), strings.NewReader(values.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", v.base)
	return v.do(req)
}

// become switches to this visitor's person in the demo.
func (v *visitor) become(ctx context.Context) error {
	n, err := v.page(ctx, "/")
	if err != nil {
		return err
	}
	form := first(n, func(n *html.Node) bool { return n.DataAtom == atom.Form && attr(n, "action") == "/person" })
	if form == nil {
		return errors.New("the page has no person switcher")
	}
	_, err = v.send(ctx, form, url.Values{"person": {v.name}})
	return err
}

// button finds the form of a button by its label, in a card with this title.
// The newest card with the title counts.
func button(page *html.Node, title, label string) (form *html.Node) {
	for _, card := range all(page, func(n *html.Node) bool { return n.DataAtom == atom.Section && attr(n, "aria-label") == title }) {
		if f := first(card, func(n *html.Node) bool { return n.DataAtom == atom.Form && text(n) == label }); f != nil {
			form = f
		}
	}
	return form
}

// notices is what this person alone was told.
func notices(page *html.Node) string {
	n := first(page, func(n *html.Node) bool { return attr(n, "id") == "notices" })
	return text(first(n, func(n *html.Node) bool { return n.DataAtom == atom.P && attr(n, "class") == "text" }))
}

func all(n *html.Node, match func(*html.Node) bool) (found []*html.Node) {
	if n == nil {
		return nil
	}
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && match(d) {
			found = append(found, d)
		}
	}
	return found
}

func first(n *html.Node, match func(*html.Node) bool) *html.Node {
	if f := all(n, match); len(f) > 0 {
		return f[0]
	}
	return nil
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// text is what a person reads, in one line.
func text(n *html.Node) string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
