package config

import (
	"errors"
	"strings"
)

// Identity is who somebody is in one chat.
type Identity struct{ Platform, Tenant, ID string }

var errIdentity = errors.New(`must be "platform:id" or "platform:tenant/id"`)

// ParseIdentity reads "platform:id" or "platform:tenant/id".
func ParseIdentity(text string) (Identity, error) {
	platform, id, ok := strings.Cut(text, ":")
	tenant, rest, both := strings.Cut(id, "/")
	if !both {
		tenant, rest = "", id
	}
	i := Identity{platform, tenant, rest}
	if !ok || !word.MatchString(platform) || rest == "" || both && tenant == "" || strings.ContainsFunc(id, unprintable) {
		return Identity{}, errIdentity
	}
	return i, nil
}

func unprintable(r rune) bool { return r <= ' ' || r == 0x7f }

// Identities are the chat identities of a person with this id. Without any,
// the built-in console knows them by the id. Those that do not parse are left
// out; Validate reports them.
func (p Person) Identities(id string) (all []Identity) {
	if len(p.Chat) == 0 {
		return []Identity{{Platform: "console", ID: id}}
	}
	for _, text := range p.Chat {
		if i, err := ParseIdentity(text); err == nil {
			all = append(all, i)
		}
	}
	return all
}

// Rooms are the channels where a stack's details may be shown, the first being
// its own.
func (s Stack) Rooms() (rooms []string) {
	if s.Channel != "" {
		rooms = append(rooms, s.Channel)
	}
	return append(rooms, s.Channels...)
}
