package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
)

// discovery is where a host says which services it has.
const discovery = "/.well-known/terraform.json"

// release is what a registry says of one version for one platform.
type release struct {
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	Filename string `json:"filename"`
	Archive  string `json:"download_url"`
	Sum      string `json:"shasum"` // SHA-256 of the archive
	Sums     string `json:"shasums_url"`
	Sign     string `json:"shasums_signature_url"`
	Keys     struct {
		GPG []struct {
			Armor string `json:"ascii_armor"`
		} `json:"gpg_public_keys"`
	} `json:"signing_keys"`

	from *url.URL
}

// service finds where a host's registry of providers is.
func (c *Client) service(ctx context.Context, host string) (*url.URL, error) {
	b, from, err := c.read(ctx, &url.URL{Scheme: "https", Host: host, Path: discovery})
	if r := (*RefusedError)(nil); errors.As(err, &r) {
		return nil, &RefusedError{host + " is no registry: " + r.Why, err}
	}
	if err != nil {
		return nil, err
	}
	base, err := parseServices(b)
	if err != nil {
		return nil, &RefusedError{host + " is no registry of providers: " + err.Error(), err}
	}
	return from.ResolveReference(base), nil
}

func parseServices(b []byte) (*url.URL, error) {
	var all map[string]any
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, errors.New("what it says of its services is not JSON")
	}
	s, _ := all["providers.v1"].(string)
	if s == "" {
		return nil, errors.New("it has no service providers.v1")
	}
	return url.Parse(strings.TrimSuffix(s, "/") + "/")
}

// release asks what there is of a version.
func (c *Client) release(ctx context.Context, l Locked, platform string) (release, error) {
	base, err := c.service(ctx, l.Provider.Host)
	if err != nil {
		return release{}, err
	}
	system, arch, _ := strings.Cut(platform, "_")
	b, from, err := c.read(ctx, base.JoinPath(l.Provider.Namespace, l.Provider.Type, l.Version, "download", system, arch))
	if err != nil {
		return release{}, err
	}
	r, err := parseRelease(b, system, arch)
	r.from = from
	return r, err
}

func parseRelease(b []byte, system, arch string) (r release, err error) {
	if err := json.Unmarshal(b, &r); err != nil {
		return r, &RefusedError{"the registry's answer is not JSON as the protocol has it", err}
	}
	sum, err := hex.DecodeString(r.Sum)
	switch {
	case r.OS != system || r.Arch != arch:
		return r, refuse("the registry answers for another platform, %.*q", partLimit, r.OS+"_"+r.Arch)
	case err != nil || len(sum) != sha256.Size:
		return r, refuse("the registry gives no SHA-256")
	case r.Archive == "" || r.Sums == "" || r.Sign == "" || r.Filename == "":
		return r, refuse("the registry does not say where archive, checksums and signature are")
	}
	r.Sum = strings.ToLower(r.Sum)
	return r, nil
}

// link reads an address that stands in the answer.
func (r release) link(ref string) (*url.URL, error) {
	u, err := r.from.Parse(ref)
	if err != nil {
		return nil, refuse("the registry gives a link that cannot be read")
	}
	return u, nil
}

// linked reads something small that the answer links to.
func (c *Client) linked(ctx context.Context, r release, ref string) ([]byte, error) {
	u, err := r.link(ref)
	if err != nil {
		return nil, err
	}
	b, _, err := c.read(ctx, u)
	return b, err
}
