package registry_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"

	"interlock/adapters/registry"
	"interlock/adapters/registry/registrytest"
)

const (
	releaseAt  = "registry.example/v1/providers/acme/dns/1.2.3/download/linux/amd64"
	archiveAt  = "files.registry.example/terraform-provider-dns_1.2.3_linux_amd64.zip"
	servicesAt = "registry.example/.well-known/terraform.json"
)

// publish offers the scene's archive anew, with an answer that was spoilt.
func (s *scene) publish(t *testing.T, spoil func(*registrytest.Release)) {
	t.Helper()
	s.Publish(t, dns, version, platform, s.archive, spoil)
}

// offer is another archive than the lock file knows, published in good order.
func (s *scene) offer(t *testing.T, archive []byte) {
	t.Helper()
	s.Publish(t, dns, version, platform, archive, nil)
}

func to(where string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, where, http.StatusFound) }
}

func code(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(n) }
}

// refused are worlds in which nothing may be kept, and what is said then.
var refused = map[string]struct {
	spoil func(*testing.T, *scene)
	want  string
}{
	"checksum of the registry": {func(t *testing.T, s *scene) {
		s.publish(t, func(r *registrytest.Release) { r.Sum = strings.Repeat("ab", 32) })
	}, "not what the registry says"},
	"checksum not in the list": {func(_ *testing.T, s *scene) {
		s.Answers["registry.example/sums"] = registrytest.Answer(strings.Repeat("ab", 32) + "  terraform-provider-dns_1.2.3_linux_amd64.zip\n")
	}, "do not name"},
	"another file's checksum": {func(t *testing.T, s *scene) {
		s.publish(t, func(r *registrytest.Release) { r.Filename = "another.zip" })
	}, "do not name"},
	"no checksum":  {func(t *testing.T, s *scene) { s.publish(t, func(r *registrytest.Release) { r.Sum = "" }) }, "no SHA-256"},
	"no signature": {func(_ *testing.T, s *scene) { delete(s.Answers, "registry.example/sums.sig") }, "does not have it (404)"},
	"bad signature": {func(_ *testing.T, s *scene) {
		s.Answers["registry.example/sums.sig"] = registrytest.Answer("no signature")
	}, "signature of the published checksums is wrong"},
	"signature of another text": {func(t *testing.T, s *scene) {
		sign := s.Answers["registry.example/sums.sig"]
		s.archive = registrytest.Zip(t, registrytest.Member{Name: "terraform-provider-dns", Body: "other"})
		s.publish(t, nil)
		s.Answers["registry.example/sums.sig"] = sign
	}, "signature of the published checksums is wrong"},
	"signed by somebody": {func(t *testing.T, s *scene) {
		other, err := openpgp.NewEntity("x", "", "x@example.org", nil)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := openpgp.DetachSign(&b, other, strings.NewReader("x"), nil); err != nil {
			t.Fatal(err)
		}
		s.Answers["registry.example/sums.sig"] = registrytest.Answer(b.String())
	}, "none of the registry's keys"},
	"key that is none": {func(t *testing.T, s *scene) {
		s.publish(t, func(r *registrytest.Release) {
			r.Keys = map[string]any{"gpg_public_keys": []any{map[string]any{"ascii_armor": "x"}}}
		})
	}, "key that cannot be read"},
	"not in the lock file": {func(_ *testing.T, s *scene) { s.lock.Hashes = []string{"h1:other=", "zh:00"} }, "not what the lock file says: neither zh:"},
	"no hash":              {func(_ *testing.T, s *scene) { s.lock.Hashes = nil }, "no hash"},
	"other version":        {func(_ *testing.T, s *scene) { s.lock.Version = "1.2.4" }, "does not have it (404)"},
	"other platform": {func(t *testing.T, s *scene) {
		s.publish(t, func(r *registrytest.Release) { r.Arch = "arm64" })
	}, "another platform"},
	"no registry":        {func(_ *testing.T, s *scene) { clear(s.Answers) }, "registry.example is no registry: registry.example does not have it (404)"},
	"no such service":    {func(_ *testing.T, s *scene) { s.Answers[servicesAt] = registrytest.Answer(`{"modules.v1":"/m/"}`) }, "no service providers.v1"},
	"services not JSON":  {func(_ *testing.T, s *scene) { s.Answers[servicesAt] = registrytest.Answer(`<html>`) }, "not JSON"},
	"release not JSON":   {func(_ *testing.T, s *scene) { s.Answers[releaseAt] = registrytest.Answer(`[]`) }, "not JSON"},
	"wants a credential": {func(_ *testing.T, s *scene) { s.Answers[releaseAt] = code(http.StatusUnauthorized) }, "wants a credential (401)"},
	"endless answer":     {func(_ *testing.T, s *scene) { s.Answers[releaseAt] = registrytest.Answer(strings.Repeat(" ", 5<<20)) }, "more than 4194304 bytes"},
	"service without TLS": {func(_ *testing.T, s *scene) {
		s.Answers[servicesAt] = registrytest.Answer(`{"providers.v1":"http://registry.example/v1/"}`)
	}, "only https"},
	"archive without TLS": {func(t *testing.T, s *scene) {
		s.publish(t, func(r *registrytest.Release) { r.Archive = "http" + strings.TrimPrefix(r.Archive, "https") })
	}, "only https"},
	"archive of a file": {func(t *testing.T, s *scene) {
		s.publish(t, func(r *registrytest.Release) { r.Archive = "file:///etc/passwd" })
	}, "only https"},
	"with a password": {func(t *testing.T, s *scene) {
		s.publish(t, func(r *registrytest.Release) { r.Archive = "https://a:b@other.example/x" })
	}, "only https"},
	"sent to no TLS":  {func(_ *testing.T, s *scene) { s.Answers[archiveAt] = to("http://other.example/x") }, "only https"},
	"sent in circles": {func(_ *testing.T, s *scene) { s.Answers[archiveAt] = to("https://" + archiveAt) }, "more than 5 times"},
	"sent inside":     {func(_ *testing.T, s *scene) { s.Answers[archiveAt] = to("https://10.1.2.3/x") }, "only public addresses"},
	"sent to itself":  {func(_ *testing.T, s *scene) { s.Answers[archiveAt] = to("https://127.0.0.1:8080/x") }, "only public addresses"},
	"name of inside": {func(_ *testing.T, s *scene) {
		s.Addresses["files.registry.example"] = []netip.Addr{netip.MustParseAddr("9.9.9.9"), netip.MustParseAddr("::ffff:169.254.169.254")}
	}, "only public addresses"},
	"registry inside": {func(_ *testing.T, s *scene) { s.Addresses[dns.Host] = []netip.Addr{netip.MustParseAddr("fd00::1")} }, "only public addresses"},
	"too large": {func(_ *testing.T, s *scene) {
		s.Answers[archiveAt] = func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "1048577") }
	}, "larger than 1048576 bytes"},
	"too large, unsaid": {func(_ *testing.T, s *scene) {
		s.Answers[archiveAt] = func(w http.ResponseWriter, _ *http.Request) {
			for range 1025 {
				_, _ = w.Write(make([]byte, 1024))
			}
		}
	}, "larger than 1048576 bytes"},
	"no archive":    {func(t *testing.T, s *scene) { s.offer(t, []byte("text")) }, "cannot be read"},
	"empty archive": {func(t *testing.T, s *scene) { s.offer(t, registrytest.Zip(t)) }, "no program terraform-provider-dns"},
	"too many": {func(t *testing.T, s *scene) {
		many := make([]registrytest.Member, 10_001)
		for i := range many {
			many[i].Name = strconv.Itoa(i)
		}
		s.offer(t, registrytest.Zip(t, many...))
	}, "more than 10000 members"},
	"bomb":        {member(registrytest.Member{Name: "zeros", Body: strings.Repeat("\x00", 1<<20)}), "holds more than 1048576 bytes"},
	"zip slip":    {member(registrytest.Member{Name: "../evil"}), "bad name"},
	"deep slip":   {member(registrytest.Member{Name: "a/../../evil"}), "bad name"},
	"absolute":    {member(registrytest.Member{Name: "/etc/evil"}), "bad name"},
	"backslash":   {member(registrytest.Member{Name: `..\evil`}), "bad name"},
	"line break":  {member(registrytest.Member{Name: "a\nb"}), "bad name"},
	"no name":     {member(registrytest.Member{Name: ""}), "bad name"},
	"symlink":     {member(registrytest.Member{Name: "link", Body: "/etc/passwd", Mode: fs.ModeSymlink | 0o777}), "no plain file"},
	"device":      {member(registrytest.Member{Name: "dev", Mode: fs.ModeDevice | 0o666}), "no plain file"},
	"twice":       {member(registrytest.Member{Name: "LICENSE", Body: "again"}), "twice"},
	"file as dir": {member(registrytest.Member{Name: "LICENSE/x", Body: "x"}), "a file where it has a folder"},
	"size is a lie": {func(t *testing.T, s *scene) {
		s.offer(t, lie(t))
	}, "damaged"},
}

