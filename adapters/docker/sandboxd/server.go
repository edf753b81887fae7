package sandboxd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"interlock/adapters/docker"
	"interlock/agent"
)

// bodyLimit is the most bytes of a request: the files of a stack, in JSON.
const bodyLimit = 512 << 20

// Server answers on a unix socket, and only to its own user or to those of Users.
type Server struct {
	Box   *docker.Sandbox
	Rules Rules
	Users []int // ids of further users of this machine who may call
	Log   *slog.Logger

	mu      sync.Mutex
	running map[string]context.CancelFunc
	stopped []string // what was to be stopped and did not run, newest last
}

// mostStopped is how many words to stop are kept for commands that come later.
const mostStopped = 1000

// Serve answers until ctx ends, and then waits for what runs.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle("POST /create", verb(s, s.create))
	mux.Handle("POST /exec", verb(s, s.exec))
	mux.Handle("POST /write", verb(s, s.write))
	mux.Handle("POST /read", verb(s, s.read))
	mux.Handle("POST /stop", verb(s, s.stop))
	mux.Handle("POST /sweep", verb(s, s.sweep))
	h := &http.Server{
		Handler: mux, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	done := make(chan error, 1)
	go func() { done <- h.Serve(&gate{l, s.Users}) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve sandboxes: %w", err)
	case <-ctx.Done():
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	return h.Shutdown(late)
}

// verb decodes a request strictly: what is not known is not guessed.
func verb[T any](s *Server, do func(context.Context, T) (answer, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in T
		dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&in); err != nil {
			http.Error(w, "not understood: "+err.Error(), http.StatusBadRequest)
			return
		}
		out, err := do(r.Context(), in)
		status := http.StatusOK
		if err != nil {
			out.Fault = faultOf(err)
			if errors.Is(err, errRules) {
				status = http.StatusForbidden
				s.Log.WarnContext(r.Context(), "a caller asked for what is not allowed", "error", err)
			}
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(out) // a caller that left does not read it
	}
}

func (s *Server) create(ctx context.Context, c agent.Command) (answer, error) {
	if err := s.Rules.check(c); err != nil {
		return answer{}, err
	}
	return answer{}, s.Box.Ready(ctx, c)
}

// errUnsown asks the caller for the files of a seed.
var errUnsown = errors.New("the seed is wanted")

func (s *Server) exec(ctx context.Context, e execution) (answer, error) {
	if err := s.Rules.check(e.Command); err != nil {
		return answer{}, err
	}
	if e.Seed != "" {
		e.Command.Seed = &agent.Seed{Dir: e.Seed, Files: func() (map[string][]byte, error) { return nil, errUnsown }}
	}
	if e.Command.In == agent.InFresh { // it goes on without its caller, so that another one can collect
		ctx = context.WithoutCancel(ctx)
	}
	ctx, done := s.begin(ctx, e.ID)
	defer done()
	out, err := s.Box.Exec(ctx, e.Command)
	if errors.Is(err, errUnsown) {
		return answer{Unsown: true}, nil
	}
	return answer{Output: &out}, err
}

// begin is the context of one execution. The word to stop it may have come first: a
// large command takes longer to arrive.
func (s *Server) begin(ctx context.Context, id string) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.stopped, id) {
		cancel()
	}
	if s.running == nil {
		s.running = map[string]context.CancelFunc{}
	}
	s.running[id] = cancel
	return ctx, func() {
		cancel()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.running, id)
	}
}

func (s *Server) write(ctx context.Context, f filling) (answer, error) {
	return answer{}, s.Box.Sow(ctx, f.Command, f.Seed, f.Files)
}

func (s *Server) read(ctx context.Context, q question) (a answer, err error) {
	switch q.Of {
	case "output":
		if err := s.Rules.check(q.Command); err != nil {
			return a, err
		}
		out, err := s.Box.Collect(ctx, q.Command)
		return answer{Output: &out}, err
	case "image":
		a.Image, err = s.Box.Image(ctx, q.Image)
		return a, err
	case "engine":
		e, err := s.Box.Ping(ctx)
		return answer{Engine: &e}, err
	}
	return a, fmt.Errorf("read %q: %w", q.Of, errRules)
}

func (s *Server) stop(ctx context.Context, w stopping) (answer, error) {
	if w.ID == "" {
		return answer{}, s.Box.Drop(ctx, w.Org, w.Session)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if stop := s.running[w.ID]; stop != nil {
		stop()
		return answer{}, nil
	}
	s.stopped = append(s.stopped, w.ID)
	s.stopped = s.stopped[max(0, len(s.stopped)-mostStopped):]
	return answer{}, nil
}

func (s *Server) sweep(ctx context.Context, w sweeping) (a answer, err error) {
	gone := map[owned]bool{}
	for _, o := range w.Gone {
		gone[o] = true
	}
	seen := map[owned]bool{}
	a.Gone, err = s.Box.Sweep(ctx, func(_ context.Context, org, session, call string) bool {
		o := owned{org, session, call}
		seen[o] = true
		return w.Look || !gone[o]
	})
	for o := range seen {
		a.Owned = append(a.Owned, o)
	}
	return a, err
}
