package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"interlock/agent"
	"interlock/bot"
	"interlock/rbac"
)

type linkRow struct {
	Org, ID, Offered, Taken string
	Expires                 int64
	Done                    int
}

func (r linkRow) link() (l bot.Link, err error) {
	l = bot.Link{ID: r.ID, Org: r.Org, Expires: moment(r.Expires), Done: r.Done != 0}
	if err = decode(r.Offered, &l.From); err == nil && r.Taken != "" {
		err = decode(r.Taken, &l.To)
	}
	return l, err
}

// PutLink keeps an offer.
func (db *DB) PutLink(ctx context.Context, l bot.Link) error {
	if _, err := db.of(l.Org); err != nil {
		return agent.ErrNotFound
	}
	from, err := encode(l.From)
	if err != nil {
		return err
	}
	err = db.write(ctx, func(tx *gorm.DB) error {
		return tx.Exec("INSERT INTO links (org, id, offered, expires) VALUES (?, ?, ?, ?)", l.Org, l.ID, from, micros(l.Expires)).Error
	})
	if err != nil {
		return fmt.Errorf("keep link: %w", err)
	}
	return nil
}

// Link gives an offer.
func (db *DB) Link(ctx context.Context, org, id string) (bot.Link, error) {
	r, err := link(db.read(ctx), org, id)
	if err != nil {
		return bot.Link{}, err
	}
	return r.link()
}

// TakeLink sets who takes an offer up, once and in time.
func (db *DB) TakeLink(ctx context.Context, org, id string, to rbac.Actor) (l bot.Link, err error) {
	taken, err := encode(to)
	if err != nil {
		return l, err
	}
	err = db.changePolicy(ctx, org, "take link", func(tx *gorm.DB) (bool, error) {
		n, err := exec(tx, "UPDATE links SET taken = ? WHERE org = ? AND id = ? AND taken = '' AND expires > ?", taken, org, id, nowMicros())
		if err != nil {
			return false, err
		}
		r, err := link(tx, org, id)
		if err != nil {
			return false, err
		}
		if n == 0 {
			return false, agent.ErrRaced
		}
		l, err = r.link()
		return false, err
	})
	return l, err
}

func link(tx *gorm.DB, org, id string) (linkRow, error) {
	r, ok, err := one[linkRow](tx, "SELECT * FROM links WHERE org = ? AND id = ?", org, id)
	if err == nil && !ok {
		return r, agent.ErrNotFound
	}
	return r, err
}

// JoinLink makes the identity the person's, once.
func (db *DB) JoinLink(ctx context.Context, org, id, person string, identity rbac.Actor) error {
	return db.changePolicy(ctx, org, "join link", func(tx *gorm.DB) (bool, error) {
		n, err := exec(tx, "UPDATE links SET done = 1 WHERE org = ? AND id = ? AND taken <> '' AND done = 0 AND expires > ?", org, id, nowMicros())
		if err != nil {
			return false, err
		}
		if _, err := link(tx, org, id); err != nil {
			return false, err
		}
		if n == 0 {
			return false, agent.ErrRaced
		}
		n, err = exec(tx, `INSERT INTO identities (org, platform, tenant, id, person, at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (org, platform, tenant, id) DO NOTHING`, org, identity.Platform, identity.Tenant, identity.ID, person, nowMicros())
		if err == nil && n == 0 {
			err = agent.ErrRaced
		}
		return true, err
	})
}

// Unlink takes an identity from a person.
func (db *DB) Unlink(ctx context.Context, org, person string, identity rbac.Actor) error {
	return db.changePolicy(ctx, org, "unlink", func(tx *gorm.DB) (bool, error) {
		n, err := exec(tx, "DELETE FROM identities WHERE org = ? AND platform = ? AND tenant = ? AND id = ? AND person = ?",
			org, identity.Platform, identity.Tenant, identity.ID, person)
		if err == nil && n == 0 {
			err = agent.ErrNotFound
		}
		return true, err
	})
}

// Identities are those that people linked themselves, by person.
func (db *DB) Identities(ctx context.Context, org string) (map[string][]rbac.Actor, error) {
	type identityRow struct{ Platform, Tenant, ID, Person string }
	rows, err := many[identityRow](db.read(ctx), "SELECT platform, tenant, id, person FROM identities WHERE org = ? ORDER BY at, platform, tenant, id", org)
	if err != nil {
		return nil, fmt.Errorf("read identities: %w", err)
	}
	all := map[string][]rbac.Actor{}
	for _, r := range rows {
		all[r.Person] = append(all[r.Person], rbac.Actor{Platform: r.Platform, Tenant: r.Tenant, ID: r.ID})
	}
	return all, nil
}
