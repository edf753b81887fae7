package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// Person is somebody with an account of our own. Chat lists the subjects that
// the person has on chat platforms.
type Person struct {
	ID, Name string
	Roles    []string
	Chat     []string
}

// AddPerson adds a person, or replaces the one with this ID.
func (db *DB) AddPerson(ctx context.Context, org string, p Person) error {
	if _, err := db.of(org); err != nil {
		return fmt.Errorf("add person: %w", err)
	}
	roles, err := encode(p.Roles)
	if err != nil {
		return err
	}
	chat, err := encode(p.Chat)
	if err != nil {
		return err
	}
	return db.changePolicy(ctx, org, "add person", func(tx *gorm.DB) (bool, error) {
		return true, tx.Exec(`INSERT INTO people (org, id, name, roles, chat) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (org, id) DO UPDATE SET name = excluded.name, roles = excluded.roles, chat = excluded.chat`,
			org, p.ID, p.Name, roles, chat).Error
	})
}

// People lists an Org's people by id.
func (db *DB) People(ctx context.Context, org string) ([]Person, error) {
	type personRow struct{ ID, Name, Roles, Chat string }
	rows, err := many[personRow](db.read(ctx), "SELECT id, name, roles, chat FROM people WHERE org = ? ORDER BY id", org)
	if err != nil {
		return nil, fmt.Errorf("read people: %w", err)
	}
	var all []Person
	for _, r := range rows {
		p := Person{ID: r.ID, Name: r.Name}
		if err := decode(r.Roles, &p.Roles); err != nil {
			return nil, err
		}
		if err := decode(r.Chat, &p.Chat); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}
