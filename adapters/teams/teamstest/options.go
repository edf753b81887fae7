package teamstest

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"time"
)

// shortestPatience is what a bot that is well needs on a busy machine.
const shortestPatience = 500 * time.Millisecond

// complete fills in what a test did not care to say.
func (o Options) complete() Options {
	o.Addr = cmp.Or(o.Addr, "127.0.0.1:0")
	o.TenantID = cmp.Or(o.TenantID, guid("tenant"))
	o.Region = cmp.Or(o.Region, "emea")
	o.AppID = cmp.Or(o.AppID, guid("app"))
	o.AppPassword = cmp.Or(o.AppPassword, "secret-of-the-test")
	o.BotName = cmp.Or(o.BotName, "bot")
	o.CatalogID = cmp.Or(o.CatalogID, guid("catalog"))
	o.TokenLife = cmp.Or(o.TokenLife, time.Hour)
	o.Scale = cmp.Or(o.Scale, 1)
	o.Patience = cmp.Or(o.Patience, max(shortestPatience, time.Duration(float64(5*time.Second)/o.Scale)))
	return o
}

// path is where the connector is.
func (o Options) path() string { return "/" + o.Region + "/" + o.TenantID + "/" }

// bot is the bot's id in conversations.
func (o Options) bot() string { return "28:" + o.AppID }

// scaled is a duration of Teams' in the time of this server.
func (s *Server) scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) / s.opts.Scale)
}

// digest makes ids that stay the same from run to run, out of names.
func digest(name string) [32]byte { return sha256.Sum256([]byte(name)) }

// guid is a GUID that belongs to a name.
func guid(name string) string {
	d := digest(name)
	h := hex.EncodeToString(d[:16])
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:]
}

// opaque is the second half of an id that only Teams understands.
func opaque(name string) string {
	d := digest(name)
	return "1" + base64.RawURLEncoding.EncodeToString(d[:])
}

// serial is an id of which nothing but uniqueness is asked, in the next tenant of
// the same test, too.
func serial(prefix string) string { return prefix + guid(rand.Text()) }

// newClient is how Teams calls the bot: it follows no redirects.
func newClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 64},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
