package teams

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/adapters/teams/teamstest"
)

// checkDoor stands before a tenant and makes it like Microsoft's: tokens that can be
// read, and a clock of its own.
type checkDoor struct {
	says   map[string]any // of each token, besides what is true
	opaque bool
	ahead  time.Duration // of our clock
	posts  int           // that were not for a token
}

// RoundTrip puts a readable token in the place of the tenant's, and back.
func (d *checkDoor) RoundTrip(r *http.Request) (*http.Response, error) {
	in := strings.HasSuffix(r.URL.Path, loginPath)
	if r.Method != http.MethodGet && !in {
		d.posts++
	}
	form := ""
	if in {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		form, r.Body = string(b), io.NopCloser(bytes.NewReader(b))
	}
	if _, token, ok := strings.Cut(r.Header.Get("Authorization"), "."); ok {
		r = r.Clone(r.Context())
		_, token, _ = strings.Cut(token, ".")
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	res.Header.Set("Date", time.Now().Add(-d.ahead).UTC().Format(http.TimeFormat))
	if !in || d.opaque || res.StatusCode != http.StatusOK {
		return res, nil
	}
	return res, d.readable(res, form)
}

func (d *checkDoor) readable(res *http.Response, form string) error {
	var g map[string]any
	if err := json.NewDecoder(res.Body).Decode(&g); err != nil {
		return err
	}
	says := map[string]any{"aud": "https://api.botframework.com", "appid": checkApp, "tid": checkTenant, "roles": []string{installing[0]}}
	if strings.Contains(form, "graph.microsoft.com") {
		says["aud"] = "https://graph.microsoft.com"
	}
	for k, v := range d.says {
		says[k] = v
	}
	b, err := json.Marshal(says)
	if err != nil {
		return err
	}
	g["access_token"] = "e30." + base64.RawURLEncoding.EncodeToString(b) + "." + g["access_token"].(string)
	b, err = json.Marshal(g)
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
	return err
}

const (
	checkApp    = "11111111-2222-3333-4444-bbbbbbbbbbbb"
	checkTenant = "11111111-2222-3333-4444-cccccccccccc"
)

// checkWorld is a tenant with a team that has consented and a room in it, a group
// chat, and what the bot heard of both.
type checkWorld struct {
	*teamstest.Server
	door  *checkDoor
	conf  Config
	shelf *shelf
	rooms []Room
}

func checkOpen(t *testing.T) *checkWorld {
	t.Helper()
	s, err := teamstest.New(teamstest.Options{AppID: checkApp, TenantID: checkTenant, Unlimited: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	w := &checkWorld{Server: s, door: &checkDoor{}, shelf: &shelf{}}
	o := s.Options()
	w.conf = Config{
		AppID: o.AppID, AppPassword: secret(t, o.AppPassword), TenantID: o.TenantID, OpenIDURL: s.OpenIDURL(), Issuer: s.Issuer(), LoginURL: s.LoginURL(),
		Scope: s.Scope(), ServiceURLs: []string{s.ServiceURL()}, GraphURL: s.GraphURL(), GraphScope: "https://graph.microsoft.com/.default", CatalogID: o.CatalogID,
	}
	w.team(t, true, true)
	return w
}

// team adds a team with a room that was heard of, before the other rooms.
func (w *checkWorld) team(t *testing.T, installed, consent bool) {
	t.Helper()
	team := w.AddTeam(teamstest.Team{Name: "Payments", Installed: installed, Consent: consent})
	id := w.AddChannel(teamstest.Channel{Team: team, Name: "payments"})
	w.heard(t, id, place{Service: w.ServiceURL(), Tenant: checkTenant, Kind: inChannel, Team: team})
}

func (w *checkWorld) heard(t *testing.T, id string, pl place) {
	t.Helper()
	b, err := json.Marshal(pl)
	if err != nil {
		t.Fatal(err)
	}
	w.rooms = []Room{{org, id}}
	if err := w.shelf.PutPlace(t.Context(), org, conversationPlace(id), b); err != nil {
		t.Fatal(err)
	}
}

// checkLines is what a person reads of it, without the rooms' long ids.
func (w *checkWorld) lines(t *testing.T) (lines []string) {
	t.Helper()
	puts := w.shelf.puts
	for _, c := range Checks(t.Context(), w.conf, &http.Client{Transport: w.door}, w.shelf, w.rooms) {
		lines = append(lines, strings.ReplaceAll(checkLine(c), w.rooms[0].ID, "ROOM"))
	}
	if w.shelf.puts != puts || w.door.posts > 0 {
		t.Errorf("%d places were kept, %d posts sent", w.shelf.puts-puts, w.door.posts)
	}
	for _, p := range w.Problems() {
		t.Errorf("against Teams' rules: %s", p)
	}
	if strings.Contains(strings.Join(lines, ""), w.Options().AppPassword) || strings.Contains(strings.Join(lines, ""), "issued-") {
		t.Errorf("a secret is repeated: %q", lines)
	}
	return lines
}

func checkLine(c Check) string {
	switch w := Warning(""); {
	case c.Err == nil:
		return c.Name + ": " + c.Found
	case errors.As(c.Err, &w):
		return c.Name + ": WARN " + string(w) + "; fix: " + c.Fix
	}
	return c.Name + ": WRONG " + c.Err.Error() + "; fix: " + c.Fix
}

func TestChecksWell(t *testing.T) {
	t.Parallel()
	w := checkOpen(t)
	got := w.lines(t)
	want := []string{
		"teams login: app " + checkApp + " of tenant " + checkTenant, "teams token: for https://api.botframework.com",
		"teams keys: 2, of which 2 may sign for Teams", "teams services: WARN teams.service_urls: " + w.ServiceURL() + " is this machine",
		"teams ROOM: the app is in it, and may look up its messages", "teams catalog: it may install itself for people", "teams clock: ",
	}
	if !slices.EqualFunc(got, want, strings.HasPrefix) || strings.Contains(strings.Join(got[4:], ""), ": W") {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}

// What is not needed is not asked for: without rooms and catalog nothing of Graph.
func TestChecksAskNoMore(t *testing.T) {
	t.Parallel()
	w := checkOpen(t)
	w.conf.CatalogID = ""
	var names []string
	for _, c := range Checks(t.Context(), w.conf, &http.Client{Transport: w.door}, nil, nil) {
		names = append(names, c.Name)
	}
	if want := []string{"teams login", "teams token", "teams keys", "teams services", "teams clock"}; !slices.Equal(names, want) {
		t.Errorf("%q", names)
	}
	if n := len(w.Calls("login")); n != 1 {
		t.Errorf("%d logins", n)
	}
	if got := w.conf.checkServices(); got.Err == nil {
		t.Error("an address of this machine is not told")
	}
	w.conf.ServiceURLs = []string{"https://smba.trafficmanager.net/"}
	if got := checkLine(w.conf.checkServices()); got != "teams services: tokens go to https://smba.trafficmanager.net/" {
		t.Errorf("%q", got)
	}
	w.conf.ServiceURLs = []string{"http://smba.trafficmanager.net/"}
	if got := checkLine(w.conf.checkServices()); !strings.Contains(got, "WRONG") {
		t.Errorf("%q", got)
	}
}
