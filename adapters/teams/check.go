package teams

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// checkTimeout bounds each question to Microsoft.
const checkTimeout = 10 * time.Second

// Check is one thing that was looked at. A nil Err is right; a Warning should be
// known and may be meant; Fix is what to do.
type Check struct {
	Name, Found, Fix string
	Err              error
}

// Warning is an error of a Check that works nevertheless.
type Warning string

func (w Warning) Error() string { return string(w) }

// Room is a conversation that the bot is to work in, by Teams' own id for it.
type Room struct{ Org, ID string }

// Checks asks Microsoft whether it would all work: the registration, its token, the
// signing keys, where tokens may go, each room, the installing for people, and the
// clock. It posts nothing and keeps nothing. Where rooms are is read from places;
// nil knows of none. A nil client is one of our own.
func Checks(ctx context.Context, c Config, client *http.Client, places Places, rooms []Room) []Check {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout*time.Duration(5+2*len(rooms)))
	defer cancel()
	e := newExam(c, client, places)
	token, login := e.login(ctx, e.p.login, "teams login")
	all := []Check{login}
	if login.Err == nil {
		all = append(all, checkToken(c, token))
	}
	all = append(all, e.keys(ctx), c.checkServices())
	if login.Err == nil && (len(rooms) > 0 || c.CatalogID != "") {
		all = append(all, e.graph(ctx, rooms)...)
	}
	if clock, ok := e.clock.check(); ok {
		all = append(all, clock)
	}
	return all
}

// exam is one round of questions, by a platform that hears nobody.
type exam struct {
	p     *Platform
	clock *clock
}

func newExam(c Config, client *http.Client, places Places) *exam {
	if client == nil {
		client = &http.Client{}
	}
	own, k := *client, &clock{next: client.Transport}
	own.Transport, own.Timeout = k, checkTimeout
	graph := c
	graph.Scope = c.GraphScope
	return &exam{clock: k, p: &Platform{
		opt: Options{Config: c, HTTP: &own, Log: slog.New(slog.DiscardHandler)}, now: time.Now, pace: newPace(), places: newPlaces(readOnly{places}),
		login: newLogin(c, &own, time.Now), graph: newLogin(graph, &own, time.Now),
	}}
}

// readOnly are places that nothing is added to.
type readOnly struct{ of Places }

// Place gives what was kept, or nil.
func (r readOnly) Place(ctx context.Context, org, id string) ([]byte, error) {
	if r.of == nil {
		return nil, nil
	}
	return r.of.Place(ctx, org, id)
}

// PutPlace keeps nothing.
func (readOnly) PutPlace(context.Context, string, string, []byte) error { return nil }

func (e *exam) login(ctx context.Context, as *login, name string) (string, Check) {
	c := Check{Name: name}
	token, err := as.token(ctx)
	refused := (*loginError)(nil)
	switch {
	case errors.As(err, &refused): // which says what to do
		c.Err = err
	case err != nil:
		c.Err, c.Fix = err, "see that this machine reaches "+as.c.LoginURL
	default:
		c.Found = fmt.Sprintf("app %s of tenant %s", as.c.AppID, first(as.c.TenantID, "botframework.com, as an old registration for many"))
	}
	return token, c
}

// keys are of who signs what Teams sends.
func (e *exam) keys(ctx context.Context) Check {
	conf := e.p.opt.Config
	c := Check{Name: "teams keys", Fix: "see that this machine reaches " + conf.OpenIDURL + ": without the keys nothing that Teams sends is believed"}
	var doc struct {
		Issuer string `json:"issuer"`
	}
	from, err := url.Parse(conf.OpenIDURL)
	if err == nil {
		err = fetchJSON(ctx, within(e.p.opt.HTTP), from, &doc)
	}
	if err != nil {
		c.Err = fmt.Errorf("fetch metadata: %w", err)
		return c
	}
	set, err := fetchKeys(ctx, within(e.p.opt.HTTP), conf.OpenIDURL)
	if err != nil {
		c.Err = err
		return c
	}
	endorsed := 0
	for _, k := range set {
		if slices.Contains(k.endorsed, channelTeams) {
			endorsed++
		}
	}
	switch {
	case doc.Issuer != conf.Issuer:
		c.Err, c.Fix = fmt.Errorf("teams.openid_url is of the issuer %q, teams.issuer is %q: all that Teams sends is refused", doc.Issuer, conf.Issuer), "take both from the same cloud"
	case endorsed == 0:
		c.Err, c.Fix = errors.New("none of the keys may sign for Teams: all that it sends is refused"), "look at teams.openid_url"
	default:
		c.Found = fmt.Sprintf("%d, of which %d may sign for Teams", len(set), endorsed)
	}
	return c
}

// checkServices tells where tokens may go. Configuration takes no address that
// others could listen at; one of this machine is none of Microsoft's.
func (c Config) checkServices() Check {
	k := Check{Name: "teams services", Found: "tokens go to " + strings.Join(c.ServiceURLs, ", ")}
	for _, text := range c.ServiceURLs {
		switch u, ok := serviceAt(text); {
		case !ok || !guarded(u):
			k.Err, k.Fix = fmt.Errorf("teams.service_urls: %s is not guarded", text), "name https addresses, each with a host and a path"
			return k
		case loopback(u):
			k.Err = Warning(fmt.Sprintf("teams.service_urls: %s is this machine, which serves tests alone", text))
			k.Fix = "leave service_urls out, for Microsoft's own addresses"
		}
	}
	return k
}