// member offers an archive with one member too many.
func member(m registrytest.Member) func(*testing.T, *scene) {
	return func(t *testing.T, s *scene) { s.offer(t, registrytest.Zip(t, append(members(), m)...)) }
}

// lie is an archive whose directory says one byte less of the first member.
func lie(t *testing.T) []byte {
	b := registrytest.Zip(t, members()...)
	at := bytes.Index(b, []byte("PK\x01\x02"))
	if n := binary.LittleEndian.Uint32(b[at+24:]); n != uint32(len("program")) {
		t.Fatalf("the archive says %d bytes", n)
	}
	binary.LittleEndian.PutUint32(b[at+24:], uint32(len("program")-1))
	return b
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range refused {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			c.spoil(t, s)
			r, err := s.fetch(t)
			no := (*registry.RefusedError)(nil)
			if !errors.As(err, &no) || !strings.Contains(err.Error(), c.want) || r.State != "" {
				t.Errorf("%+v, %v", r, err)
			}
			if has := s.has(t); len(has) != 1 {
				t.Errorf("left behind: %v", has)
			}
		})
	}
}

// What may be otherwise the next time is no refusal, and leaves nothing either.
func TestFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*scene)
		want  string
	}{
		"down": {func(s *scene) { s.Answers[releaseAt] = code(http.StatusBadGateway) }, "registry.example answers 502"},
		"cut": {func(s *scene) {
			s.Answers[archiveAt] = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", strconv.Itoa(len(s.archive)))
				_, _ = w.Write(s.archive[:len(s.archive)/2])
			}
		}, "unexpected EOF"},
		"not its certificate": {func(s *scene) { s.Answers[archiveAt] = to("https://unknown.example/?token=hush") }, "certificate"},
		"no address":          {func(s *scene) { s.Addresses[dns.Host] = []netip.Addr{} }, "no address"},
	} {
		s := newScene(t)
		c.spoil(s)
		r, err := s.fetch(t)
		no := (*registry.RefusedError)(nil)
		if err == nil || errors.As(err, &no) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hush") || r.State != "" {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if has := s.has(t); len(has) != 1 {
			t.Errorf("%s: left behind: %v", name, has)
		}
	}
}

