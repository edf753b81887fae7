package teams

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// place is where a conversation is reached, or a person: what a message that nobody
// asked for needs.
type place struct {
	Service string `json:"service"`         // the connector's address
	Tenant  string `json:"tenant"`          //
	Kind    string `json:"kind,omitempty"`  // of a conversation
	Team    string `json:"team,omitempty"`  // that a channel is in
	Group   string `json:"group,omitempty"` // the same, as Entra names it
	User    string `json:"user,omitempty"`  // of a person: the id that the connector knows
	Chat    string `json:"chat,omitempty"`  // of a person: the direct conversation
	Seen    string `json:"seen,omitempty"`  // of a person: a conversation that they are in
	Greeted bool   `json:"greeted,omitempty"`
}

// places are kept by the store, and those of late in mind too. They are safe for
// concurrent use.
type places struct {
	store Places

	writing sync.Mutex // one change at a time: each stands on the one before

	mu  sync.Mutex
	all map[string]place
}

// mostPlaces is how many are kept in mind; the rest is read again.
const mostPlaces = 20_000

func newPlaces(s Places) *places { return &places{store: s, all: map[string]place{}} }

func conversationPlace(id string) string { return "conversation/" + base(id) }

func personPlace(tenant, id string) string { return "person/" + tenant + "/" + id }

// tenantPlace is where a tenant was reached last: for who was never heard of.
func tenantPlace(tenant string) string { return "tenant/" + tenant }

func (s *places) find(ctx context.Context, org, id string) (place, error) {
	s.mu.Lock()
	pl, ok := s.all[org+"\x00"+id]
	s.mu.Unlock()
	if ok {
		return pl, nil
	}
	b, err := s.store.Place(ctx, org, id)
	if err != nil {
		return place{}, fmt.Errorf("find place: %w", err)
	}
	if b == nil {
		return place{}, nil
	}
	if err := json.Unmarshal(b, &pl); err != nil {
		return place{}, fmt.Errorf("find place %s: %w", id, err)
	}
	s.remember(org, id, pl)
	return pl, nil
}

func (s *places) remember(org, id string, pl place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.all) >= mostPlaces {
		clear(s.all)
	}
	s.all[org+"\x00"+id] = pl
}

// change keeps what is new of a place, and writes nothing where nothing is.
func (s *places) change(ctx context.Context, org, id string, edit func(*place)) error {
	was, err := s.find(ctx, org, id)
	if err != nil {
		return err
	}
	is := was
	if edit(&is); is == was {
		return nil
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if was, err = s.find(ctx, org, id); err != nil {
		return err
	}
	is = was
	edit(&is)
	b, err := json.Marshal(is)
	if err == nil {
		err = s.store.PutPlace(ctx, org, id, b)
	}
	if err != nil {
		return fmt.Errorf("keep place: %w", err)
	}
	s.remember(org, id, is)
	return nil
}

// note keeps where an activity came from.
func (p *Platform) note(ctx context.Context, org string, a activity) error {
	tenant := a.tenant()
	err := p.places.change(ctx, org, tenantPlace(tenant), func(pl *place) { pl.Service, pl.Tenant = a.ServiceURL, tenant })
	if err == nil && a.Conversation.ID != "" {
		err = p.places.change(ctx, org, conversationPlace(a.Conversation.ID), func(pl *place) {
			pl.Service, pl.Tenant, pl.Kind = a.ServiceURL, tenant, a.kind()
			pl.Team, pl.Group = first(a.Data.Team.ID, pl.Team), first(a.Data.Team.Group, pl.Group)
		})
	}
	if id := strings.ToLower(a.From.AadObjectID); err == nil && id != "" && a.From.ID != "" {
		err = p.places.change(ctx, org, personPlace(tenant, id), func(pl *place) {
			pl.Service, pl.Tenant, pl.User = a.ServiceURL, tenant, a.From.ID
			pl.Seen = first(pl.Seen, base(a.Conversation.ID))
			if a.Conversation.ConversationType == inPersonal && (a.Type == "message" || a.Type == "installationUpdate") {
				pl.Chat = a.Conversation.ID
			}
		})
	}
	return err
}
