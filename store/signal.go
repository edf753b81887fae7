package store

import "sync"

// hub wakes those who wait in this process. A signal that nobody has taken yet
// stands for the next ones too.
type hub struct {
	mu   sync.Mutex
	subs map[chan struct{}]struct{}
}

func (h *hub) subscribe() (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.subs == nil {
		h.subs = map[chan struct{}]struct{}{}
	}
	h.subs[ch] = struct{}{}
	return ch, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.subs, ch)
	}
}

func (h *hub) signal() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for ch := range h.subs {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// hubs is a hub for each Org.
type hubs struct {
	mu  sync.Mutex
	all map[string]*hub
}

func (h *hubs) of(org string) *hub {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all == nil {
		h.all = map[string]*hub{}
	}
	if h.all[org] == nil {
		h.all[org] = &hub{}
	}
	return h.all[org]
}