func TestStops(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	m := s.open(t)
	defer func() { _ = m.Close() }()
	ctx, stop := context.WithCancel(t.Context())
	s.Answers[archiveAt] = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		stop()
		<-r.Context().Done()
	}
	if _, err := m.Fetch(ctx, s.lock); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// What is allowed beside the plainest case.
func TestTakes(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*testing.T, *scene){
		"another host": func(_ *testing.T, s *scene) {
			s.Answers["other.example/x"] = s.Answers[archiveAt]
			s.Answers[archiveAt] = to("https://other.example/x")
		},
		"folders": func(t *testing.T, s *scene) {
			s.offer(t, registrytest.Zip(t, append(members(), registrytest.Member{Name: "doc/", Mode: fs.ModeDir | 0o755})...))
			_, h1 := registrytest.Hashes(t, s.archive)
			s.lock.Hashes = []string{h1} // an empty folder is nothing
		},
		"base elsewhere": func(_ *testing.T, s *scene) {
			s.Answers[servicesAt] = registrytest.Answer(`{"providers.v1":"https://other.example/api"}`)
			s.Answers["other.example/api/acme/dns/1.2.3/download/linux/amd64"] = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://"+releaseAt, http.StatusMovedPermanently)
			}
		},
	} {
		s := newScene(t)
		spoil(t, s)
		if r, err := s.fetch(t); err != nil || r.State != registry.Fetched || r.Signer == "" {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	s := newScene(t)
	s.Key = nil
	s.offer(t, s.archive)
	if r, err := s.fetch(t); err != nil || r != (registry.Result{State: registry.Fetched}) {
		t.Errorf("no key: %+v, %v", r, err)
	}
}
