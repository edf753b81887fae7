//go:build !lean

package anthropic

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"interlock/agent"
)

func onVertex(o *Options) { o.Via, o.Region, o.Project, o.Key = "vertex", "nowhere1", "garden", "" }

// googleFile points the application default credentials at a file whose tokens
// come from url.
func googleFile(t *testing.T, url string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "credentials.json")
	text := `{"type":"authorized_user","client_id":"id","client_secret":"made-up","refresh_token":"made-up","token_uri":"` + url + `"}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
}

func TestVertex(t *testing.T) {
	w, url := serve(t, stream("tool_use", says(0, "Hello"), calls(1, "A", "get", `{"z":1}`)))
	poison(t, "http://poison.test")
	tokens, tokenURL := serve(t, `{"access_token":"vertex-token","token_type":"Bearer","expires_in":3600}`)
	tokens.kind = "application/json"
	googleFile(t, tokenURL)
	m := start(t, url, onVertex)
	if n := tokens.count(); n != 0 {
		t.Errorf("making a Model asked for %d tokens", n)
	}
	for range 2 {
		p := agent.Prompt{System: []string{"be careful"}, Tools: specs, Messages: ask("hi").Messages}
		r, err := m.Next(t.Context(), p)
		if err != nil || r.Text() != "Hello" || len(r.Calls()) != 1 {
			t.Fatalf("got %s %v", show(r), err)
		}
		got := w.last()
		if got.path != "/v1/projects/garden/locations/nowhere1/publishers/anthropic/models/"+testModel+":streamRawPredict" {
			t.Errorf("asked %s", got.path)
		}
		if a := got.header.Get("Authorization"); a != "Bearer vertex-token" || got.header.Get("X-Api-Key") != "" {
			t.Errorf("authorized by %q", a)
		}
		golden(t, "vertex", got.body)
	}
	if n := tokens.count(); n != 1 {
		t.Errorf("%d tokens were asked for, one is valid for an hour", n)
	}
}

func TestVertexWithoutCredentials(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the model was asked") }))
	t.Cleanup(server.Close)
	denied, deniedURL := serve(t, `{"error":"invalid_grant"}`)
	denied.status, denied.kind = http.StatusBadRequest, "application/json"
	for name, prepare := range map[string]func(){
		"no file":  func() { t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", filepath.Join(t.TempDir(), "none")) },
		"no token": func() { googleFile(t, deniedURL) },
	} {
		prepare()
		_, err := start(t, server.URL, onVertex).Next(t.Context(), ask("hi"))
		var me *agent.ModelError
		if !errors.As(err, &me) || me.Fault != agent.FaultKey {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
