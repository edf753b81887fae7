package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"interlock/agent"
	"interlock/bot"
)

// provider lets a provider of models refuse, and repeat the key in its words, as some
// do. It searches what came of that.
func (a *aviary) provider() {
	a.Helper()
	n := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader([]int{401, 400, 404, 403}[n%4])
		_, _ = fmt.Fprintf(w, `{"error": {"message": "Incorrect API key provided: %s.", "type": "invalid_request_error", "code": "invalid_api_key"}}`,
			strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	}))
	defer srv.Close()
	before := a.app
	defer func() { a.app = before }()
	a.wire(fmt.Sprintf("data_dir: data2\nmodel: {provider: openai, name: m, base_url: %q, tries: 1, fallback: {base_url: %q}}", srv.URL, srv.URL))
	a.run(func(ctx context.Context) (err error) {
		for i := range 4 {
			_, aerr := a.ask(ctx, fmt.Sprint("hello ", i))
			err = errors.Join(err, aerr)
		}
		return err
	})
	if n < 4 {
		a.Errorf("the provider was asked %d times", n)
	}
	a.aftermath()
}

// planting is the control in every form that text can have.
func (a *aviary) planting() string {
	all := written(a, a.planted.value)
	delete(all, "gzip")
	for name := range all {
		if strings.Contains(name, "lines") {
			delete(all, name)
		}
	}
	return strings.Join(slices.Sorted(maps.Values(all)), " ")
}

// confess is a command that lets the control out: by its words, its files and its
// environment, and so much that some of it is kept apart.
func (a *aviary) confess() string {
	return fmt.Sprintf("export PLANTED='%s'; cat /proc/self/environ >environ.dump; echo \"$PLANTED\" | tee planted; seq 9999; echo \"$PLANTED\"", a.planting())
}

// plant puts a canary in each place in which others were looked for, looks again
// in the same way, and tells what was not seen.
func (a *aviary) plant() (missed []string) {
	a.Helper()
	places := slices.Sorted(maps.Keys(a.looks))
	a.found, a.looks = map[string]*leak{}, map[string]int{}
	text := a.planting()
	a.run(func(ctx context.Context) error {
		a.app.tell(demoOrg, canaryThread("control"), text)
		a.app.log.WarnContext(ctx, "planted", "text", text)
		s, err := a.ask(ctx, "control")
		if err == nil {
			err = a.sandbox(ctx, s.ID, false)
		}
		_, perr := a.app.out.Platforms["console"].Post(ctx, demoOrg, canaryThread("control"), bot.Card{Title: "planted", Body: text, Marker: "planted"})
		return errors.Join(err, perr)
	})
	a.app.metrics.Tool(text, 0, false)
	a.write(filepath.Join(a.app.cfg.DataDir, "calls", "left", "output.json"), text, 0o600)
	a.write(filepath.Join(a.app.cfg.DataDir, "packs", "left", "pack"), text, 0o600)
	_, err := a.app.db.Keep(a.Context(), agent.Artifact{Org: demoOrg, Kind: "plan", Bytes: []byte(text), At: time.Now()})
	if err := errors.Join(err, a.box(text)); err != nil {
		a.Fatal(err)
	}
	a.aftermath()
	for _, place := range places {
		for _, s := range a.find([]byte(text)) {
			if a.found[place+"\n"+s.name+"\n"+s.form] == nil {
				missed = append(missed, fmt.Sprintf("%s: what was planted there as %s was not found", place, s.form))
			}
		}
	}
	return missed
}

// box is a container that holds the text, in what is known of it and on its disk.
func (a *aviary) box(text string) error {
	file := filepath.Join(a.world.dir, "planted")
	a.write(file, text, 0o600)
	out, err := exec.CommandContext(a.Context(), "docker", "create", "--network", "none", "--label", "planted="+text, a.app.cfg.Sandbox.Image, "true").Output()
	if err != nil {
		return fmt.Errorf("plant container: %w", err)
	}
	id := strings.TrimSpace(string(out))
	cp := exec.CommandContext(a.Context(), "docker", "cp", file, id+":/planted").Run()
	return errors.Join(cp, a.container(a.Context(), id, true), exec.CommandContext(a.Context(), "docker", "rm", id).Run())
}
