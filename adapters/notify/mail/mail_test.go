package mail

import (
	"context"
	"errors"
	"flag"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"interlock/adapters/notify/servicetest"
	"interlock/bot"
	"interlock/bot/notify"
	"interlock/config"
)

var update = flag.Bool("update", false, "write what was found into the golden files")

func sender(t *testing.T, s *server, more ...string) *Sender {
	t.Helper()
	lines := append([]string{"server: " + s.addr, "from: interlock@example.com", "to: [ops@example.com]"}, more...)
	m, err := New(servicetest.Service(t, config.Mail, lines...), Options{RootCAs: s.roots})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// parts reads a message as a mail program does.
func parts(t *testing.T, text string) (*netmail.Message, map[string]string) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return m, found
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(p) // which undoes quoted-printable
		if err != nil {
			t.Fatal(err)
		}
		if p.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			b, _ = io.ReadAll(quotedprintable.NewReader(strings.NewReader(string(b))))
		}
		kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		found[kind] = strings.ReplaceAll(string(b), "\r\n", "\n")
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		server *server
		lines  []string
	}{
		"starttls": {&server{startTLS: true}, []string{"user: bot", "password: env:SERVICE_KEY"}},
		"tls":      {&server{tls: true}, []string{"tls: tls", "user: bot", "password: env:SERVICE_KEY"}},
		"none":     {&server{}, []string{"tls: none"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := c.server.start(t)
			if err := sender(t, s, c.lines...).Send(t.Context(), servicetest.Message(notify.Warning)); err != nil {
				t.Fatal(err)
			}
			if len(s.got()) != 1 {
				t.Fatalf("%d mails", len(s.got()))
			}
			m, body := parts(t, s.got()[0])
			for h, want := range map[string]string{
				"From": "<interlock@example.com>", "To": "<ops@example.com>", "Subject": "[WARNING] web (lab): drifted, 2 findings new",
				"Message-Id": "<d41d8cd98f@example.com>", "List-Id": "Interlock acme <acme.interlock.example.com>", "Auto-Submitted": "auto-generated",
				"X-Event-Type": "drift.detected", "X-Severity": "warning",
			} {
				if got := m.Header.Get(h); got != want {
					t.Errorf("%s is %q", h, got)
				}
			}
			if !strings.Contains(body["text/plain"], "New: 2 findings") || !strings.Contains(body["text/html"], "Look &lt;here&gt; &amp; there.") {
				t.Errorf("parts are %v", body)
			}
		})
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	one := servicetest.Message(notify.Warning)
	many := one
	many.Title, many.Body, many.Lines, many.Facts = "7 stacks drifted", "", []string{"• web (lab): drifted, 2 findings new", "and 6 more"}, nil
	for name, m := range map[string]notify.Message{"one": one, "many": many} {
		var html strings.Builder
		if err := page.Execute(&html, m); err != nil {
			t.Fatal(err)
		}
		for ext, got := range map[string]string{"txt": plain(m), "html": html.String()} {
			file := filepath.Join("testdata", name+"."+ext)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(file); err != nil || got != string(want) {
				t.Errorf("%s (%v):\n%s", file, err, got)
			}
		}
	}
}

// What a server says decides whether it is tried again.
func TestRetries(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		verb, reply        string
		refused, permanent bool
	}{
		"busy":                {"MAIL", "421 4.3.2 come back", true, false},
		"full":                {"MAIL", "452 4.3.1 no space", true, false},
		"not you":             {"MAIL", "550 5.7.1 not you", true, true},
		"greylisted":          {"RCPT", "451 4.7.1 later", true, false},
		"nobody":              {"RCPT", "550 5.1.1 nobody", true, true},
		"no data":             {"DATA", "451 4.3.0 later", true, false},
		"spam":                {".", "554 5.7.1 spam", true, true},
		"later":               {".", "451 4.3.0 later", true, false},
		"cut off at the end":  {".", "", false, false},
		"cut off before that": {"RCPT", "", true, false},
		"wrong password":      {"AUTH", "535 5.7.8 no", true, true},
		"no auth now":         {"AUTH", "454 4.7.0 later", true, false},
		"not now":             {"EHLO", "", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := (&server{startTLS: true, replies: map[string]string{c.verb: c.reply}}).start(t)
			err := sender(t, s, "user: bot", "password: env:SERVICE_KEY").Send(t.Context(), servicetest.Message(notify.Warning))
			var pe *bot.PostError
			if !errors.As(err, &pe) || pe.Refused != c.refused || pe.Permanent != c.permanent {
				t.Errorf("answers %+v", err)
			}
			if strings.Contains(err.Error(), servicetest.Secret) {
				t.Errorf("says %v", err)
			}
			if len(s.got()) != 0 {
				t.Error("it was taken")
			}
		})
	}
	s := (&server{}).start(t) // which offers no encryption
	err := sender(t, s, "user: bot", "password: env:SERVICE_KEY").Send(t.Context(), servicetest.Message(notify.Warning))
	var pe *bot.PostError
	if !errors.As(err, &pe) || !pe.Refused || slices.ContainsFunc(s.said, func(l string) bool { return strings.HasPrefix(l, "AUTH") || strings.HasPrefix(l, "MAIL") }) {
		t.Errorf("without encryption: %v, said %q", err, s.said)
	}
}

func TestUnencryptedStaysHere(t *testing.T) {
	t.Parallel()
	m, err := New(config.Service{Kind: config.Mail, Server: "mail.example.com:25", TLS: "none", From: "a@example.com", To: []string{"b@example.com"}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Send(t.Context(), servicetest.Message(notify.Info)); err == nil || !strings.Contains(err.Error(), "encrypted") {
		t.Errorf("answers %v", err)
	}
}

// A server that says nothing is left.
func TestSilent(t *testing.T) {
	t.Parallel()
	s := (&server{}).start(t)
	s.replies = map[string]string{"EHLO": "250-and then", "HELO": ""}
	m := sender(t, s, "tls: none")
	began := time.Now()
	ctx, done := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer done()
	if err := m.Send(ctx, servicetest.Message(notify.Info)); err == nil || time.Since(began) > 5*time.Second || len(s.got()) > 0 {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}

// Whatever a notice holds, it stays in its place: no header comes of it.
func FuzzWrite(f *testing.F) {
	f.Add("title", "body", "type", "id")
	f.Add("a\r\nBcc: x@example.com", "b\r\n.\r\nMAIL FROM:<x>", "t\r\nX-Own: 1", "i>\r\nX-Own: 1")
	f.Add("\x00\xff\u202e", "<script>alert(1)</script>", "", "")
	f.Fuzz(func(t *testing.T, title, body, typ, id string) {
		s := &Sender{service: config.Service{From: "interlock@example.com"}}
		m := servicetest.Message(notify.Warning)
		m.Title, m.Body, m.Type, m.ID, m.Org = title, body, typ, id, id
		msg, err := s.write(m, []string{"ops@example.com"})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if _, err := msg.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		read, found := parts(t, b.String())
		if read.Header.Get("Bcc") != "" || read.Header.Get("X-Own") != "" || len(read.Header["Subject"]) != 1 || len(read.Header["To"]) != 1 {
			t.Errorf("headers are %v", read.Header)
		}
		if len(found) != 2 || strings.Contains(found["text/html"], "<script") {
			t.Errorf("parts are %q", found)
		}
	})
}
