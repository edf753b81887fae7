package registry

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
	pgp "github.com/ProtonMail/go-crypto/openpgp/errors"
)

// vouch checks that the published list of checksums names the archive with the
// registry's own checksum, and who signed the list. The signer is empty when the
// registry knows no key of the provider's author: then there is nothing to check
// against.
func (c *Client) vouch(ctx context.Context, r release) (signer string, err error) {
	sums, err := c.linked(ctx, r, r.Sums)
	if err != nil {
		return "", err
	}
	if sum, ok := sumOf(sums, r.Filename); !ok || sum != r.Sum {
		return "", refuse("the published checksums do not name %.*q with the registry's checksum", partLimit, r.Filename)
	}
	if len(r.Keys.GPG) == 0 {
		return "", nil
	}
	signature, err := c.linked(ctx, r, r.Sign)
	if err != nil {
		return "", err
	}
	return r.signer(sums, signature)
}

// sumOf looks a file up in a list of checksums: on each line a sum in hex and a
// name. A name that is there twice with different sums is not there.
func sumOf(sums []byte, name string) (sum string, ok bool) {
	for line := range strings.Lines(string(sums)) {
		f := strings.Fields(line)
		if len(f) != 2 || strings.TrimPrefix(f[1], "*") != name {
			continue
		}
		if s := strings.ToLower(f[0]); ok && s != sum {
			return "", false
		}
		sum, ok = strings.ToLower(f[0]), true
	}
	return sum, ok
}

// signer is the id of the key that signed. The keys come from the registry itself,
// so a signature says that the list is the author's as far as the registry is
// honest. A key that has expired since still tells who it was, as for OpenTofu.
func (r release) signer(sums, signature []byte) (string, error) {
	for _, k := range r.Keys.GPG {
		ring, err := openpgp.ReadArmoredKeyRing(strings.NewReader(k.Armor))
		if err != nil {
			return "", &RefusedError{"the registry gives a signing key that cannot be read", err}
		}
		who, err := openpgp.CheckDetachedSignature(ring, bytes.NewReader(sums), bytes.NewReader(signature), nil)
		switch {
		case errors.Is(err, pgp.ErrUnknownIssuer):
			continue
		case who == nil || err != nil && !errors.Is(err, pgp.ErrKeyExpired) && !errors.Is(err, pgp.ErrSignatureExpired):
			return "", &RefusedError{"the signature of the published checksums is wrong", err}
		}
		return who.PrimaryKey.KeyIdString(), nil
	}
	return "", refuse("the published checksums are signed by none of the registry's keys for this provider")
}
