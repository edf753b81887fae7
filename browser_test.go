package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

var shots = flag.String("shots", "", "folder for screenshots of the demo, light and dark, desktop and phone")

// startDemo runs the demo in this process and returns where its page is.
func startDemo(t *testing.T) (url string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := demo(ctx, demoOptions{addr: "127.0.0.1:0", dir: t.TempDir()}, w)
		ended <- err
		_ = w.CloseWithError(io.EOF)
	}()
	lines := bufio.NewScanner(r)
	for url == "" && lines.Scan() {
		if _, after, ok := strings.Cut(lines.Text(), "open "); ok {
			url = after
		}
	}
	go func() {
		for lines.Scan() {
			t.Log(lines.Text())
		}
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("demo: %v", err)
		}
	})
	if url == "" {
		t.Fatalf("the demo did not start: %v", <-ended)
	}
	return url
}

func newBrowser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is missing: install it (Debian: apt-get install chromium)")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()))
	for _, f := range []string{"disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"} {
		opts = append(opts, chromedp.Flag(f, true))
	}
	alloc, cancel := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900)); err != nil { // starts it
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(ctx, 6*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// shoot takes four pictures of the page as it is, when asked for.
func shoot(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	if *shots == "" {
		return
	}
	for _, scheme := range []string{"light", "dark"} {
		for device, width := range map[string]int64{"desktop": 1280, "phone": 390} {
			media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
			err := chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
				_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, media)
				return err
			}), chromedp.EmulateViewport(width, 1000))
			if err != nil {
				t.Fatal(err)
			}
			png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(*shots, fmt.Sprintf("%s-%s-%s.png", name, device, scheme))
			if err := os.WriteFile(file, png, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900)); err != nil {
		t.Fatal(err)
	}
}

// has is a selector by text, in an element.
func has(element, text string) chromedp.Search {
	return chromedp.Search(fmt.Sprintf(`//%s[contains(normalize-space(.), %q)]`, element, text))
}

func press(card, label string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chromedp.Search(fmt.Sprintf(`//section[@aria-label=%q]//button[normalize-space(.)=%q]`, card, label)))
}

// A person clicks through the whole loop in a real browser.
func TestLoopInTheBrowser(t *testing.T) {
	t.Parallel()
	url := startDemo(t)
	ctx := newBrowser(t)
	steps := []struct {
		name string
		do   chromedp.Action[chromedp.Void]
	}{
		{"open", chromedp.Navigate(url)},
		{"channel", chromedp.WaitVisible(has("a", demoStack+" drifted"))},
		{"thread", chromedp.Click(has("a", demoStack+" drifted"))},
		{"drift", chromedp.WaitVisible(has("section", "firewall_rule.api"))},
		{"write", chromedp.SendKeys(chromedp.CSS("#text"), "put "+demoStack+" back to code")},
		{"send", chromedp.Click(chromedp.CSS("#send"))},
		{"card", chromedp.WaitVisible(has("section", "waiting, 0 of 1 approvals"))},
		{"self", press(cardAsk, "Approve")},
		{"refused", chromedp.WaitVisible(has("div", "may not approve"))},
		{"become", chromedp.Click(chromedp.CSS(`button[name="person"][value="bob"]`))},
		{"bob", chromedp.WaitVisible(chromedp.CSS(`button[name="person"][value="bob"][aria-current="true"]`))},
		{"his card", chromedp.WaitVisible(has("section", "waiting, 0 of 1 approvals"))},
		{"approve", press(cardAsk, "Approve")},
		{"applied", chromedp.WaitVisible(has("section", "1 changed"))},
		{"clean", chromedp.WaitVisible(has("section", "That was the whole loop"))},
	}
	for _, s := range steps {
		if err := chromedp.Do(ctx, s.do); err != nil {
			shoot(ctx, t, "failed")
			t.Fatalf("%s: %v", s.name, err)
		}
		switch s.name {
		case "channel", "drift", "card", "refused", "clean":
			shoot(ctx, t, s.name)
		}
	}
}
