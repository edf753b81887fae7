package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"interlock/config"
)

// crowd is an organisation of more people than anybody wants links of at the start.
func crowd(t *testing.T) (file string) {
	t.Helper()
	var b strings.Builder
	b.WriteString("data_dir: data\nhttp: {addr: \"127.0.0.1:0\"}\nlog: {level: error}\norgs:\n  acme:\n    channels: {\"console:ops\": {tier: observe}}\n    people:\n")
	for i := range 70 {
		fmt.Fprintf(&b, "      p%02d: {name: Person %02d, roles: [viewer]}\n", i, i)
	}
	for _, id := range []string{"a1", "a2", "a3", "a4"} {
		fmt.Fprintf(&b, "      %s: {name: Admin %s, roles: [admin], chat: [\"console:at-%s\"]}\n", id, id, id)
	}
	b.WriteString("      afar: {name: Afar, roles: [admin], chat: [\"slack:T1/U1\"]}\n      gone: {name: Gone, roles: [admin], off: true}\n")
	file = filepath.Join(t.TempDir(), "interlock.yaml")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// serving starts serve, and gives what it printed up to what it says last.
func serving(t *testing.T, file, last string) (said string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out := &lines{came: make(chan string, 16)}
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, file, "all", out) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for !strings.Contains(said, last) {
		said += out.wait(t)
	}
	return said
}

// join follows a link and presses its button; anything but a page is an error.
func join(ctx context.Context, t *testing.T, link string) (*html.Node, error) {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	v, err := newVisitor("x", u.Scheme+"://"+u.Host)
	if err != nil {
		t.Fatal(err)
	}
	n, err := v.page(ctx, u.Path)
	if err != nil {
		return nil, err
	}
	return v.send(ctx, first(n, func(n *html.Node) bool { return n.DataAtom == atom.Form }), nil)
}

// With more people than links could be printed for, serve starts, gives three
// administrators a link, and whoever has a terminal gives one to anybody later.
func TestInviteWhileServing(t *testing.T) {
	t.Parallel()
	file := crowd(t)
	if code, out := interlock(t.Context(), "", "invite", "p07", "--config", file); code != exitFailed || !strings.Contains(out, "start interlock serve once") {
		t.Errorf("before the first start: exit %d: %s", code, out)
	}
	said := serving(t, file, "interlock invite PERSON")
	links := regexp.MustCompile(`Sign in as (Admin a\d), once, within 15 minutes: (http://[^/]+)(/join/\S+)`).FindAllStringSubmatch(said, -1)
	if len(links) != mostLinks || strings.Contains(said, "Person") {
		t.Fatalf("%d links: %s", len(links), said)
	}
	if n, err := join(t.Context(), t, links[0][2]+links[0][3]); err != nil || !strings.Contains(text(n), "Admin a1") {
		t.Errorf("a printed link: %v", err)
	}
	code, out := interlock(t.Context(), "", "invite", "p07", "--config", file, "--url", links[0][2]+"/")
	link := strings.TrimSpace(strings.TrimPrefix(out, "Sign in as Person 07, once, within 15 minutes: "))
	if code != 0 || !strings.HasPrefix(link, links[0][2]+"/join/") {
		t.Fatalf("exit %d: %s", code, out)
	}
	if n, err := join(t.Context(), t, link); err != nil || !strings.Contains(text(n), "Person 07") {
		t.Errorf("a link of the command: %v", err)
	}
	if _, err := join(t.Context(), t, link); err == nil {
		t.Error("it signs in twice")
	}
	for person, want := range map[string]string{
		"nobody": `no person "nobody"`, "afar": "add console:afar", "gone": "switched off",
	} {
		if code, out := interlock(t.Context(), "", "invite", person, "--config", file); code != exitUse || !strings.Contains(out, want) || strings.Contains(out, "/join/") {
			t.Errorf("%s: exit %d: %s", person, code, out)
		}
	}
}

// Who has no page to sign in at is told so.
func TestInviteNowhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ console, org, want string }{
		"off":         {"off: true", "acme", "console.off"},
		"another Org": {"org: beta", "acme", "the page is of beta alone"},
		"which Org":   {"org: beta", "", "--org"},
	} {
		file := filepath.Join(t.TempDir(), "interlock.yaml")
		conf := "data_dir: data\nconsole: {" + c.console + "}\nsandbox: {shared_kernel: true}\norgs: {acme: {people: {al: {}}}, beta: {people: {al: {}}}}\n"
		if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, out := interlock(t.Context(), "", "invite", "al", "--org", c.org, "--config", file); code != exitUse || !strings.Contains(out, c.want) {
			t.Errorf("%s: exit %d: %s", name, code, out)
		}
	}
}

func TestPageAt(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"127.0.0.1:8080": "http://127.0.0.1:8080", "0.0.0.0:80": "http://localhost:80", "[::]:80": "http://localhost:80", ":80": "http://localhost:80",
		"[::1]:80": "http://[::1]:80", "box.example:80": "http://box.example:80",
	} {
		if got := pageAt(addr); got != want {
			t.Errorf("%s: %s", addr, got)
		}
	}
}

// free is an address that was free a moment ago, where no other test looks for one.
func free(t *testing.T) string {
	t.Helper()
	l, err := listen(t.Context(), "127.0.0.9:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}

// An address that is taken is named by its key, and what was opened before it is
// closed again.
func TestListenersNameTheirKey(t *testing.T) {
	t.Parallel()
	taken, err := listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	addr := free(t)
	if _, _, err := listeners(t.Context(), config.HTTP{Addr: addr, Public: taken.Addr().String()}); err == nil || !strings.HasSuffix(err.Error(), "choose another http.public") {
		t.Errorf("public: %v", err)
	}
	if _, _, err := listeners(t.Context(), config.HTTP{Addr: taken.Addr().String(), Public: addr}); err == nil || !strings.HasSuffix(err.Error(), "choose another http.addr") {
		t.Errorf("local: %v", err)
	}
	local, public, err := listeners(t.Context(), config.HTTP{Addr: addr, Public: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []net.Listener{local, public} {
		_ = l.Close()
	}
}

// mute takes nothing.
type mute struct{}

func (mute) Write([]byte) (int, error) { return 0, errors.New("nobody reads this") }

// A start that cannot say where the page is leaves no address behind.
func TestServeThatCannotSpeakLetsGo(t *testing.T) {
	t.Parallel()
	file := crowd(t)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	local, public := free(t), free(t)
	text := strings.Replace(string(b), `addr: "127.0.0.1:0"`, fmt.Sprintf("addr: %q, public: %q", local, public), 1)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := serve(t.Context(), file, "all", mute{}); err == nil || !strings.Contains(err.Error(), "nobody reads this") {
		t.Fatalf("%v", err)
	}
	for _, addr := range []string{local, public} {
		l, err := listen(t.Context(), addr)
		if err != nil {
			t.Errorf("%s: %v", addr, err)
			continue
		}
		_ = l.Close()
	}
}
