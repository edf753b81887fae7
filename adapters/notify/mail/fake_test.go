package mail

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// server is a mail server on loopback. Replies answer a command, such as "RCPT" or
// "DATA"; the end of a message is ".". An empty reply hangs up.
type server struct {
	replies  map[string]string
	rcpt     map[string]string // what is answered for an address
	startTLS bool
	tls      bool // from the first byte

	addr  string
	cert  tls.Certificate
	roots *x509.CertPool

	mu    sync.Mutex
	mails []string
	rcpts []string
	said  []string
}

func (s *server) start(t *testing.T) *server {
	t.Helper()
	web := httptest.NewTLSServer(nil) // for its certificate
	s.cert, s.roots = web.TLS.Certificates[0], x509.NewCertPool()
	s.roots.AddCert(web.Certificate())
	web.Close()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if s.tls {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{s.cert}})
	}
	s.addr = l.Addr().String()
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		serving.Wait()
	})
	return s
}

func (s *server) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	r := bufio.NewReader(c)
	_, _ = fmt.Fprint(c, "220 mail.example.com ESMTP\r\n")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb := strings.ToUpper(strings.TrimRight(strings.SplitN(line, " ", 2)[0], "\r\n"))
		s.note(line)
		reply, set := s.replies[verb]
		switch {
		case set && reply == "":
			return
		case set:
		case verb == "EHLO":
			reply = "250-mail.example.com\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME"
			if s.startTLS {
				reply = "250-mail.example.com\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN"
			}
		case verb == "AUTH":
			reply = "235 welcome"
		case verb == "RCPT" && s.rcpt[address(line)] != "":
			reply = s.rcpt[address(line)]
		case verb == "DATA":
			reply = "354 go on"
		case verb == "STARTTLS":
			reply = "220 go on"
		default:
			reply = "250 fine"
		}
		_, _ = fmt.Fprint(c, reply+"\r\n")
		switch {
		case verb == "QUIT":
			return
		case verb == "STARTTLS":
			c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{s.cert}})
			r = bufio.NewReader(c)
		case verb == "DATA" && strings.HasPrefix(reply, "354") && !s.data(c, r):
			return
		}
	}
}

// address is the one that a command names.
func address(line string) string {
	_, a, _ := strings.Cut(line, "<")
	a, _, _ = strings.Cut(a, ">")
	return a
}

// data takes a message, and answers as for ".".
func (s *server) data(c net.Conn, r *bufio.Reader) (more bool) {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		b.WriteString(line)
	}
	reply, set := s.replies["."]
	if !set {
		reply = "250 taken"
	}
	if reply == "" {
		return false
	}
	if strings.HasPrefix(reply, "250") {
		s.mu.Lock()
		s.mails = append(s.mails, b.String())
		s.mu.Unlock()
	}
	_, _ = fmt.Fprint(c, reply+"\r\n")
	return true
}

func (s *server) note(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = append(s.said, strings.TrimSpace(line))
	if strings.HasPrefix(line, "RCPT") {
		s.rcpts = append(s.rcpts, strings.TrimSpace(line))
	}
}

// got are the messages that were taken.
func (s *server) got() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mails
}
