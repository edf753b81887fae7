// Package mail sends notices as mail, in HTML and in plain text. It must never know
// what is told to whom.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/textproto"
	"strconv"
	"time"

	"github.com/wneessen/go-mail"

	"interlock/bot"
	"interlock/bot/notify"
	"interlock/config"
)

var _ notify.Sender = (*Sender)(nil)

// limit is how long one exchange with the server may take.
const limit = 15 * time.Second

// Options says how the server is reached. The zero value is right outside of tests.
type Options struct {
	RootCAs *x509.CertPool // nil for the system's
	Log     *slog.Logger   // nil for the process's
}

// Sender writes by one mail server. It is safe for concurrent use: each message has a
// connection of its own.
type Sender struct {
	service config.Service
	host    string
	port    int
	roots   *x509.CertPool
	log     *slog.Logger
}

// New makes the sender of one service.
func New(s config.Service, o Options) (*Sender, error) {
	host, port, err := net.SplitHostPort(s.Server)
	if err != nil {
		return nil, fmt.Errorf("read server of mail: %w", err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("read server of mail: %w", err)
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Sender{s, host, n, o.RootCAs, o.Log}, nil
}

func (s *Sender) deliver(ctx context.Context, m notify.Message, to []string) error {
	msg, err := s.write(m, to)
	if err != nil {
		return &bot.PostError{Refused: true, Permanent: true, Err: err}
	}
	var l line
	defer l.hangUp()
	c, err := s.client(&l)
	if err != nil {
		return &bot.PostError{Refused: true, Permanent: true, Err: err}
	}
	ctx, done := context.WithTimeout(ctx, limit)
	defer done()
	defer context.AfterFunc(ctx, l.hangUp)() // a server that says nothing is left
	if err := c.DialWithContext(ctx); err != nil {
		return &bot.PostError{Refused: true, Permanent: final(err), Err: fmt.Errorf("reach %s: %w", s.service.Server, err)}
	}
	err = c.Send(msg)
	_ = c.Close()                         // what was taken is taken,
	if err != nil && !msg.IsDelivered() { // even when the line drops right after
		return judge(s.service.Server, err)
	}
	return nil
}

func (s *Sender) client(l *line) (*mail.Client, error) {
	secure := &tls.Config{ServerName: s.host, RootCAs: s.roots, MinVersion: tls.VersionTLS12}
	o := []mail.Option{
		mail.WithPort(s.port), mail.WithTimeout(limit), mail.WithTLSPolicy(mail.TLSMandatory), mail.WithTLSConfig(secure), mail.WithDialContextFunc(l.dial),
	}
	switch s.service.TLS {
	case "tls":
		l.tls = secure
		o = append(o, mail.WithSSL())
	case "none": // which configuration allows to this machine only
		if ip := net.ParseIP(s.host); s.host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return nil, errors.New("mail leaves this machine encrypted only")
		}
		o = append(o, mail.WithTLSPolicy(mail.NoTLS))
	}
	if s.service.User != "" {
		auth := mail.SMTPAuthAutoDiscover
		if s.service.TLS == "tls" || s.service.TLS == "none" {
			auth = mail.SMTPAuthPlainNoEnc // the client does not see that our line is encrypted, or on this machine
		}
		o = append(o, mail.WithSMTPAuth(auth), mail.WithUsername(s.service.User), mail.WithPassword(s.service.Password.Reveal()))
	}
	return mail.NewClient(s.host, o...)
}

// judge says what is known of a mail that was not taken. What was cut off in the
// middle of the last word may have been taken all the same.
func judge(server string, err error) *bot.PostError {
	pe := &bot.PostError{Err: fmt.Errorf("%s: %w", server, err)}
	var se *mail.SendError
	if !errors.As(err, &se) {
		return pe
	}
	pe.Refused = se.Reason != mail.ErrSMTPDataClose && se.Reason != mail.ErrWriteContent || se.ErrorCode() > 0
	pe.Permanent = se.ErrorCode() >= 500 && !se.IsTemp()
	return pe
}

// final tells whether a server has refused us for good, such as for a wrong password.
func final(err error) bool {
	var te *textproto.Error
	return errors.As(err, &te) && te.Code >= 500
}
