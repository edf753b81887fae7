package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"interlock/agent"
	"interlock/bot"
)

// tap is a log that is kept.
type tap struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *tap) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// overheard is a model, and what it is told.
type overheard struct {
	agent.Model
	a *aviary
}

func (m overheard) Next(ctx context.Context, p agent.Prompt) (agent.Reply, error) {
	m.a.document("prompt", []any{p.System, p.Tools, p.Messages})
	return m.Model.Next(ctx, p)
}

// bugged is a chat, and what it is told.
type bugged struct {
	room
	a *aviary
}

type room interface {
	bot.Platform
	bot.Shower
}

func (c bugged) Post(ctx context.Context, org string, t agent.Thread, k bot.Card) (bot.Ref, error) {
	c.a.document("card in chat", k)
	return c.room.Post(ctx, org, t, k)
}

func (c bugged) Edit(ctx context.Context, org string, r bot.Ref, k bot.Card) error {
	c.a.document("card in chat", k)
	return c.room.Edit(ctx, org, r, k)
}

func (c bugged) Show(org string, t agent.Thread, text string) {
	c.a.look("progress in chat", []byte(text), nil)
	c.room.Show(org, t, text)
}

func (a *aviary) document(place string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		a.Error(err)
	}
	a.look(place, b, nil)
}

// sandbox searches what is left of a session: the files that it wrote, what the
// engine knows of its container, and now and then the container's whole disk.
func (a *aviary) sandbox(ctx context.Context, session string, whole bool) error {
	dirs, err := filepath.Glob(filepath.Join(a.app.cfg.DataDir, "workspaces", "*"))
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		b, err := os.ReadFile(filepath.Join(dir, "owner.json"))
		if err != nil || !strings.Contains(string(b), session) {
			continue // of another one, or not of anybody yet
		}
		work := filepath.Join(dir, "disk", "work")
		if err := a.folder("workspace", work, inRepo); err != nil {
			return err
		}
		dump, err := os.ReadFile(filepath.Join(work, demoStack, "environ.dump"))
		if err != nil || !bytes.Contains(dump, []byte("HOME=/tmp")) {
			return fmt.Errorf("its environment was not dumped: %q, %w", dump, err)
		}
		a.look("environment of a container", dump, nil)
		return a.container(ctx, filepath.Base(dir), whole)
	}
	return errors.New("it has no workspace")
}

func (a *aviary) folder(place, root string, may func(*canary) bool) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		a.look(place, append([]byte(d.Name()+"\n"), b...), may)
		return err
	})
}

func (a *aviary) container(ctx context.Context, name string, whole bool) error {
	b, err := exec.CommandContext(ctx, "docker", "inspect", name).Output()
	if err != nil {
		return fmt.Errorf("inspect %s: %w", name, err)
	}
	a.look("docker inspect", b, nil)
	if !whole {
		return nil
	}
	if b, err = exec.CommandContext(ctx, "docker", "export", name).Output(); err != nil {
		return fmt.Errorf("export %s: %w", name, err)
	}
	a.look("docker export", b, nil)
	return nil
}

// watch inspects the containers of single calls, which live for a moment only. It
// must see some.
func (a *aviary) watch(ctx context.Context) error {
	seen := map[string]bool{}
	for ctx.Err() == nil {
		out, err := exec.CommandContext(ctx, "docker", "ps", "-aq", "--no-trunc",
			"--filter", "label=interlock.instance="+a.app.cfg.DataDir, "--filter", "label=interlock.kind=fresh").Output()
		if err != nil {
			break // at the end
		}
		for id := range strings.FieldsSeq(string(out)) {
			if !seen[id] && a.container(ctx, id, false) == nil { // it may have gone
				seen[id] = true
			}
		}
		time.Sleep(30 * time.Millisecond)
	}
	if len(seen) == 0 {
		return errors.New("no container of a call was seen")
	}
	return nil
}

// aftermath searches what all sessions left together.
func (a *aviary) aftermath() {
	a.Helper()
	a.look("log", a.log.b.Bytes(), nil)
	page := httptest.NewRecorder()
	a.app.mux().ServeHTTP(page, httptest.NewRequestWithContext(a.Context(), "GET", "/metrics", nil))
	a.look("metrics", page.Body.Bytes(), nil)
	err := errors.Join(a.events(), a.messages(), a.artifacts())
	if _, serr := a.app.box.Sweep(a.Context(), func(context.Context, string, string, string) bool { return false }); serr != nil {
		err = errors.Join(err, serr)
	}
	if err := errors.Join(err, a.dataFolder()); err != nil {
		a.Fatal(err)
	}
}
