package teamstest

import (
	"cmp"
	"io"
	"net/http"
	"sync"
)

// Relay stands between a client that signs nothing, such as the Microsoft 365
// Agents Playground, and the bot. It signs what comes, for the serviceUrl that
// is in it, puts another person in it, and returns the bot's answer as it is. Its
// methods are safe for concurrent use.
type Relay struct {
	server *Server
	target string

	mu    sync.Mutex
	who   User
	next  []User
	own   string          // the connector that the bot is told of; empty leaves the client's
	back  string          // the client's connector
	heard map[string]bool // the conversations that the bot took something from
}

// Relay makes a relay to the bot's endpoint; an empty target is the server's, see
// SetEndpoint. What is empty in who stays as the client has it.
func (s *Server) Relay(target string, who User) *Relay {
	return &Relay{server: s, target: target, who: who, heard: map[string]bool{}}
}

// As says who speaks and presses from now on.
func (r *Relay) As(who User) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.who = who
}

// Next says who makes the next click that nobody was named for yet: an invoke, or
// a message with a value. What is said and typed stays as it was.
func (r *Relay) Next(who User) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next = append(r.next, who)
}

// person is who an activity comes from.
func (r *Relay) person(activity node) User {
	r.mu.Lock()
	defer r.mu.Unlock()
	click := activity.text("type") == "invoke" || activity["value"] != nil
	if !click || len(r.next) == 0 {
		return r.who
	}
	who := r.next[0]
	r.next = r.next[1:]
	return who
}

// ServeHTTP takes one activity.
func (r *Relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, largestBody))
	activity := parse(body)
	if err != nil || activity == nil || req.Method != http.MethodPost {
		http.Error(w, "The relay takes one activity in JSON by POST.", http.StatusBadRequest)
		return
	}
	if !r.readdress(activity) {
		http.Error(w, "The relay knows clients of this machine only: the serviceUrl is not on loopback.", http.StatusForbidden)
		return
	}
	impersonate(activity, r.person(activity))
	r.server.mu.Lock()
	token, target := r.server.sealed(activity.text("serviceUrl")), cmp.Or(r.target, r.server.endpoint)
	r.server.mu.Unlock()
	status, answer, err := r.server.exchange(req.Context(), target, token, encode(activity))
	if err != nil {
		http.Error(w, "The bot did not answer: "+err.Error(), http.StatusBadGateway)
		return
	}
	if status/100 == 2 {
		r.took(activity.node("conversation").text("id"))
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

// impersonate puts a person into an activity.
func impersonate(activity node, u User) {
	from := activity.part("from")
	for key, value := range map[string]string{"id": u.ID, "name": u.Name, "aadObjectId": u.ObjectID} {
		if value != "" {
			from[key] = value
		}
	}
	if u.TenantID == "" {
		return
	}
	activity.part("conversation")["tenantId"] = u.TenantID
	activity.part("channelData").part("tenant")["id"] = u.TenantID
}

// part is a part that is an object, made when there is none.
func (n node) part(key string) node {
	if o := asNode(n[key]); o != nil {
		return o
	}
	o := map[string]any{}
	n[key] = o
	return o
}
